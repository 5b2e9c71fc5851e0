package streaming

import (
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Kafka says how Spark reaches a Kafka cluster, as it does for batches. The server
// needs the jar org.apache.spark:spark-sql-kafka-0-10_2.13 of its own version.
type Kafka = dataflow.Kafka

// KafkaDecoding says what becomes of the bytes of records, as it does for batches.
type KafkaDecoding = dataflow.KafkaDecoding
