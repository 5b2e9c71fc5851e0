package nearest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/nearest"
)

func TestWord(t *testing.T) {
	t.Parallel()
	known := []string{"path", "paths", "output_view", "header", "sql", "ReadCsv", "x"}
	tests := map[string]string{
		"paht": "path", "pth": "path", "pathss": "paths", "path": "path",
		"output-veiw": "output_view", "outputview": "output_view", "HEADER": "header", "heder": "header",
		"readcsvs": "ReadCsv", "sqll": "sql", "y": "x",
		"": "", "query": "", "completely_else": "", strings.Repeat("a", 100): "",
	}
	for word, want := range tests {
		require.Equal(t, want, nearest.Word(word, known), word)
	}
	require.Empty(t, nearest.Word("path", nil))
}

func ExampleWord() {
	fmt.Println(nearest.Word("paht", []string{"header", "path"}))
	// Output: path
}
