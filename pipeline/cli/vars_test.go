package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
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

// TestVariablesOfFilesOfRuns has a file that cannot be read without its variable,
// and looks at its records with it.
func TestVariablesOfFilesOfRuns(t *testing.T) {
	t.Parallel()
	server, store := fakeconnect.Start(t), t.TempDir()
	refuse(server, refusedColumn)
	file := writeFile(t, "p.yaml", "name: orders\nvars: {}\ncheckpoint: {location: '"+store+"/${vars.team}'}\n"+
		onServer(server.Remote(), strings.TrimPrefix(failingRun, "name: orders\n")))
	got := sparkpipe(t, "run", file, "--var", "team=a", "--run-id", "nightly")
	require.Equal(t, cli.ExitFailed, got.code, got.both())
	for _, args := range [][]string{{"runs", "--file", file}, {"runs", "nightly", "--file", file}} {
		require.Equal(t, cli.ExitBadConfig, sparkpipe(t, args...).code)
		got = sparkpipe(t, append(args, "--var", "team=a")...)
		require.Equal(t, cli.ExitSucceeded, got.code, got.both())
		require.Contains(t, got.stdout, "nightly")
	}
	require.Equal(t, cli.ExitBadConfig, sparkpipe(t, "cancel", "nightly", "--file", file).code)
	got = sparkpipe(t, "cancel", "nightly", "--file", file, "--var", "team=a")
	require.Contains(t, got.stderr, `run "nightly" is over: it failed at `)
	got = sparkpipe(t, "runs", "--file", file, "--var", "team")
	require.Equal(t, cli.ExitUsage, got.code)
}

func TestHelpOfACommand(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"run", "stream run", "help", ""} {
		args := strings.Fields(command)
		got := sparkpipe(t, append([]string{"help"}, args...)...)
		require.Equal(t, cli.ExitSucceeded, got.code, command)
		require.Equal(t, sparkpipe(t, append(args, "--help")...), got, command)
	}
}
