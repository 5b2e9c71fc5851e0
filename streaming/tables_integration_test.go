package streaming_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// testFiles copies rows from one format to the next.
func testFiles(t *testing.T, c cluster) {
	w := workIn(t)
	w.put("json/a.json", lines(0, 10))
	w.put("json/b.json", lines(10, 10))
	from := "json"
	for _, to := range []string{"csv", "parquet", "orc", "avro", "json"} {
		source := streaming.FileSource{Path: w.path(from), Format: from, Schema: columns, MaxFilesPerTrigger: 1}
		if from == "orc" {
			source.Schema, source.InferSchema = "", true
		}
		sink := streaming.FileSink{Path: w.path(to + "2"), Format: to, PartitionBy: nil}
		p := streaming.StreamingPipeline{Source: source, Sink: sink, CheckpointLocation: w.path("c_" + to)}
		drain(t, c.spark, p)
		drain(t, c.spark, p)
		df, err := dataflow.Reader{Format: to, Schema: columns, Paths: []string{w.path(to + "2")}}.Load(t.Context(), c.spark)
		require.NoError(t, err)
		rows, err := df.Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(20), rows, to)
		require.NoError(t, os.Rename(w.path(to+"2"), w.path(to+"_")))
		from = to + "_"
		if to != "json" {
			// what Spark has written is read as files of somebody else
			require.NoError(t, os.RemoveAll(w.path(from+"/_spark_metadata")))
			require.NoError(t, os.Rename(w.path(from), w.path(to)))
			from = to
		}
	}
	view := uniqueName("v")
	w.put("text/a.txt", "one\ntwo\n")
	drain(t, c.spark, streaming.StreamingPipeline{Source: streaming.FileSource{Path: w.path("text"), Format: "text"}, Sink: streaming.MemorySink{}, QueryName: view})
	require.Equal(t, "one,two", one[string](t, c.spark, "SELECT array_join(sort_array(collect_list(value)), ',') FROM "+view))
}

func testDelta(t *testing.T, c cluster) {
	w := workIn(t)
	w.put("in/a.json", lines(0, 10))
	in := streaming.FileSource{Path: w.path("in"), Format: "json", Schema: columns}
	drain(t, c.spark, streaming.StreamingPipeline{Source: in, Sink: streaming.DeltaSink{Path: w.path("d"), PartitionBy: []string{"name"}}, CheckpointLocation: w.path("c1")})
	require.NoError(t, c.spark.Exec(t.Context(), "ALTER TABLE delta.`"+w.path("d")+"` SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')"))
	require.NoError(t, c.spark.Exec(t.Context(), "DELETE FROM delta.`"+w.path("d")+"` WHERE id = 3"))
	view := uniqueName("v")
	drain(t, c.spark, streaming.StreamingPipeline{
		Source: streaming.DeltaSource{Path: w.path("d"), ReadChangeFeed: true, StartingVersion: "2"}, Sink: streaming.MemorySink{}, QueryName: view,
	})
	require.Equal(t, "delete 3", one[string](t, c.spark, "SELECT concat_ws(' ', _change_type, id) FROM "+view))
	view = uniqueName("v")
	drain(t, c.spark, streaming.StreamingPipeline{Source: streaming.DeltaSource{Path: w.path("d"), MaxFilesPerTrigger: 1}, Sink: streaming.MemorySink{}, QueryName: view})
	require.Equal(t, "9 9 42", ids(t, c.spark, view))
}

// testDeltaComplete replaces the table with every batch.
func testDeltaComplete(t *testing.T, c cluster) {
	w := workIn(t)
	p := streaming.StreamingPipeline{
		Source: streaming.FileSource{Path: w.path("in"), Format: "json", Schema: columns}, CheckpointLocation: w.path("c"), OutputMode: streaming.OutputModeComplete,
		Transforms: []dataflow.Transform{dataflow.TransformFunc(func(ctx context.Context, _ *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
			return in.GroupBy(functions.Col("name")).Count(ctx)
		})},
		Sink: streaming.DeltaSink{Path: w.path("d"), WriteMode: "overwrite"},
	}
	for i, want := range []string{"n0:4 n1:3 n2:3", "n0:7 n1:7 n2:6"} {
		w.put(fmt.Sprintf("in/%d.json", i), lines(10*i, 10))
		drain(t, c.spark, p)
		require.Equal(t, want, one[string](t, c.spark, "SELECT array_join(sort_array(collect_list(concat(name, ':', count))), ' ') FROM delta.`"+w.path("d")+"`"))
	}
}

func testIceberg(t *testing.T, c cluster) {
	w := workIn(t)
	w.put("in/a.json", lines(0, 10))
	require.NoError(t, c.spark.Exec(t.Context(), "CREATE DATABASE IF NOT EXISTS ice.db"))
	table := uniqueName("t")
	sink := streaming.StreamingPipeline{
		Source: streaming.FileSource{Path: w.path("in"), Format: "json", Schema: columns}, CheckpointLocation: w.path("c"),
		Sink: streaming.IcebergSink{Table: "ice.db." + table, FanoutEnabled: true, PartitionBy: []string{"name"}},
	}
	drain(t, c.spark, sink)
	w.put("in/b.json", lines(10, 5))
	drain(t, c.spark, sink)
	require.Equal(t, idsTo(15), ids(t, c.spark, "ice.db."+table))
	view := uniqueName("v")
	drain(t, c.spark, streaming.StreamingPipeline{Source: streaming.IcebergSource{Table: "ice.db." + table, MaxRowsPerBatch: 5}, Sink: streaming.MemorySink{}, QueryName: view})
	require.Equal(t, idsTo(15), ids(t, c.spark, view))
}

func testTables(t *testing.T, c cluster) {
	w := workIn(t)
	w.put("in/a.json", lines(0, 10))
	table := uniqueName("t")
	p := streaming.StreamingPipeline{
		Source: streaming.FileSource{Path: w.path("in"), Format: "json", Schema: columns}, CheckpointLocation: w.path("c"),
		Sink: streaming.TableSink{Table: table, Format: "delta"},
	}
	drain(t, c.spark, p)
	drain(t, c.spark, p)
	require.Equal(t, idsTo(10), ids(t, c.spark, table))
	drain(t, c.spark, streaming.StreamingPipeline{Source: streaming.TableSource{Table: table}, Sink: streaming.ConsoleSink{NumRows: 2}})
	view := uniqueName("v")
	drain(t, c.spark, streaming.StreamingPipeline{Source: streaming.TableSource{Table: table}, Sink: streaming.MemorySink{}, QueryName: view})
	require.Equal(t, idsTo(10), ids(t, c.spark, view))
}

func testSocket(t *testing.T, c cluster) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	done := make(chan struct{})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				close(done)
				return
			}
			w := bufio.NewWriter(conn)
			_, _ = fmt.Fprintln(w, "hello")
			_ = w.Flush()
			_, _ = conn.Read(make([]byte, 1)) // until Spark closes it
			_ = conn.Close()
		}
	}()
	view := uniqueName("v")
	q := begin(t, c.spark, streaming.StreamingPipeline{
		Source: streaming.SocketSource{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, IncludeTimestamp: true}, Sink: streaming.MemorySink{}, QueryName: view,
	})
	require.Eventually(t, func() bool {
		return one[int64](t, c.spark, "SELECT count(timestamp) FROM "+view+" WHERE value = 'hello'") == 1
	}, patience, 200*time.Millisecond)
	require.NoError(t, q.Stop(within(t), nil))
	require.NoError(t, listener.Close())
	<-done
}

func testRate(t *testing.T, c cluster) {
	view := uniqueName("v")
	q := begin(t, c.spark, streaming.StreamingPipeline{
		Source: streaming.RateMicroBatchSource{RowsPerBatch: 10, NumPartitions: 1, StartTimestamp: "1000", AdvancePerBatch: time.Second}, Sink: streaming.MemorySink{}, QueryName: view,
	})
	require.Eventually(t, func() bool { return one[int64](t, c.spark, "SELECT count(*) FROM "+view) >= 20 }, patience, 200*time.Millisecond)
	require.NoError(t, q.Stop(within(t), nil))
	require.Equal(t, "10 10 45", one[string](t, c.spark, "SELECT concat_ws(' ', count(*), count(DISTINCT value), sum(value)) FROM "+view+" WHERE timestamp = timestamp_millis(1000)"))
}

// testConnectorFaults asks a server for what it lacks, and for what it cannot do.
func testConnectorFaults(t *testing.T, c cluster) {
	fails := func(spark *dataflow.Session, p streaming.StreamingPipeline) *component.SparkError {
		t.Helper()
		p.Trigger = streaming.AvailableNow()
		q, err := p.Start(within(t), spark)
		if err == nil {
			err = q.AwaitTermination(within(t))
		}
		var failed *component.SparkError
		require.ErrorAs(t, err, &failed)
		t.Log(err)
		return failed
	}
	hubs := streaming.EventHubsSource{ConnectionString: connection(), EventHubName: "hub"}
	require.Contains(t, fails(c.spark, streaming.StreamingPipeline{Source: hubs, Sink: streaming.NoopSink{}}).Hint, "azure-eventhubs-spark")
	kinesis := streaming.KinesisSource{StreamName: "s", Region: "eu-west-1"}
	require.Contains(t, fails(c.spark, streaming.StreamingPipeline{Source: kinesis, Sink: streaming.NoopSink{}}).Hint, "kinesis-connector")
	pubsub := streaming.PubSubSource{ProjectID: "p", TopicID: "t", SubscriptionID: "s"}
	require.Contains(t, fails(c.spark, streaming.StreamingPipeline{Source: pubsub, Sink: streaming.NoopSink{}}).Hint, "Databricks")
	fails(c.spark, streaming.StreamingPipeline{Source: streaming.TableSource{Table: "no_such_table"}, Sink: streaming.NoopSink{}})
}

// TestRealMissingJars needs a server without connectors.
func TestRealMissingJars(t *testing.T) {
	t.Parallel()
	spark := sparkAt(t, sparktest.Remote(t))
	jars := map[string]streaming.StreamingSource{
		"spark-sql-kafka-0-10": streaming.KafkaSource{Kafka: kafkaOf("127.0.0.1:1"), Subscribe: []string{"t"}},
		"delta-spark":          streaming.DeltaSource{Path: "/tmp/none"},
		"spark-avro":           streaming.FileSource{Path: "/tmp", Format: "avro", Schema: "id INT"},
	}
	for jar, source := range jars {
		q, err := streaming.StreamingPipeline{Source: source, Sink: streaming.NoopSink{}, Trigger: streaming.AvailableNow()}.Start(within(t), spark)
		if err == nil {
			err = q.AwaitTermination(within(t))
		}
		var failed *component.SparkError
		require.ErrorAs(t, err, &failed, jar)
		require.Contains(t, failed.Hint, jar)
	}
}
