package streaming_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// Everything that can be told without a cluster is told before anything is sent.
func ExampleKafkaSource() {
	orders := streaming.KafkaSource{
		Kafka: streaming.Kafka{
			BootstrapServers: "broker:9093", SecurityProtocol: "SASL_SSL", SASLMechanism: "SCRAM-SHA-512",
			Username: "shop", Password: secrets.NewValue("correct horse"),
		},
		Subscribe:       []string{"Orders"},
		StartingOffsets: `{"orders":{"0":23}}`,
		KafkaDecoding:   streaming.KafkaDecoding{ValueFormat: "json", ValueSchema: "id BIGINT, price DECIMAL(10,2)"},
	}
	fmt.Println(orders.Validate())
	fmt.Println(orders.Password)
	// Output:
	// kafka: starting_offsets: the topic orders is not read
	// kafka: starting_offsets: the topic Orders is missing; name every partition that is read
	// [REDACTED]
}

func ExampleDeltaMergeSink() {
	pipe := streaming.StreamingPipeline{
		Source: streaming.KafkaSource{
			Kafka: streaming.Kafka{BootstrapServers: "broker:9092"}, Subscribe: []string{"customers"},
			KafkaDecoding: streaming.KafkaDecoding{ValueFormat: "json", ValueSchema: "id BIGINT, name STRING, changed TIMESTAMP"},
		},
		Sink:               streaming.DeltaMergeSink{Table: "shop.customers", StagingPath: "/staging/customers", Keys: []string{"id"}, LatestBy: "changed"},
		CheckpointLocation: "/checkpoints/customers",
	}
	fmt.Println(pipe.Validate())
	pipe.Trigger = streaming.AvailableNow()
	fmt.Println(pipe.Validate())
	// Output:
	// sink: it cannot do the trigger default, only available_now, once
	// <nil>
}
