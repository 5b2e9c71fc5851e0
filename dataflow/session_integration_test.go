package dataflow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// realSpark opens a session on the real server of the default version.
func realSpark(t testing.TB) *dataflow.Session {
	t.Helper()
	return sparkAt(t, sparktest.Remote(t))
}

// sparkAt opens a session on a real server, with the clock on UTC.
func sparkAt(t testing.TB, remote string) *dataflow.Session {
	t.Helper()
	return connectTo(t, remote, &dataflow.ConnectOptions{Conf: map[string]string{"spark.sql.session.timeZone": "UTC"}})
}

// uniqueName is a name that no other test and no other run has.
func uniqueName(prefix string) string {
	return prefix + "_" + strings.ReplaceAll(uuid.NewString(), "-", "")
}

// database makes a database of the test's own, dropped with the test, and
// returns its name.
func database(t testing.TB, spark *dataflow.Session) string {
	t.Helper()
	name := uniqueName("db")
	require.NoError(t, spark.Exec(t.Context(), "CREATE DATABASE "+name+" LOCATION '"+t.TempDir()+"'"))
	t.Cleanup(func() {
		_ = spark.Exec(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+" CASCADE")
	})
	return name
}

// rows runs a query and returns its rows, each as the text of its values.
func rows(t testing.TB, spark *dataflow.Session, query string, args ...any) []string {
	t.Helper()
	df, err := spark.SQL(t.Context(), query, args...)
	require.NoError(t, err)
	return rowsOf(t, spark, df)
}

func rowsOf(t testing.TB, spark *dataflow.Session, df sql.DataFrame) []string {
	t.Helper()
	got, err := df.Collect(t.Context())
	require.NoError(t, spark.Error(t.Context(), err))
	out := []string{}
	for _, row := range got {
		var texts []string
		for _, value := range row.Values() {
			texts = append(texts, fmt.Sprint(value))
		}
		out = append(out, strings.Join(texts, " "))
	}
	return out
}

// schemaOf is the schema of a DataFrame as Spark's DESCRIBE has it.
func schemaOf(t testing.TB, spark *dataflow.Session, df sql.DataFrame) []string {
	t.Helper()
	view := uniqueName("schema")
	require.NoError(t, spark.CreateTempView(t.Context(), df, view))
	var out []string
	for _, row := range rows(t, spark, "DESCRIBE TABLE "+view) {
		out = append(out, strings.TrimSuffix(row, " <nil>"))
	}
	return out
}

func TestRealConnect(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		require.Regexp(t, `^\d+\.\d+\.\d+`, spark.ServerVersion())
		require.Equal(t, []string{spark.ServerVersion()}, rows(t, spark, "SELECT split(version(), ' ')[0]"))
	})
}

func TestRealConf(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		const static = "spark.sql.warehouse.dir"
		current, _ := strings.CutPrefix(rows(t, sparkAt(t, remote), "SET "+static)[0], static+" ")
		t.Run("properties of the session", func(t *testing.T) {
			t.Parallel()
			spark := connectTo(t, remote, &dataflow.ConnectOptions{Conf: map[string]string{
				"spark.sql.shuffle.partitions": "3", "my.own.key-with.dots_and-dashes": "a value; with 'quotes' = and ünicode",
			}})
			require.Equal(t, []string{"spark.sql.shuffle.partitions 3"}, rows(t, spark, "SET spark.sql.shuffle.partitions"))
			require.Equal(t, []string{"my.own.key-with.dots_and-dashes a value; with 'quotes' = and ünicode"}, rows(t, spark, "SET `my.own.key-with.dots_and-dashes`"))
		})
		t.Run("a static one with the value it has", func(t *testing.T) {
			t.Parallel()
			spark := connectTo(t, remote, &dataflow.ConnectOptions{Conf: map[string]string{
				static: current, "spark.sql.shuffle.partitions": "5",
			}})
			require.Equal(t, []string{"spark.sql.shuffle.partitions 5"}, rows(t, spark, "SET spark.sql.shuffle.partitions"))
		})
		t.Run("a static one with another value", func(t *testing.T) {
			t.Parallel()
			_, err := dataflow.Connect(t.Context(), remote, &dataflow.ConnectOptions{Conf: map[string]string{
				static: "/another/warehouse", "spark.sql.shuffle.partitions": "3",
			}})
			require.ErrorContains(t, err, "set "+static+" on the running server")
			require.NotContains(t, err.Error(), "shuffle")
			var spark *component.SparkError
			require.ErrorAs(t, err, &spark)
			require.Equal(t, "46110", spark.SQLState)
		})
	})
}
