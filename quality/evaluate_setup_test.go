package quality_test

import (
	"context"
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
