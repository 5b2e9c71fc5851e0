package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
)

// thousand is a file of 1,000 components in the format of the suffix.
func thousand(suffix string) string {
	var b strings.Builder
	open, item, end := "name: big\ncomponents:\n",
		"  - name: c%d\n    type: sql\n    depends_on: [c%d]\n    config:\n      sql: SELECT * FROM v%d\n      output_view: v%d\n      options: {a: 1, b: true}\n", ""
	switch suffix {
	case ".json":
		open, item, end = `{"name": "big", "x-a": 1, "components": [{"name": "c0", "type": "sql"}`,
			",\n{\"name\": \"c%d\", \"type\": \"sql\", \"depends_on\": [\"c%d\"], \"config\": {\"sql\": \"SELECT * FROM v%d\", \"output_view\": \"v%d\", \"options\": {\"a\": 1, \"b\": true}}}", "]}"
	case ".conf":
		open, item, end = "name = big\ncomponents = [\n",
			"{ name = c%d, type = sql, depends_on = [c%d]\n config { sql = \"SELECT * FROM v%d\", output_view = v%d, options { a = 1, b = true } } }\n", "]"
	}
	b.WriteString(open)
	if suffix != ".json" {
		b.WriteString(strings.Replace(fmt.Sprintf(item, 0, 0, 0, 0), "[c0]", "[]", 1))
	}
	for i := 1; i < 1000; i++ {
		fmt.Fprintf(&b, item, i, i-1, i-1, i)
	}
	return b.String() + end
}

func BenchmarkLoad1000(b *testing.B) {
	for _, suffix := range []string{".yaml", ".json", ".conf"} {
		b.Run(suffix[1:], func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "big"+suffix)
			require.NoError(b, os.WriteFile(path, []byte(thousand(suffix)), 0o600))
			b.ReportAllocs()
			for b.Loop() {
				p, err := config.Load(path, nil)
				if err != nil || len(p.Components) != 1000 {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	s := config.NewSection(map[string]any{"output_view": "v", "texts": []string{"a", "b"}, "int": 4})
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Decode(new(everything)); err != nil {
			b.Fatal(err)
		}
	}
}
