package streaming_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/kafkatest"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// cluster is a Spark with the connectors, and a Kafka beside it.
type cluster struct {
	spark  *dataflow.Session
	remote string
	kafka  *kafkatest.Broker
}

// connectorServer starts a server of its own. Without Java and Maven the test is
// skipped, and in CI it fails.
func connectorServer(t *testing.T) string { return connectorServerProcess(t).Remote() }

// connectorServerProcess is connectorServer for tests that kill it.
func connectorServerProcess(t *testing.T) *localspark.Server {
	t.Helper()
	if testing.Short() {
		t.Skip("NOT RUN with -short: it starts a Spark server")
	}
	for _, tool := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if strings.EqualFold(os.Getenv("CI"), "true") {
			t.Fatalf("no %s on PATH, and in CI this test must not be skipped", tool)
		}
		t.Skipf("NOT RUN, it starts a Spark server: no %s on PATH", tool)
	}
	server, err := localspark.Start(t.Context(), &localspark.Options{
		Env:     append(os.Environ(), "SPARK_REMOTE=", "SPARK_HOME=", "TMPDIR="+t.TempDir()),
		Version: localspark.DefaultVersion, Connectors: []string{"avro", "delta", "iceberg", "kafka", "postgresql"},
		Progress: func(msg string) { t.Log(msg) },
		Conf: map[string]string{
			"spark.driver.memory": "1g",
			// The tables are tiny: what takes time is to compile code for them.
			"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1", "spark.sql.codegen.wholeStage": "false",
			"spark.sql.codegen.factoryMode": "NO_CODEGEN", "spark.sql.adaptive.enabled": "false", "spark.sql.shuffle.partitions": "1",
			"spark.databricks.delta.snapshotPartitions": "1", "spark.databricks.delta.stats.collect": "false",
			"spark.sql.catalog.ice": "org.apache.iceberg.spark.SparkCatalog", "spark.sql.catalog.ice.type": "hadoop",
			"spark.sql.catalog.ice.warehouse": t.TempDir(), "spark.sql.warehouse.dir": t.TempDir(),
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	return server
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
