package streams

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/kafkatest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/pipelinetest"
)

// needSpark skips the test where there is neither a Spark nor Java to start one;
// in CI it fails.
func needSpark(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("java")
	switch {
	case err == nil, os.Getenv("SPARK_REMOTE") != "", os.Getenv("JAVA_HOME") != "":
	case strings.EqualFold(os.Getenv("CI"), "true"):
		t.Fatal("there is no Spark, and in CI this test must not be skipped")
	default:
		t.Skip("NOT RUN, it needs Spark: set SPARK_REMOTE or install Java")
	}
}

func TestFilesToConsole(t *testing.T) {
	needSpark(t)
	t.Setenv("TRIGGER", "available_now")
	result, _ := pipelinetest.RunFile(t, "files_to_console.conf")
	require.NoError(t, result.Err)
	require.Len(t, result.Succeeded(), 2)
}

// TestKafkaToDelta runs the example against a real broker, twice, with records
// that come between.
func TestKafkaToDelta(t *testing.T) {
	broker := kafkatest.Start(t)
	lake := t.TempDir()
	t.Setenv("SPARK_REMOTE", "") // a server with the connectors is started
	t.Setenv("KAFKA", broker.Servers)
	t.Setenv("LAKE", lake)
	t.Setenv("TRIGGER", "available_now")
	registry, err := pipeline.NewRegistry()
	require.NoError(t, err)
	p, err := pipeline.FromFile("kafka_to_delta.conf", registry, nil)
	require.NoError(t, err)
	spark, err := pipeline.Opener{}.Open(t.Context(), p)
	require.NoError(t, err)
	defer func() { require.NoError(t, spark.Close(t.Context())) }()
	runner, err := pipeline.NewSimplePipelineRunner(spark, nil)
	require.NoError(t, err)

	const records = 10_000
	for round := range 2 {
		produce(t, spark, broker.Servers, round*records, records)
		_, err := runner.Run(t.Context(), p)
		require.NoError(t, err)
		want := int64((round + 1) * records)
		require.Equal(t, []any{want, want, want}, one(t, spark, "SELECT count(*), count(DISTINCT partition, offset), count(DISTINCT user) FROM delta.`"+filepath.Join(lake, "clicks")+"`"))
	}
}

// produce writes records with Spark's batch sink.
func produce(t *testing.T, spark *dataflow.Session, servers string, from, count int) {
	t.Helper()
	df, err := spark.SQL(t.Context(), fmt.Sprintf("SELECT concat('user-', id) AS key, to_json(struct(concat('/page/', id %% 100) AS page, current_timestamp() AS at)) AS value FROM range(%d, %d)", from, from+count))
	require.NoError(t, err)
	writer := dataflow.Writer{Format: "kafka", Mode: dataflow.SaveModeAppend, Options: map[string]string{"kafka.bootstrap.servers": servers, "topic": "clicks"}}
	require.NoError(t, writer.Save(t.Context(), spark, df, ""))
}

func one(t *testing.T, spark *dataflow.Session, query string) []any {
	t.Helper()
	df, err := spark.SQL(t.Context(), query)
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, spark.Error(t.Context(), err))
	return rows[0].Values()
}
