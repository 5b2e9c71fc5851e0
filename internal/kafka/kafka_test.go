package kafka_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/kafka"
	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestTopics(t *testing.T) {
	t.Parallel()
	topics := kafka.Topics{Assign: `{"b":[1],"a":[0,1]}`}
	require.Equal(t, []string{"a", "b"}, topics.Names())
	f := &options.Faults{What: "kafka"}
	topics.Check(f)
	topics.CheckValues(f, "starting_offsets", kafka.PartitionValues{"a": {0: 1, 2: 1}, "c": {0: 1}})
	require.EqualError(t, f.Join(), `kafka: starting_offsets: the partition 2 of the topic a is not assigned
kafka: starting_offsets: the topic c is not read
kafka: starting_offsets: the partition 1 of the topic a is missing
kafka: starting_offsets: the topic b is missing; name every partition that is read`)
	f = &options.Faults{What: "kafka"}
	kafka.Topics{Assign: "{"}.Check(f)
	kafka.Topics{Subscribe: []string{"a/b"}}.Check(f)
	require.ErrorContains(t, f.Join(), `assign: "{" is no JSON such as {"topic":[0,1]}`)
	require.ErrorContains(t, f.Join(), `subscribe: "a/b" is no name of a topic`)
}

func TestPointsOfBatches(t *testing.T) {
	t.Parallel()
	for text, wrong := range map[string][2]bool{ // as a begin, as an end
		"": {}, "earliest": {false, true}, "latest": {true, false}, "LATEST": {true, false},
		`{"t":{"0":-2}}`: {false, true}, `{"t":{"0":-1}}`: {true, false}, `{"t":{"0":5}}`: {},
	} {
		for i, key := range []string{"starting", "ending"} {
			f := &options.Faults{What: "kafka"}
			kafka.Point{Key: key, Offsets: text}.CheckBatch(f)
			require.Equal(t, wrong[i], !f.Clean(), "%s_offsets %s", key, text)
		}
	}
	o := options.Set{}
	kafka.Point{Key: "ending", Offsets: " LATEST ", Timestamp: "1970-01-01T00:00:01Z", ByTimestamp: "{}"}.Options(o)
	require.Equal(t, options.Set{"endingOffsets": "latest", "endingTimestamp": "1000", "endingOffsetsByTimestamp": "{}"}, o)
}

func TestDecodingSelects(t *testing.T) {
	t.Parallel()
	require.Nil(t, kafka.Decoding{}.Columns(true))
	require.Equal(t, [][]string{{"CAST(key AS STRING) AS key", "value", "topic", "partition", "offset", "timestamp", "timestampType"}},
		kafka.Decoding{KeyFormat: "String"}.Columns(false))
	require.Equal(t, [][]string{
		{`from_avro(substring(value, 6), '"it\'s"', map('a\'', 'b')) AS v`, "struct(key, topic, partition, offset, timestamp, timestampType) AS m"},
		{"v.*", "m AS `m```"},
	}, kafka.Decoding{ValueFormat: "avro", ValueSchema: `"it's"`, ValueSkipBytes: 5, ValueOptions: map[string]string{"a'": "b"}, MetadataColumn: "m`"}.Columns(false))
}

func FuzzParseOffsets(f *testing.F) {
	for _, text := range []string{"", "earliest", `{"t":{"0":1}}`, `{"t":{"0":-3}}`, `{"t":{}}`, `{"t":[1]}`, `{"t":{"0":1},"t":{"0":2}}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := kafka.ParseOffsets(text)
		if err != nil {
			require.Nil(t, values)
			return
		}
		for topic, partitions := range values {
			require.NoError(t, kafka.CheckTopic(topic))
			require.NotEmpty(t, partitions)
		}
	})
}

func Example() {
	connection := kafka.Connection{
		BootstrapServers: "b:9092", SecurityProtocol: "SASL_SSL", SASLMechanism: "PLAIN", Username: "ann", Password: secrets.NewValue(`p"w`),
	}
	faults := &options.Faults{What: "kafka"}
	connection.Check(faults, kafka.RefusedByConsumer())
	fmt.Println(faults.Join(), connection.Settings()["kafka.sasl.jaas.config"])
	// Output:
	// <nil> org.apache.kafka.common.security.plain.PlainLoginModule required username="ann" password="p\"w";
}
