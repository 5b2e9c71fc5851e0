//go:build unix

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	runs, err := measure(t.Context(), 2, []program{
		{name: "true", args: []string{"true"}},
		{name: "sh", args: []string{"sh", "-c", `test "$MARK" = 1`}, env: []string{"MARK=1"}},
	})
	require.NoError(t, err)
	for _, r := range runs {
		require.Len(t, r.wall, 2)
		require.Positive(t, r.wall.median())
		require.Positive(t, r.rss.median())
	}
	_, err = program{name: "bad", args: []string{"sh", "-c", "echo why; exit 3"}}.run(t.Context())
	require.EqualError(t, err, "bad: exit status 3\nwhy")
}

func TestWorker(t *testing.T) {
	t.Parallel()
	script := `while read -r line; do case $line in
		good*) echo 0.25 ;;
		bad) echo error: cannot ;;
		odd) echo many ;;
		*) exit 0 ;;
	esac; done`
	w, err := startWorker(t.Context(), program{name: "child", args: []string{"sh", "-c", script}})
	require.NoError(t, err)
	value, err := w.ask("good 1")
	require.NoError(t, err)
	require.InDelta(t, 0.25, value, 0)
	_, err = w.ask("bad")
	require.EqualError(t, err, `child: "bad": cannot`)
	_, err = w.ask("odd")
	require.EqualError(t, err, `child: "odd": the answer is no number: "many"`)
	_, err = w.ask("end")
	require.EqualError(t, err, `child: "end": no answer: EOF`)
	require.NoError(t, w.stop())
}

func TestInstall(t *testing.T) {
	t.Parallel()
	_, err := install(t.Context(), "no-such-python", t.TempDir())
	require.ErrorContains(t, err, `no interpreter: exec: "no-such-python"`)
}

func TestReasonNamesNoAddress(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		"Looking in indexes\nERROR: Could not find a version that satisfies the requirement x==1.0.0\nERROR: No matching distribution found for x==1.0.0\n[notice] old": "ERROR: No matching distribution found for x==1.0.0",
		"ERROR: Could not fetch URL https://registry.example/simple/x: refused":                                                                                         "ERROR: Could not fetch URL (address) refused",
		"HTTPSConnectionPool(host='registry.example', port=443): Max retries exceeded":                                                                                  "HTTPSConnectionPool((address), port=443): Max retries exceeded",
		"ERROR: could not reach registry.example:8443 at all":                                                                                                           "ERROR: could not reach (address) at all",
		"": "",
	} {
		require.Equal(t, want, reason(output))
	}
}
