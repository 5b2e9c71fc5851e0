package quality_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

type dfType = sql.DataFrame

// sparkAt opens a session in UTC for small tables and closes it with the test.
func sparkAt(t testing.TB, remote string) *dataflow.Session {
	t.Helper()
	spark, err := dataflow.Connect(t.Context(), remote, &dataflow.ConnectOptions{Conf: map[string]string{
		"spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "1", "spark.sql.ansi.enabled": "true",
	}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = spark.Close(context.WithoutCancel(t.Context())) })
	return spark
}

// generateCode has Spark compile code for queries, or interpret them. It computes in
// another way then, and for small tables to compile takes most of the time.
func generateCode(t *testing.T, spark *dataflow.Session, compile bool) {
	t.Helper()
	mode := map[bool]string{true: "FALLBACK", false: "NO_CODEGEN"}[compile]
	require.NoError(t, spark.Conf().Set(t.Context(), map[string]string{
		"spark.sql.codegen.wholeStage": strconv.FormatBool(compile), "spark.sql.codegen.factoryMode": mode,
	}))
}
