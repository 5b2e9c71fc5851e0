package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

func TestStreamSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"stream poll":      `error: stream wants WAY COUNT, got ["poll"]`,
		"stream poll none": `error: "none" is no number above 0`,
		"stream dance 1":   `error: unknown way "dance"`,
	} {
		var out strings.Builder
		require.NoError(t, serve(t.Context(), strings.NewReader(request), &out))
		require.Equal(t, want+"\n", out.String())
	}
}

func TestServeStreams(t *testing.T) {
	t.Setenv("SPARK_REMOTE", sparktest.Remote(t))
	var out strings.Builder
	require.NoError(t, serve(t.Context(), strings.NewReader("stream call 1\nstream poll 1\nstream stop 1\nstream rate 1\nstream listener 2\nstream files 1"), &out))
	require.Len(t, strings.Fields(out.String()), 6)
	require.NotContains(t, out.String(), "error")
}
