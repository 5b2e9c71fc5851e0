package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

const goodRun = `name: orders
components:
  - {name: load, type: sql, config: {sql: SELECT 1 AS x, output_view: v}}
  - {name: "größte Bestellungen", type: sql, depends_on: [load], config: {sql: SELECT * FROM v, output_view: u}}
  - {name: keep-the-old-ones-for-the-auditors, type: view, depends_on: [load], config: {input_view: v, output_view: k}}
  - {name: look, type: show, depends_on: [load], config: {input_view: v, title: The answer}}
  - {name: "off", type: show, enabled: false, config: {input_view: v}}
`

// refusedColumn is what Spark says of a column that is not there.
var refusedColumn = fakeconnect.Failure{
	Class: "UNRESOLVED_COLUMN.WITH_SUGGESTION", State: "42703",
	Message: "A column, variable, or function parameter with name `amout` cannot be resolved. " +
		"Did you mean one of the following? [`amount`].; line 2 pos 11;\n" +
		"'CreateViewCommand `w`, false, true, LocalTempView, UNSUPPORTED, false\n" +
		"+- 'Project ['sum('amout) AS total#11]\n   +- SubqueryAlias v\n      +- OneRowRelation",
}

// refuse makes the server answer the view w with the failure.
func refuse(server *fakeconnect.Server, failure fakeconnect.Failure) {
	server.OnExecute(func(op *fakeconnect.Operation) error {
		if view := op.Request.GetPlan().GetCommand().GetCreateDataframeView(); view.GetName() == "w" {
			return failure.Error()
		}
		return fakeconnect.ErrUnscripted
	})
}

// failingRun stops at "total" unless told otherwise.
const failingRun = `name: orders
components:
  - {name: load, type: sql, config: {sql: SELECT 1 AS amount, output_view: v}}
  - {name: total, type: sql, depends_on: [load], config: {sql: "SELECT sum(amout) FROM v", output_view: w}}
  - {name: look, type: show, depends_on: [total], config: {input_view: w}}
`

func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		code       int
	}{
		{"succeeded", goodRun, cli.ExitSucceeded},
		{"failed", failingRun, cli.ExitFailed},
		{"partly_failed", failingRun + "runner: {fail_fast: false}\n", cli.ExitPartlyFailed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			refuse(server, refusedColumn)
			file := writeFile(t, "p.yaml", onServer(server.Remote(), test.text))

			got := sparkpipe(t, "run", file)
			require.Equal(t, test.code, got.code)
			require.Empty(t, got.stderr, "standard error is for warnings and signals")
			requireGolden(t, "run_"+test.name, got.stdout, filepath.Dir(file))

			got = sparkpipe(t, "run", "--json", "--run-id", "nightly-1", file)
			require.Equal(t, test.code, got.code)
			require.Empty(t, got.stderr)
			requireEvents(t, got.stdout)
			requireGolden(t, "run_"+test.name+"_json", got.stdout, filepath.Dir(file))
			require.Len(t, server.Released(), 2, "every run closes its session")
		})
	}
}

// requireEvents checks that every line is one JSON object with a time and a
// kind, and returns the kinds.
func requireEvents(tb testing.TB, lines string) []string {
	tb.Helper()
	var kinds []string
	for line := range strings.Lines(lines) {
		var event struct {
			Time  time.Time
			Event string
		}
		require.NoError(tb, json.Unmarshal([]byte(line), &event), line)
		require.False(tb, event.Time.IsZero(), line)
		require.NotEmpty(tb, event.Event, line)
		kinds = append(kinds, event.Event)
	}
	return kinds
}

func TestTheTableStaysAligned(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	got := sparkpipe(t, "run", writeFile(t, "p.yaml", onServer(server.Remote(), goodRun)))
	widths := map[int]bool{}
	rows := regexp.MustCompile(`(?m)^  ok    .*$`).FindAllString(got.stdout, -1)
	require.Len(t, rows, 4)
	for _, row := range rows {
		widths[len([]rune(row))] = true
	}
	require.Len(t, widths, 1, got.stdout)
}

func TestRunOfABadFile(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	file := writeFile(t, "bad.yaml", onServer(server.Remote(), badFiles["bad.yaml"]))
	got := sparkpipe(t, "run", file)
	require.Equal(t, cli.ExitBadConfig, got.code)
	require.Empty(t, got.stdout)
	require.Contains(t, got.stderr, "sparkpipe: "+file+" has 3 faults:\n")

	got = sparkpipe(t, "run", "--json", file)
	require.Equal(t, cli.ExitBadConfig, got.code)
	require.Empty(t, got.stderr, "it is all in the event")
	require.Equal(t, []string{"bad_config"}, requireEvents(t, got.stdout))
	var event validity
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &event))
	require.Equal(t, file, event.File)
	require.Len(t, event.Faults, 3)
	require.Empty(t, server.Requests(), "the server was not asked")
}

func TestRunWithALogFileThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "p.yaml", goodFiles["p.yaml"]+"hooks: {logging: {output: /nowhere/run.log}}\n")
	got := sparkpipe(t, "run", "--json", file)
	require.Equal(t, cli.ExitBadConfig, got.code)
	require.Equal(t, []string{"bad_config"}, requireEvents(t, got.stdout))
	require.Contains(t, got.stdout, "hooks.logging.output: open /nowhere/run.log: no such file or directory")
}

func TestRunIDIsChecked(t *testing.T) {
	t.Parallel()
	got := sparkpipe(t, "run", "--run-id", "a b", writeFile(t, "p.yaml", goodFiles["p.yaml"]))
	require.Equal(t, cli.ExitUsage, got.code)
	require.Equal(t, `sparkpipe: --run-id: run id "a b": the character at byte 1 is not allowed; `+
		"use letters, digits, dots, dashes and underscores\n", got.stderr)
}

func TestInterruptedRun(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	server.OnExecute(func(op *fakeconnect.Operation) error {
		if op.Request.GetPlan().GetCommand() == nil {
			cancel()
			return op.Wait()
		}
		return fakeconnect.ErrUnscripted
	})
	file := writeFile(t, "p.yaml", onServer(server.Remote(), `name: orders
components:
  - {name: load, type: sql, config: {sql: SELECT 1 AS x, output_view: v}}
  - {name: long, type: show, config: {query: SELECT 'long'}}
  - {name: never, type: show, config: {input_view: v}}
`))
	var stdout, stderr bytes.Buffer
	code := cli.Main(ctx, []string{"run", file}, &cli.Options{Stdout: &stdout, Stderr: &stderr})
	require.Equal(t, cli.ExitInterrupted, code)
	require.Empty(t, stderr.String())
	requireGolden(t, "run_interrupted", stdout.String(), "")
	require.NotEmpty(t, server.Requests("Interrupt"))
	require.Zero(t, server.Running())
}

func TestTokensAreNotPrinted(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	const token = "hush-hush-4711"
	remotes := map[string]string{
		"good":            server.Remote() + "/;use_ssl=false;token=" + token,
		"nobody listens":  "sc://127.0.0.1:1/;use_ssl=false;token=" + token,
		"bad port":        "sc://127.0.0.1:99999/;token=" + token,
		"no slash":        "sc://127.0.0.1:15002;token=" + token,
		"bad escape":      "sc://127.0.0.1:15002/;token=%zz" + token,
		"twice":           "sc://127.0.0.1:15002/;token=a;token=" + token,
		"not an address":  "http://127.0.0.1/;token=" + token,
		"TLS not spoken":  server.Remote() + "/;use_ssl=true;token=" + token,
		"user in address": "sc://" + token + "@127.0.0.1:15002",
	}
	for name, remote := range remotes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := onServer(remote, failingRun) + "hooks: {logging: {level: debug, output: stderr}}\n"
			file := writeFile(t, "p.yaml", text)
			for _, args := range [][]string{{"run", file}, {"run", "--json", file}, {"validate", file}, {"validate", "--json", file}} {
				got := sparkpipe(t, args...)
				require.NotEmpty(t, got.both())
				require.NotContains(t, got.both(), token)
			}
		})
	}
	t.Cleanup(func() {
		for _, request := range server.Requests() {
			if len(request.Headers.Get("authorization")) > 0 {
				require.Equal(t, []string{"Bearer " + token}, request.Headers.Get("authorization"))
				return
			}
		}
		require.Fail(t, "the token never reached the server")
	})
}

func TestPanicOfAComponent(t *testing.T) {
	t.Parallel()
	boom := component.NewFactory(component.Info{Type: "boom", Summary: "panics"},
		func(name string, _ struct{}) (component.PipelineComponent, error) {
			return component.Func(name, func(context.Context, component.Runtime) error { panic("boom") }), nil
		})
	file := writeFile(t, "p.yaml", "name: p\ncomponents: [{name: a, type: boom}]\n")
	var stdout, stderr bytes.Buffer
	code := cli.Main(t.Context(), []string{"run", "--json", file},
		&cli.Options{Factories: []component.Factory{boom}, Stdout: &stdout, Stderr: &stderr})
	require.Equal(t, cli.ExitFailed, code)
	kinds := requireEvents(t, stdout.String())
	require.Equal(t, []string{"pipeline_start", "component_start", "component_failure", "pipeline_end"}, kinds)
	require.Contains(t, stdout.String(), "panic: boom")
}

func TestTheLastEventIsTheResult(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	got := sparkpipe(t, "run", "--json", "--run-id", "r-1", writeFile(t, "p.yaml", onServer(server.Remote(), goodRun)))
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	var end struct {
		Event  string
		Result pipeline.Result
	}
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &end))
	require.Equal(t, "pipeline_end", end.Event)
	require.Equal(t, "r-1", end.Result.RunID)
	require.Equal(t, pipeline.StatusSucceeded, end.Result.Status)
	require.Len(t, end.Result.Components, 5)
	require.Len(t, end.Result.Succeeded(), 4)
}
