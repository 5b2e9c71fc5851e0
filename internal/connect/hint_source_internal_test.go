package connect

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
)

func TestHintsOfMissingSources(t *testing.T) {
	t.Parallel()
	const lacks = "the server lacks the jar of this data source"
	tests := map[string]struct{ class, provider, want string }{
		"kafka":         {"_LEGACY_ERROR_TEMP_1140", "", lacks + ": org.apache.spark:spark-sql-kafka-0-10_2.13 of the server's version"},
		"avro":          {"_LEGACY_ERROR_TEMP_1139", "", lacks + ": org.apache.spark:spark-avro_2.13 of the server's version"},
		"avro function": {"AVRO_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE", "", lacks + ": org.apache.spark:spark-avro_2.13 of the server's version"},
		"delta":         {"DATA_SOURCE_NOT_FOUND", "delta", lacks + ": io.delta:delta-spark_2.13"},
		"in any case":   {"DATA_SOURCE_NOT_FOUND", "`Iceberg`", lacks + ": org.apache.iceberg:iceberg-spark-runtime-4.0_2.13"},
		"unknown":       {"DATA_SOURCE_NOT_FOUND", "bigquery", lacks + ", or the format is misspelled"},
		"no parameter":  {"DATA_SOURCE_NOT_FOUND", "", lacks + ", or the format is misspelled"},
		"another class": {"DIVIDE_BY_ZERO", "delta", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, missingSource(&component.SparkError{Class: tt.class, Parameters: map[string]string{"provider": tt.provider}}))
		})
	}
}
