package cli_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
	"github.com/sparkpipe/sparkpipe/pipeline/doctor"
)

func TestDoctor(t *testing.T) {
	t.Parallel()
	help := sparkpipe(t, "doctor", "--help")
	require.Equal(t, cli.ExitSucceeded, help.code)
	requireGolden(t, "help_doctor", help.stdout, "")

	file := writeFile(t, "p.yaml", onServer("sc://127.0.0.1:1", goodRun)+"checkpoint: {location: "+t.TempDir()+"}\n")
	got := sparkpipe(t, "doctor", file)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Empty(t, got.stderr)
	require.Equal(t, "ok       checkpoints  the store takes locks and gives them back\n"+
		"failed   server       no session could be opened: spark.remote: connect to Spark at sc://127.0.0.1:1: [Unavailable] dial tcp 127.0.0.1:1: connect: connection refused; is a Spark Connect server listening there?\n", got.stdout)

	got = sparkpipe(t, "doctor", "--json", file)
	require.Equal(t, cli.ExitFailed, got.code)
	var report doctor.Report
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &report))
	require.Len(t, report.Findings, 2)

	got = sparkpipe(t, "doctor", writeFile(t, "bad.yaml", "name: p\n"))
	require.Equal(t, cli.ExitBadConfig, got.code)
	got = sparkpipe(t, "doctor", file, file)
	require.Equal(t, cli.ExitUsage, got.code)
}
