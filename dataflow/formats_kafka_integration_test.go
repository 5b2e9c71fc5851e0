package dataflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/kafkatest"
)

// testKafkaBatches writes records and reads all of them, and parts.
func testKafkaBatches(t *testing.T, spark *dataflow.Session) {
	broker := kafkaAt(kafkatest.Start(t).Servers)
	sink := dataflow.KafkaSink{
		Kafka: broker, Topic: "orders", Key: "id", Partition: "id % 2", Headers: map[string]string{"kind": "'k;--'"},
	}
	write(t, spark, sink, "SELECT CAST(id AS INT) AS id, 'grün \"q\"' AS name FROM range(0, 6, 1, 1)")
	source := dataflow.KafkaSource{
		Kafka: broker, Subscribe: []string{"orders"}, KafkaDecoding: dataflow.KafkaDecoding{ValueFormat: "json", ValueSchema: "id INT, name STRING"},
	}
	require.Equal(t, []string{`0 grün "q"`, `1 grün "q"`, `2 grün "q"`, `3 grün "q"`, `4 grün "q"`, `5 grün "q"`}, read(t, spark, source))
	ids := func(change func(*dataflow.KafkaSource)) []string {
		s := source
		s.ValueSchema = "id INT"
		change(&s)
		return read(t, spark, s)
	}
	require.Equal(t, []string{"2", "3"}, ids(func(s *dataflow.KafkaSource) {
		s.StartingOffsets, s.EndingOffsets = `{"orders":{"0":1,"1":1}}`, `{"orders":{"0":2,"1":2}}`
	}))
	require.Equal(t, []string{"1", "3", "5"}, ids(func(s *dataflow.KafkaSource) {
		s.Subscribe, s.Assign, s.EndingOffsets = nil, `{"orders":[1]}`, `{"orders":{"1":-1}}`
	}))
	require.Empty(t, ids(func(s *dataflow.KafkaSource) {
		s.StartingTimestamp, s.StartingOffsetsByTimestampStrategy = "4102444800000", "latest"
	}))
	require.Len(t, ids(func(s *dataflow.KafkaSource) { s.Subscribe, s.SubscribePattern = nil, "ord.*" }), 6)

	plain := dataflow.KafkaSource{Kafka: broker, Subscribe: []string{"orders"}, IncludeHeaders: true, KafkaDecoding: dataflow.KafkaDecoding{KeyFormat: "string", ValueFormat: "string"}}
	df, err := plain.Load(t.Context(), spark)
	require.NoError(t, err)
	view := uniqueName("records")
	require.NoError(t, spark.CreateTempView(t.Context(), df, view))
	require.Equal(t, []string{`0 {"id":0,"name":"grün \"q\""} orders 0 0 kind k;--`},
		rows(t, spark, "SELECT key, value, topic, partition, offset, headers[0].key, CAST(headers[0].value AS STRING) FROM "+view+" WHERE key = '0'"))

	sink.Value, sink.ValueFormat, sink.Headers, sink.Topic = "struct(id, name)", "avro", nil, "avro.orders"
	write(t, spark, sink, "SELECT 7 AS id, 'x' AS name")
	avro := dataflow.KafkaSource{Kafka: broker, Subscribe: []string{"avro.orders"}, KafkaDecoding: dataflow.KafkaDecoding{
		ValueFormat: "avro", ValueSchema: `{"type":"record","name":"topLevelRecord","fields":[{"name":"id","type":"int"},{"name":"name","type":"string"}]}`,
	}}
	require.Equal(t, []string{"7 x"}, read(t, spark, avro))
	t.Run("many", func(t *testing.T) { testKafkaMany(t, spark, broker) })
}
