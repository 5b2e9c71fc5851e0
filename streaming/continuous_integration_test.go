package streaming_test

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/kafkatest"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// until waits for something that a server will say.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); {
		require.True(t, time.Now().Before(deadline), "not within %v: %s", patience, what)
		<-time.After(100 * time.Millisecond)
	}
}

// kafkaCluster is a server of Spark with Kafka's connector and with room for queries
// that keep their tasks, and a broker.
func kafkaCluster(t *testing.T) cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("NOT RUN with -short: it starts a Spark server")
	}
	broker := kafkatest.Start(t) // says that Java and Maven are there
	server, err := localspark.Start(t.Context(), &localspark.Options{
		Master: "local[6]", Connectors: []string{"kafka"}, Env: append(os.Environ(), "SPARK_REMOTE=", "SPARK_HOME=", "TMPDIR="+t.TempDir()),
		Conf: map[string]string{
			"spark.driver.memory": "1g", "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1", "spark.sql.shuffle.partitions": "1",
			"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN",
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	return cluster{remote: server.Remote(), spark: sparkAt(t, server.Remote()), kafka: broker}
}

// TestKafkaOfItsOwn shares a server and a broker.
func TestKafkaOfItsOwn(t *testing.T) {
	t.Parallel()
	c := kafkaCluster(t)
	t.Run("continuous", func(t *testing.T) { testContinuousKafka(t, c) })
	t.Run("another topic", func(t *testing.T) { testChangedTopic(t, c) })
	t.Run("unknown topic", func(t *testing.T) { testUnknownTopic(t, c) })
}

// numbers are the numbers of a topic: how many, how many different ones, and the
// greatest or -1.
func (c cluster) numbers(t *testing.T, topic string) (rows, different, most int64) {
	t.Helper()
	view := uniqueName("v")
	drain(t, c.spark, streaming.StreamingPipeline{
		Source: streaming.KafkaSource{Kafka: kafkaOf(c.kafka.Servers), Subscribe: []string{topic}, StartingOffsets: "earliest"},
		Sink:   streaming.MemorySink{}, QueryName: view,
	})
	row := func(expr string) int64 {
		return one[int64](t, c.spark, "SELECT coalesce("+expr+", -1) FROM (SELECT try_cast(CAST(value AS STRING) AS BIGINT) AS n FROM "+view+")")
	}
	return row("count(n)"), row("count(DISTINCT n)"), row("max(n)")
}

// testContinuousKafka counts what continuous queries bring: one from the source rate
// to a topic, which is stopped and goes on from its checkpoint, and one from that
// topic to another. No number is missing; some may be there twice, since the sink is
// at least once.
func testContinuousKafka(t *testing.T, c cluster) {
	first, second, w := uniqueName("first"), uniqueName("second"), workIn(t)
	c.produce(t, first, 0, 1) // which makes the topics; what it writes is no number
	c.produce(t, second, 0, 1)
	count := streaming.StreamingPipeline{
		Source: rate(20), Sink: streaming.KafkaSink{Kafka: kafkaOf(c.kafka.Servers), Topic: first, Value: "value"},
		Trigger: streaming.Continuous(500 * time.Millisecond), CheckpointLocation: w.path("first"), QueryName: "counting",
	}
	move := streaming.StreamingPipeline{
		Source: streaming.KafkaSource{Kafka: kafkaOf(c.kafka.Servers), Subscribe: []string{first}, StartingOffsets: "earliest"},
		Sink:   streaming.KafkaSink{Kafka: kafkaOf(c.kafka.Servers), Topic: second, Value: "value"}, QueryName: "moving",
		Trigger: streaming.Continuous(500 * time.Millisecond), CheckpointLocation: w.path("second"),
	}
	counting := begin(t, c.spark, count)
	moving := begin(t, c.spark, move)
	var rows, different, most int64
	arrived := func(least int64) func() bool {
		return func() bool {
			rows, different, most = c.numbers(t, second)
			return most >= least
		}
	}
	until(t, "rows have come through both queries", arrived(50))
	until(t, "an epoch is over", func() bool { return epoch(t, counting) > 0 })
	last := epoch(t, counting)
	until(t, "epochs go on", func() bool { return epoch(t, counting) > last })
	t.Logf("%d rows with %d numbers up to %d, and epoch %d", rows, different, most, epoch(t, counting))
	for _, q := range []*streaming.Query{counting, moving} {
		recent, err := q.RecentProgress(t.Context())
		require.NoError(t, err)
		require.Empty(t, recent, "Spark reports no progress of a continuous query")
		require.NoError(t, q.Stop(within(t), nil))
		failed, err := q.Exception(t.Context())
		require.NoError(t, err)
		require.Nil(t, failed)
	}
	_, _, before := c.numbers(t, first)
	again, moved := begin(t, c.spark, count), begin(t, c.spark, move)
	require.Equal(t, counting.ID(), again.ID())
	until(t, "rows come after the restart", arrived(before+20))
	require.NoError(t, again.Stop(within(t), nil))
	require.NoError(t, moved.Stop(within(t), nil))
	rows, different, most = c.numbers(t, second)
	t.Logf("after a stop and a start: %d rows with %d numbers up to %d", rows, different, most)
	require.Equal(t, most+1, different, "every number has arrived")
	require.GreaterOrEqual(t, rows, different)
}

// epoch is how far a continuous query is.
func epoch(t *testing.T, q *streaming.Query) int64 {
	t.Helper()
	status, err := q.Status(t.Context())
	require.NoError(t, err)
	require.True(t, status.Active, "%+v", status)
	return status.Epoch
}

// testChangedTopic reads another topic with the checkpoint of the first.
func testChangedTopic(t *testing.T, c cluster) {
	first, second, w := uniqueName("t"), uniqueName("u"), workIn(t)
	c.produce(t, first, 0, 3)
	c.produce(t, second, 10, 4)
	work := changeWork{work: w, session: c.spark}
	read := func(topics ...string) streaming.StreamingPipeline {
		return streaming.StreamingPipeline{
			Source: streaming.KafkaSource{Kafka: kafkaOf(c.kafka.Servers), Subscribe: topics, StartingOffsets: "earliest"}, Sink: streaming.NoopSink{},
		}
	}
	require.Equal(t, "3 rows", work.outcome(read(first)))
	got := map[string]string{"instead": work.outcome(read(second))}
	work.work = workIn(t)
	require.Equal(t, "3 rows", work.outcome(read(first)))
	got["added"] = work.outcome(read(first, second))
	work.work = workIn(t)
	require.Equal(t, "7 rows", work.outcome(read(first, second)))
	got["removed"] = work.outcome(read(first))
	const deleted = "KAFKA_DATA_LOSS.PARTITIONS_DELETED"
	require.Equal(t, map[string]string{"instead": deleted, "added": "4 rows", "removed": deleted}, got)
}

// testUnknownTopic reads a topic that is not there: it fails within seconds, whatever
// the trigger.
func testUnknownTopic(t *testing.T, c cluster) {
	for _, trigger := range []streaming.Trigger{{}, streaming.AvailableNow(), streaming.ProcessingTime(time.Hour)} {
		t.Run(trigger.String(), func(t *testing.T) {
			began := time.Now()
			err := streaming.StreamingPipeline{
				Source: streaming.KafkaSource{Kafka: kafkaOf(c.kafka.Servers), Subscribe: []string{"no_such_topic"}}, Sink: streaming.NoopSink{},
				QueryName: uniqueName("unknown_" + strconv.Itoa(len(trigger.String()))), Trigger: trigger,
			}.Run(within(t), c.spark, component.Runtime{})
			t.Logf("after %v: %v", time.Since(began), err)
			var failed *streaming.QueryError
			require.ErrorAs(t, err, &failed)
			require.ErrorContains(t, err, "UnknownTopicOrPartition")
			require.ErrorContains(t, err, "create the topic, or correct its name")
		})
	}
}

// TestContinuous shows on every server that rows arrive. It is not parallel:
// the query wants a core for itself.
func TestContinuous(t *testing.T) {
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, name := sparkAt(t, remote), uniqueName("continuous")
		heard := listen(t, spark)
		q := begin(t, spark, streaming.StreamingPipeline{
			Source: rate(10), Sink: streaming.MemorySink{}, QueryName: name, Trigger: streaming.Continuous(time.Second),
			Transforms: []dataflow.Transform{project("value * 2 AS double")},
		})
		until(t, "an epoch is over", func() bool { return epoch(t, q) > 0 })
		until(t, "rows have arrived", func() bool { return column(t, spark, "SELECT count(*) >= 20 FROM "+name)[0] == "true" })
		require.NoError(t, q.Stop(within(t), nil))
		require.Nil(t, next(t, heard.terminated).Err)
		require.Equal(t, []string{"true"}, column(t, spark, "SELECT count(*) = count(DISTINCT double) AND max(double) = 2 * (count(*) - 1) FROM "+name))
		require.Empty(t, heard.progress, "Spark reports no progress of a continuous query")
		status, err := q.Status(t.Context())
		require.NoError(t, err)
		require.False(t, status.Active)
		require.Zero(t, status.Epoch)
	})
}
