package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

func TestGraph(t *testing.T) {
	t.Parallel()
	const file = "../../examples/flights/flights.conf"
	got := sparkpipe(t, "graph", file)
	require.Equal(t, cli.ExitSucceeded, got.code)
	requireGolden(t, "graph_text", got.stdout, "")
	for format, begins := range map[string]string{"mermaid": "flowchart LR\n", "dot": `digraph "`, "svg": "<svg ", "text": "stage 1\n"} {
		got := sparkpipe(t, "graph", "--format", format, file)
		require.Equal(t, cli.ExitSucceeded, got.code)
		require.True(t, strings.HasPrefix(got.stdout, begins), got.stdout)
	}
}

func TestGraphFaults(t *testing.T) {
	t.Parallel()
	got := sparkpipe(t, "graph", "--format", "png", "testdata/hello.yaml")
	require.Equal(t, cli.ExitUsage, got.code)
	require.Equal(t, "sparkpipe: --format \"png\": want one of [\"text\" \"mermaid\" \"dot\" \"svg\"]\n", got.stderr)
	got = sparkpipe(t, "graph", writeFile(t, "p.yaml", "name: n\ncomponents: [{name: a, type: sqll}]\n"))
	require.Equal(t, cli.ExitBadConfig, got.code)
	require.Contains(t, got.stderr, `sqll`)
	require.Empty(t, got.stdout)
}
