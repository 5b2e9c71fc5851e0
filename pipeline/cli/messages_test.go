package cli_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// TestMessagesForFaultyFiles shows what people read who got a file wrong.
func TestMessagesForFaultyFiles(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text string }{
		{"unknown_key", "name: p\ncomponents: [{name: a, type: sql, config: {sql: SELECT 1, output_vew: v}}]\n"},
		{"unknown_key_at_the_root", "name: p\ncomponets: []\n"},
		{"wrong_type", "name: p\ncomponents: [{name: a, type: show, config: {input_view: v, rows: many}}]\n"},
		{"out_of_range", "name: p\ncomponents: [{name: a, type: show, config: {input_view: v, rows: 0}}]\n"},
		{"missing_key", "name: p\ncomponents: [{name: a, type: sql, config: {output_view: v}}]\n"},
		{"unknown_type", "name: p\ncomponents: [{name: a, type: read_cvs, config: {path: x}}]\n"},
		{"cycle", `name: p
components:
  - {name: a, type: show, depends_on: [c], config: {input_view: v}}
  - {name: b, type: show, depends_on: [a], config: {input_view: v}}
  - {name: c, type: show, depends_on: [b], config: {input_view: v}}
  - {name: d, type: show, config: {input_view: v}}
`},
		{"unknown_dependency", "name: p\ncomponents: [{name: load, type: show, depends_on: [laod], config: {input_view: v}}]\n"},
		{"same_name", "name: p\ncomponents:\n  - {name: a, type: show, config: {input_view: v}}\n  - {name: a, type: show, config: {input_view: v}}\n"},
		{"no_components", "name: p\n"},
		{"not_yaml", "name: p\ncomponents: [{name: a\n"},
		{"bad_remote", "name: p\nspark: {remote: \"localhost:15002\"}\ncomponents: [{name: a, type: show, config: {input_view: v}}]\n"},
		{"bad_log_level", "name: p\nhooks: {logging: {level: loud}}\ncomponents: [{name: a, type: show, config: {input_view: v}}]\n"},
		{"log_file", "name: p\nhooks: {logging: {output: /nowhere/x.log}}\ncomponents: [{name: a, type: show, config: {input_view: v}}]\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := writeFile(t, "p.yaml", test.text)
			got := sparkpipe(t, "run", file)
			require.Equal(t, cli.ExitBadConfig, got.code)
			require.Empty(t, got.stdout)
			requireGolden(t, "message_"+test.name, got.stderr, filepath.Dir(file))
		})
	}
}

func TestMessageForAMissingFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := sparkpipe(t, "run", filepath.Join(dir, "p.yaml"))
	require.Equal(t, cli.ExitBadConfig, got.code)
	requireGolden(t, "message_missing_file", got.stderr, dir)

	got = sparkpipe(t, "run", dir)
	require.Equal(t, cli.ExitBadConfig, got.code)
	requireGolden(t, "message_suffix", got.stderr, filepath.Dir(dir))
}

// TestMessagesOfRuns shows what people read whose run failed.
func TestMessagesOfRuns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		failure fakeconnect.Failure
	}{
		{"missing_column", refusedColumn},
		{"sql_error", fakeconnect.Failure{
			Class: "PARSE_SYNTAX_ERROR", State: "42601", JavaClass: "org.apache.spark.sql.catalyst.parser.ParseException",
			Message: "Syntax error at or near 'FROM'.(line 2, pos 0)\n\n== SQL ==\nSELECT sum(amout),\nFROM v\n^^^\n",
		}},
		{"missing_table", fakeconnect.Failure{
			Class: "TABLE_OR_VIEW_NOT_FOUND", State: "42P01",
			Message: "The table or view `v` cannot be found. Verify the spelling and correctness of the schema and catalog.; line 1 pos 14;\n'UnresolvedRelation [v], [], false",
		}},
		{"missing_connector", fakeconnect.Failure{
			Class: "DATA_SOURCE_NOT_FOUND", State: "42K02",
			Message: "Failed to find the data source: bigquery. Make sure the provider name is correct and the package is properly registered and compatible with your Spark version.",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			refuse(server, test.failure)
			got := sparkpipe(t, "run", writeFile(t, "p.yaml", onServer(server.Remote(), failingRun)))
			require.Equal(t, cli.ExitFailed, got.code)
			require.Empty(t, got.stderr)
			requireGolden(t, "message_"+test.name, got.stdout, "")
		})
	}
}

func TestMessageForAServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.Stop()
	got := sparkpipe(t, "run", writeFile(t, "p.yaml", onServer(server.Remote(), failingRun)))
	require.Equal(t, cli.ExitFailed, got.code)
	requireGolden(t, "message_unreachable_host", got.stdout, "")
}

func TestMessageForAServerThatGoesAway(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.OnExecute(func(op *fakeconnect.Operation) error {
		if op.Request.GetPlan().GetCommand() == nil {
			return fakeconnect.ErrUnscripted
		}
		go server.Stop()
		<-op.Context().Done()
		return op.Context().Err()
	})
	got := sparkpipe(t, "run", writeFile(t, "p.yaml", onServer(server.Remote(), failingRun)))
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stdout, "the Spark Connect server at 127.0.0.1:")
	require.Contains(t, got.stdout, " went away; its log says why (tried again ")
	require.Contains(t, got.stdout, "\nfailed: 1 failed, 2 skipped in ")
	require.Contains(t, got.stderr, "  connection to Spark broke, trying again: ")
}

func TestMessageForAPropertyThatCannotBeSet(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.SetStatic("spark.executor.memory", "1g")
	server.SetStatic("spark.sql.warehouse.dir", "/w")
	text := "name: p\nspark: {remote: \"" + server.Remote() + "\", spark_conf: " +
		"{spark.executor.memory: 2g, spark.sql.warehouse.dir: /w, spark.sql.shuffle.partitions: \"3\"}}\n" +
		"components: [{name: a, type: show, config: {input_view: v}}]\n"
	got := sparkpipe(t, "run", writeFile(t, "p.yaml", text))
	require.Equal(t, cli.ExitFailed, got.code)
	requireGolden(t, "message_static_property", got.stdout, "")
	value, _ := server.Conf("spark.sql.shuffle.partitions")
	require.Equal(t, "3", value)
	require.Len(t, server.Released(), 1)
}

// These change the environment and so run alone.

func TestMessageForABadEnvironment(t *testing.T) {
	file := writeFile(t, "p.yaml", failingRun)
	t.Setenv("SPARK_REMOTE", "localhost:15002")
	got := sparkpipe(t, "run", file)
	require.Equal(t, cli.ExitFailed, got.code)
	requireGolden(t, "message_bad_spark_remote", got.stdout, "")

	got = sparkpipe(t, "local")
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stderr, "SPARK_REMOTE does not hold an address such as sc://host:15002")

	t.Setenv("SPARK_REMOTE", "sc://example.invalid:15002/;token=hush-hush")
	got = sparkpipe(t, "local")
	require.Equal(t, outcome{cli.ExitUsage, "", "sparkpipe: SPARK_REMOTE is set, so no server is started; unset it to have one\n"}, got)
}

func TestLocalWithAnotherVariable(t *testing.T) {
	t.Setenv("SPARK_REMOTE", "sc://first:15002")
	t.Setenv("OTHER", "sc://second:15002/;token=hush-hush")
	got := sparkpipe(t, "local", "--env", "OTHER", "--", "sh", "-c", `echo "$SPARK_REMOTE $OTHER"`)
	require.Equal(t, outcome{cli.ExitSucceeded, "sc://first:15002 sc://second:15002/;token=hush-hush\n", ""}, got)

	got = sparkpipe(t, "local", "--env", "OTHER")
	require.Equal(t, outcome{cli.ExitUsage, "", "sparkpipe: OTHER is set, so no server is started; unset it to have one\n"}, got)

	t.Setenv("OTHER", "hush-hush:15002")
	got = sparkpipe(t, "local", "--env", "OTHER", "--", "true")
	require.Equal(t, outcome{cli.ExitUsage, "", "sparkpipe: OTHER does not hold an address such as sc://host:15002; " +
		"correct it, or unset it to have a server started\n"}, got)

	for _, name := range []string{"", " ", "A=B", "1A", "A-B"} {
		got = sparkpipe(t, "local", "--env", name, "--", "true")
		require.Equal(t, outcome{cli.ExitUsage, "", fmt.Sprintf("sparkpipe: --env wants the name of an environment variable, got %q\n", name)}, got)
	}
}

func TestMessageForMissingJava(t *testing.T) {
	t.Setenv("SPARK_REMOTE", "")
	t.Setenv("JAVA_HOME", "")
	t.Setenv("PATH", t.TempDir())
	got := sparkpipe(t, "run", writeFile(t, "p.yaml", failingRun))
	require.Equal(t, cli.ExitFailed, got.code)
	require.Empty(t, got.stderr)
	require.Regexp(t, `^orders: 3 components, run \S+
  open the Spark session for component "load": local Spark: no usable Java: no java on PATH and JAVA_HOME is not set; `+
		`install one with: .*; or name a running server in spark.remote or SPARK_REMOTE
failed: 3 skipped in \S+
$`, got.stdout)

	got = sparkpipe(t, "local")
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stderr, "sparkpipe: local Spark: no usable Java: no java on PATH and JAVA_HOME is not set; install one with: ")
}
