package streaming_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/kafkatest"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// cluster is a Spark with the connectors, and a Kafka beside it.
type cluster struct {
	spark  *dataflow.Session
	remote string
	kafka  *kafkatest.Broker
}

// connectorServer starts a server of its own; see [sparktest.Lakehouse].
func connectorServer(t *testing.T) string { return connectorServerProcess(t).Remote() }

// connectorServerProcess is connectorServer for tests that kill it.
func connectorServerProcess(t *testing.T) *localspark.Server {
	t.Helper()
	return sparktest.Lakehouse(t, "avro", "kafka", "postgresql")
}

// TestRealConnectors shares one server and one broker, which take longer to start
// than the tests to run.
func TestRealConnectors(t *testing.T) {
	t.Parallel()
	remote := connectorServer(t)
	c := cluster{remote: remote, spark: sparkAt(t, remote), kafka: kafkatest.Start(t)}
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, c cluster)
	}{
		{"kafka to delta", testKafkaToDelta},
		{"kafka by time", testKafkaByTime},
		{"kafka records", testKafkaRecords},
		{"kafka login", testKafkaLogin},
		{"kafka faults", testKafkaFaults},
		{"files", testFiles},
		{"delta", testDelta},
		{"delta complete", testDeltaComplete},
		{"iceberg", testIceberg},
		{"tables", testTables},
		{"socket", testSocket},
		{"rate", testRate},
		{"merge", testDeltaMerge},
		{"merge that is killed", testDeltaMergeKilled},
		{"jdbc", testJDBC},
		{"jdbc that is killed", testJDBCKilled},
		{"faults", testConnectorFaults},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, c)
		})
	}
}

// work is a folder of the test; the server, which may be another user, sees it.
type work struct {
	testing.TB
	dir string
}

func workIn(t *testing.T) work {
	t.Helper()
	return work{t, t.TempDir()}
}

func (w work) path(name string) string { return filepath.Join(w.dir, name) }

// put makes a file at once.
func (w work) put(name, text string) {
	w.Helper()
	file := w.path(name)
	require.NoError(w, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(w, os.WriteFile(file+".tmp", []byte(text), 0o644))
	require.NoError(w, os.Rename(file+".tmp", file))
}

// lines are rows as JSON, with ids from first on.
func lines(first, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id":%d,"name":"n%d"}`+"\n", first+i, (first+i)%3)
	}
	return b.String()
}

const columns = "id BIGINT, name STRING"

// drain runs a pipeline to its end.
func drain(t testing.TB, spark *dataflow.Session, p streaming.StreamingPipeline) {
	t.Helper()
	if p.Trigger.Kind() == streaming.TriggerDefault {
		p.Trigger = streaming.AvailableNow()
	}
	q, err := p.Start(within(t), spark)
	require.NoError(t, err)
	require.NoError(t, q.AwaitTermination(within(t)))
}

// one is the value of a query.
func one[T any](t testing.TB, spark *dataflow.Session, query string) T {
	t.Helper()
	df, err := spark.SQL(t.Context(), query)
	require.NoError(t, err, query)
	value, err := dataflow.Value[T](t.Context(), df)
	require.NoError(t, err, query)
	return value
}

// ids are the number of rows, of different ids, and the sum of ids of a table.
func ids(t testing.TB, spark *dataflow.Session, table string) string {
	t.Helper()
	return one[string](t, spark, "SELECT concat_ws(' ', count(*), count(DISTINCT id), sum(id)) FROM "+table)
}

func idsTo(n int) string { return fmt.Sprintf("%d %d %d", n, n, n*(n-1)/2) }
