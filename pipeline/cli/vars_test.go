package cli_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

func TestVariables(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "p.yaml", `name: "daily-${vars.day}"
vars: {day: none, limits: {rows: 5}}
components: [{name: a, type: show, config: {query: SELECT 1, rows: "${vars.limits.rows}"}}]
`)
	got := sparkpipe(t, "validate", file, "--var", "day=2026-01-02", "--var", "limits.rows=8", "--var", "day=a=b,c")
	require.Equal(t, outcome{cli.ExitSucceeded, file + " is valid: pipeline \"daily-a=b,c\", 1 component\n", ""}, got)

	got = sparkpipe(t, "graph", file, "--var", "limits.rows=none", "--var", "dya=1")
	require.Equal(t, cli.ExitBadConfig, got.code)
	require.Equal(t, "sparkpipe: "+file+" has 2 faults:\n"+
		"  variable dya: the file has no key vars.dya, and no ${vars.dya}\n"+
		"  "+file+":3:68: components[0].config.rows: component \"a\" (show): want an integer, found other text from outside the file\n", got.stderr)

	for _, text := range []string{"day", "=x", ""} {
		got = sparkpipe(t, "run", file, "--var", text)
		require.Equal(t, cli.ExitUsage, got.code)
		require.Contains(t, got.stderr, `for "--var" flag: want NAME=VALUE; see sparkpipe run --help`)
	}
}
