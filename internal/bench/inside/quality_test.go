package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

func TestQualitySaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"quality nine":         `error: quality wants WHAT FORMAT ROWS, got ["nine"]`,
		"quality nine orc 1":   `error: unknown format "orc"`,
		"quality nine csv one": `error: "one" is no number above 0`,
	} {
		var out strings.Builder
		require.NoError(t, serve(t.Context(), strings.NewReader(request), &out))
		require.Equal(t, want+"\n", out.String())
	}
}

func TestServeQuality(t *testing.T) {
	t.Setenv("SPARK_REMOTE", sparktest.Remote(t))
	t.Setenv("BENCH_QUALITY", t.TempDir())
	var out strings.Builder
	require.NoError(t, serve(t.Context(), strings.NewReader("quality make csv 100\nquality nine csv 100\nquality ten csv 100\nquality write csv 100"), &out))
	require.Len(t, strings.Fields(out.String()), 4)
	require.NotContains(t, out.String(), "error")
}
