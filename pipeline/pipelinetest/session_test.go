package pipelinetest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/pipelinetest"
)

// needSpark skips the test when there is neither a server nor a Java to start
// one, and fails it in CI.
func needSpark(tb testing.TB) {
	tb.Helper()
	_, err := exec.LookPath("java")
	switch {
	case err == nil, os.Getenv("SPARK_REMOTE") != "", os.Getenv("JAVA_HOME") != "":
	case strings.EqualFold(os.Getenv("CI"), "true"):
		tb.Fatal("there is no Spark, and in CI this test must not be skipped")
	default:
		tb.Skip("NOT RUN, it needs Spark: set SPARK_REMOTE or install Java")
	}
}

// one returns the only value of a query.
func one(t *testing.T, spark *dataflow.Session, query string) string {
	t.Helper()
	df, err := spark.SQL(t.Context(), query)
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return fmt.Sprint(rows[0].At(0))
}

func TestSessionsAreApart(t *testing.T) {
	t.Parallel()
	needSpark(t)
	a, b := pipelinetest.Session(t), pipelinetest.Session(t)
	require.NotEqual(t, a.ID(), b.ID())
	require.Equal(t, a.ServerVersion(), b.ServerVersion())
	for name, spark := range map[string]*dataflow.Session{"a": a, "b": b} {
		df, err := spark.SQL(t.Context(), "SELECT '"+name+"' AS who")
		require.NoError(t, err)
		require.NoError(t, spark.CreateTempView(t.Context(), df, "me"))
	}
	require.Equal(t, "a", one(t, a, "SELECT who FROM me"))
	require.Equal(t, "b", one(t, b, "SELECT who FROM me"))
}

func TestSessionIsClosedWithTheTest(t *testing.T) {
	t.Parallel()
	needSpark(t)
	var spark *dataflow.Session
	t.Run("inner", func(t *testing.T) { spark = pipelinetest.Session(t) })
	_, err := spark.SQL(t.Context(), "SHOW TABLES")
	require.Error(t, err)
}

// file writes a configuration file and a CSV file beside it.
func file(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "in.csv"), []byte("id,name\n1,Ada\n2,Grace\n"), 0o600))
	path := filepath.Join(dir, "p.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestRunFile(t *testing.T) {
	t.Parallel()
	needSpark(t)
	path := file(t, `name: people
spark:
  remote: sc://192.0.2.1:15002  # nobody has this address; the shared server is used
  spark_conf: {spark.sql.shuffle.partitions: 3}
components:
  - {name: read, type: read_csv, config: {path: in.csv, output_view: people}}
  - {name: first, type: sql, depends_on: [read], config: {sql: "SELECT min(name) AS name FROM people", output_view: first}}
`)
	result, spark := pipelinetest.RunFile(t, path)
	require.NoError(t, result.Err)
	require.Equal(t, pipeline.StatusSucceeded, result.Status)
	require.Len(t, result.Succeeded(), 2)
	require.Equal(t, "Ada", one(t, spark, "SELECT name FROM first"), "the views are there to be looked at")
	df, err := spark.SQL(t.Context(), "SET spark.sql.shuffle.partitions")
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, "3", rows[0].At(1))
}

func TestRunFileWithTypesOfTheTest(t *testing.T) {
	t.Parallel()
	needSpark(t)
	ran := ""
	note := component.NewFactory(component.Info{Type: "note", Summary: "notes that it ran"},
		func(name string, _ struct{}) (component.PipelineComponent, error) {
			return component.Func(name, func(_ context.Context, rt component.Runtime) error {
				ran = rt.Component
				return nil
			}), nil
		})
	result, _ := pipelinetest.RunFile(t, file(t, "name: p\ncomponents: [{name: a, type: note}]\n"), note)
	require.NoError(t, result.Err)
	require.Equal(t, "a", ran)
}

func TestRunFileThatFails(t *testing.T) {
	t.Parallel()
	needSpark(t)
	result, spark := pipelinetest.RunFile(t, file(t, `name: p
components:
  - {name: good, type: sql, config: {sql: SELECT 1 AS x, output_view: v}}
  - {name: bad, type: sql, config: {sql: SELECT y FROM v, output_view: w}}
`))
	require.Equal(t, pipeline.StatusFailed, result.Status)
	var fault *component.SparkError
	require.ErrorAs(t, result.Err, &fault)
	require.Equal(t, "UNRESOLVED_COLUMN.WITH_SUGGESTION", fault.Class)
	require.Contains(t, result.Err.Error(), "line 1 pos 7")
	require.Equal(t, "1", one(t, spark, "SELECT x FROM v"), "the session is still there")
}

// failing stands in for a test and remembers how it was made to fail.
type failing struct {
	testing.TB
	text string
}

func (f *failing) Helper() {}

func (f *failing) Fatal(args ...any) {
	f.text = fmt.Sprint(args...)
	runtime.Goexit()
}

func (f *failing) Fatalf(format string, args ...any) { f.Fatal(fmt.Sprintf(format, args...)) }

func TestRunFileOfABadFile(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"fault":   {"name: p\ncomponents: [{name: a, type: sqll}]\n", `p.yaml:2:30: components[0].type: component "a": unknown component type "sqll"; did you mean "sql"?`},
		"no YAML": {"name: [", "p.yaml"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &failing{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				pipelinetest.RunFile(f, file(t, test.text))
			}()
			<-done
			require.Contains(t, f.text, test.want)
		})
	}
}
