package streaming_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/kafkatest"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// produce writes rows to a topic with a query of its own.
func (c cluster) produce(t *testing.T, topic string, first, n int) {
	t.Helper()
	w := workIn(t)
	w.put("in/a.json", lines(first, n))
	drain(t, c.spark, streaming.StreamingPipeline{
		Source:             streaming.FileSource{Path: w.path("in"), Format: "json", Schema: columns},
		Sink:               streaming.KafkaSink{Kafka: kafkaOf(c.kafka.Servers), Topic: topic, Key: "id", Headers: map[string]string{"kind": "name"}},
		CheckpointLocation: w.path("checkpoint"),
	})
}

// records reads a topic from its beginning.
func (c cluster) records(topic string) streaming.KafkaSource {
	return streaming.KafkaSource{
		Kafka: kafkaOf(c.kafka.Servers), Subscribe: []string{topic}, StartingOffsets: "earliest",
		KafkaDecoding: streaming.KafkaDecoding{ValueFormat: "json", ValueSchema: columns},
	}
}

func testKafkaToDelta(t *testing.T, c cluster) {
	topic, w := uniqueName("t"), workIn(t)
	c.produce(t, topic, 0, 100)
	source := c.records(topic)
	source.MaxOffsetsPerTrigger = 40
	p := streaming.StreamingPipeline{Source: source, Sink: streaming.DeltaSink{Path: w.path("d")}, CheckpointLocation: w.path("c")}
	drain(t, c.spark, p)
	require.Equal(t, idsTo(100), ids(t, c.spark, "delta.`"+w.path("d")+"`"))
	drain(t, c.spark, p) // goes on at the checkpoint
	require.Equal(t, idsTo(100), ids(t, c.spark, "delta.`"+w.path("d")+"`"))
	c.produce(t, topic, 100, 50)
	drain(t, sparkAt(t, c.remote), p)
	require.Equal(t, idsTo(150), ids(t, c.spark, "delta.`"+w.path("d")+"`"))
}

func testKafkaByTime(t *testing.T, c cluster) {
	topic, w := uniqueName("t"), workIn(t)
	c.produce(t, topic, 0, 30)
	p := streaming.StreamingPipeline{
		Source: c.records(topic), Sink: streaming.DeltaSink{Path: w.path("d")}, CheckpointLocation: w.path("c"), Trigger: streaming.ProcessingTime(100 * time.Millisecond),
	}
	q := begin(t, c.spark, p)
	require.NoError(t, q.ProcessAllAvailable(within(t)))
	c.produce(t, topic, 30, 20)
	require.NoError(t, q.ProcessAllAvailable(within(t)))
	require.Equal(t, idsTo(50), ids(t, c.spark, "delta.`"+w.path("d")+"`"))
	require.NoError(t, q.Stop(within(t), nil))
	c.produce(t, topic, 50, 10)
	q = begin(t, c.spark, p)
	require.NoError(t, q.ProcessAllAvailable(within(t)))
	require.NoError(t, q.Stop(within(t), nil))
	require.Equal(t, idsTo(60), ids(t, c.spark, "delta.`"+w.path("d")+"`"))
}

// testKafkaRecords reads one topic in every way.
func testKafkaRecords(t *testing.T, c cluster) {
	topic := uniqueName("Records")
	c.produce(t, topic, 0, 20)
	read := func(source streaming.KafkaSource, query string) string {
		t.Helper()
		view := uniqueName("v")
		source.BootstrapServers = c.kafka.Servers
		drain(t, c.spark, streaming.StreamingPipeline{Source: source, Sink: streaming.MemorySink{}, QueryName: view})
		return one[string](t, c.spark, "SELECT concat_ws(' ', "+query+") FROM "+view)
	}
	all := "count(*), count(DISTINCT partition), min(offset)"
	require.Equal(t, "20 2 0", read(streaming.KafkaSource{SubscribePattern: topic + ".*", StartingOffsets: "earliest"}, all))
	require.Equal(t, "20 2 0", read(streaming.KafkaSource{Assign: `{"` + topic + `":[0,1]}`, StartingOffsets: `{"` + topic + `":{"0":0,"1":-2}}`}, all))
	require.Equal(t, "0", read(streaming.KafkaSource{Subscribe: []string{topic}}, "count(*)"))
	require.Equal(t, "20", read(streaming.KafkaSource{Subscribe: []string{topic}, StartingTimestamp: "2020-01-01T00:00:00Z"}, "count(*)"))
	require.Equal(t, "20", read(streaming.KafkaSource{
		Subscribe: []string{topic}, StartingOffsetsByTimestamp: `{"` + topic + `":{"0":1,"1":1}}`,
	}, "count(*)"))
	require.Equal(t, "0", read(streaming.KafkaSource{
		Subscribe: []string{topic}, StartingTimestamp: "2100-01-01T00:00:00Z", StartingOffsetsByTimestampStrategy: "latest",
	}, "count(*)"))
	source := c.records(topic)
	source.IncludeHeaders, source.KeyFormat, source.MetadataColumn = true, "string", "meta"
	require.Equal(t, "20 20 20", read(source,
		"count(id), count_if(meta.key = string(id)), count_if(meta.headers[0].key = 'kind' AND string(meta.headers[0].value) = name)"))
	avro, copied := workIn(t), uniqueName("avro")
	drain(t, c.spark, streaming.StreamingPipeline{
		Source: c.records(topic), Sink: streaming.KafkaSink{Kafka: kafkaOf(c.kafka.Servers), Topic: copied, ValueFormat: "avro"}, CheckpointLocation: avro.path("c"),
	})
	schema := `{"type":"record","name":"r","fields":[{"name":"id","type":["long","null"]},{"name":"name","type":["string","null"]}]}`
	require.Equal(t, "20 190", read(streaming.KafkaSource{
		Subscribe: []string{copied}, StartingOffsets: "earliest", KafkaDecoding: streaming.KafkaDecoding{ValueFormat: "avro", ValueSchema: schema},
	}, "count(*), sum(id)"))
}

func testKafkaLogin(t *testing.T, c cluster) {
	topic := uniqueName("t")
	c.produce(t, topic, 0, 10)
	source := c.records(topic)
	source.BootstrapServers, source.SecurityProtocol, source.SASLMechanism = c.kafka.SASLServers, "SASL_PLAINTEXT", "PLAIN"
	source.Username, source.Password = kafkatest.User, secrets.NewValue(kafkatest.Password)
	view := uniqueName("v")
	drain(t, c.spark, streaming.StreamingPipeline{Source: source, Sink: streaming.MemorySink{}, QueryName: view})
	require.Equal(t, idsTo(10), ids(t, c.spark, view))
}

func testKafkaFaults(t *testing.T, c cluster) {
	topic := uniqueName("t")
	c.produce(t, topic, 0, 4)
	fails := func(source streaming.KafkaSource) error {
		t.Helper()
		q, err := streaming.StreamingPipeline{Source: source, Sink: streaming.NoopSink{}, Trigger: streaming.AvailableNow()}.Start(within(t), c.spark)
		if err == nil {
			err = q.AwaitTermination(within(t))
		}
		var spark *component.SparkError
		require.ErrorAs(t, err, &spark)
		return err
	}
	require.ErrorContains(t, fails(c.records("no_such_topic")), "UnknownTopicOrPartition")
	source := c.records(topic)
	source.StartingOffsets = `{"` + topic + `":{"0":0}}` // the topic has two
	require.ErrorContains(t, fails(source), "you must specify all TopicPartitions")
	source.StartingOffsets = `{"` + topic + `":{"0":1000000,"1":0}}` // nobody has written that many
	var failed *streaming.QueryError
	require.ErrorAs(t, fails(source), &failed)
	require.Equal(t, "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED", failed.Err.Class)
}
