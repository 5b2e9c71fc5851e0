package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func TestServeParallel(t *testing.T) {
	server := fakeconnect.Start(t)
	t.Setenv("SPARK_REMOTE", server.Remote())
	var out strings.Builder
	require.NoError(t, serve(t.Context(), strings.NewReader("parallel wait 10 1\nparallel cpu 2 5\nparallel nothing 10 30"), &out))
	require.Len(t, strings.Fields(out.String()), 3)
	require.NotContains(t, out.String(), "error")
	require.Len(t, server.Requests("ExecutePlan"), 2*sideBySide)
}

func TestParallelSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"parallel wait 1":    `error: parallel wants KIND WIDTH SIZE, got ["wait" "1"]`,
		"parallel wait no 1": `error: "no" is no number above 0`,
		"parallel wait 1 0":  `error: "0" is no number above 0`,
		"parallel dance 1 1": `error: unknown kind "dance"`,
	} {
		var out strings.Builder
		require.NoError(t, serve(t.Context(), strings.NewReader(request), &out))
		require.Equal(t, want+"\n", out.String())
	}
}
