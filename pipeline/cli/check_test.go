package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// checkable has a fault that Spark finds, one that is found here, and what cannot
// be analysed.
const checkable = `name: orders
runner: {max_parallel: 4}
components:
  - {name: load, type: sql, config: {sql: "SELECT 'x' AS customer, 'y' AS amount", output_view: v}}
  - name: total
    type: sql
    config:
      output_view: w
      sql: |
        SELECT sum(amout) FROM v
  - {name: keep, type: write_csv, config: {input_view: v, path: /out/v, partition_by: [day]}}
  - {name: publish, type: write_csv, config: {input_view: w, path: /out/w}}
  - {name: clean, type: sql, config: {sql: DROP TABLE IF EXISTS old}}
  - {name: "größte Bestellungen", type: view, config: {input_view: v, output_view: k}}
  - {name: "off", type: show, enabled: false, config: {input_view: v}}
`

// faultless is the same without faults.
const faultless = `name: orders
components:
  - {name: load, type: sql, config: {sql: "SELECT 'x' AS customer, 'y' AS amount", output_view: v}}
  - {name: look, type: show, config: {input_view: v}}
`

// analysing is a fake server on which everything has two columns, and where one
// of them is asked for by a wrong name there is none.
func analysing(t *testing.T) *fakeconnect.Server {
	t.Helper()
	server := fakeconnect.Start(t)
	server.OnAnalyze(func(req *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		if bytes.Contains(req.GetSchema().GetPlan().GetRoot(), []byte("amout")) {
			return refusedColumn.Error()
		}
		resp.Result = fakeconnect.StringColumns("customer", "amount")
		return nil
	})
	return server
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		args       []string
		code       int
	}{
		{"check_faults", checkable, []string{"check"}, cli.ExitFailed},
		{"check_faults_json", checkable, []string{"check", "--json"}, cli.ExitFailed},
		{"check_static", checkable, []string{"check", "--static"}, cli.ExitSucceeded},
		{"check_well", faultless, []string{"check"}, cli.ExitSucceeded},
		{"check_sample", faultless, []string{"check", "--sample", "10"}, cli.ExitSucceeded},
		{"plan_faults", checkable, []string{"plan"}, cli.ExitFailed},
		{"plan_static", checkable, []string{"plan", "--static"}, cli.ExitSucceeded},
		{"plan_well", faultless, []string{"plan"}, cli.ExitSucceeded},
		{"plan_well_json", faultless, []string{"plan", "--json"}, cli.ExitSucceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := analysing(t)
			file := writeFile(t, "p.yaml", onServer(server.Remote(), test.text))
			got := sparkpipe(t, append(test.args, file)...)
			require.Empty(t, got.stderr)
			require.Equal(t, test.code, got.code, got.stdout)
			requireGolden(t, test.name, got.stdout, filepath.Dir(file))
			require.Equal(t, strings.Contains(test.name, "static"), len(server.Requests()) == 0)
			require.Equal(t, test.code, sparkpipe(t, append(test.args, file)...).code, "every time")
		})
	}
}

func TestCheckOfABadFile(t *testing.T) {
	t.Parallel()
	server := analysing(t)
	file := writeFile(t, "bad.yaml", onServer(server.Remote(), badFiles["bad.yaml"]))
	for _, command := range []string{"check", "plan"} {
		got := sparkpipe(t, command, file)
		require.Equal(t, cli.ExitBadConfig, got.code)
		require.Contains(t, got.stderr, "sparkpipe: "+file+" has 3 faults:\n")
		got = sparkpipe(t, command, "--json", file)
		require.Equal(t, cli.ExitBadConfig, got.code)
		require.Equal(t, []string{"bad_config"}, requireEvents(t, got.stdout))
	}
	require.Empty(t, server.Requests())
}

func TestCheckWithoutItsServer(t *testing.T) {
	t.Parallel()
	server := analysing(t)
	file := writeFile(t, "p.yaml", onServer(server.Remote(), faultless))
	server.Stop()
	got := sparkpipe(t, "check", file)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Empty(t, got.stdout)
	require.Contains(t, got.stderr, "sparkpipe: check "+file+": open the Spark session: spark.remote: ")

	got = sparkpipe(t, "check", "--json", file)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Empty(t, got.stderr)
	require.Equal(t, []string{"check_failed"}, requireEvents(t, got.stdout))
}

func TestCheckIsInterrupted(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	server.OnAnalyze(func(*wire.AnalyzePlanRequest, *wire.AnalyzePlanResponse) error {
		cancel()
		<-t.Context().Done()
		return nil
	})
	var stdout, stderr bytes.Buffer
	file := writeFile(t, "p.yaml", onServer(server.Remote(), faultless))
	code := cli.Main(ctx, []string{"check", file}, &cli.Options{Stdout: &stdout, Stderr: &stderr})
	require.Equal(t, cli.ExitInterrupted, code)
	require.Empty(t, stdout.String())
	require.Equal(t, "sparkpipe: the check of "+file+": context canceled\n", stderr.String())
}

func TestCheckUsage(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "p.yaml", faultless)
	for want, args := range map[string][]string{
		"--sample -1: want a number of rows":                                 {"check", "--sample", "-1", file},
		"--static takes no server, which --infer and --sample need":          {"check", "--static", "--sample", "1", file},
		"--static takes no server, which --infer needs":                      {"plan", "--static", "--infer", file},
		"check takes one configuration file, got 0 arguments; see sparkpipe": {"check"},
		"plan takes one configuration file, got 2 arguments; see sparkpipe":  {"plan", "a", "b"},
	} {
		got := sparkpipe(t, args...)
		require.Equal(t, cli.ExitUsage, got.code)
		require.Contains(t, got.stderr, "sparkpipe: "+want)
	}
}

func TestHelpOfChecks(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"check", "plan"} {
		got := sparkpipe(t, command, "--help")
		require.Equal(t, cli.ExitSucceeded, got.code)
		requireGolden(t, "help_"+command, got.stdout, "")
	}
}

func TestCheckPrintsOneJSONObject(t *testing.T) {
	t.Parallel()
	got := sparkpipe(t, "check", "--json", "--static", writeFile(t, "p.yaml", checkable))
	require.Equal(t, 1, strings.Count(got.stdout, "\n"))
	var report struct {
		OK         bool
		Findings   []map[string]any
		Components []struct{ Name, Effect string }
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &report))
	require.True(t, report.OK)
	require.Len(t, report.Components, 7)
}
