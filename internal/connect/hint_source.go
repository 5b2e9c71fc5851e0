package connect

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

// sourceJars says by the name of a data source which jar brings it.
var sourceJars = map[string]string{
	"avro":        "org.apache.spark:spark-avro_2.13 of the server's version",
	"aws-kinesis": "org.apache.spark:spark-streaming-sql-kinesis-connector_2.13, built from github.com/awslabs/spark-sql-kinesis-connector",
	"delta":       "io.delta:delta-spark_2.13",
	"eventhubs":   "com.microsoft.azure:azure-eventhubs-spark_2.12, which is for Spark 3; with Spark 4 read the event hub over Kafka's protocol",
	"iceberg":     "org.apache.iceberg:iceberg-spark-runtime-4.0_2.13",
	"kafka":       "org.apache.spark:spark-sql-kafka-0-10_2.13 of the server's version",
	"pubsub":      "no jar that is published: only Databricks Runtime has it",
}

// missingSource is the advice when the server does not know a data source. Spark
// has classes of its own for kafka and avro.
func missingSource(spark *component.SparkError) string {
	name := strings.ToLower(strings.Trim(spark.Parameters["provider"], "`"))
	switch spark.Class {
	case "DATA_SOURCE_NOT_FOUND":
	case "_LEGACY_ERROR_TEMP_1139", "AVRO_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE":
		name = "avro"
	case "_LEGACY_ERROR_TEMP_1140":
		name = "kafka"
	default:
		return ""
	}
	const text = "the server lacks the jar of this data source"
	if jar := sourceJars[name]; jar != "" {
		return text + ": " + jar
	}
	return text + ", or the format is misspelled"
}
