package streaming

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// KafkaDecoding says what becomes of the bytes of records.
type KafkaDecoding struct {
	// KeyFormat is binary or string; default binary.
	KeyFormat string `koanf:"key_format" enum:"binary,string" doc:"what becomes of the column key; by default binary"`
	// ValueFormat is binary, string, json or avro; default binary. With json and avro
	// the columns are those of the schema, instead of Spark's.
	ValueFormat string `koanf:"value_format" enum:"binary,string,json,avro" doc:"what becomes of the value; with json and avro the columns are those of value_schema; by default binary"`
	// ValueSchema is a DDL text for json and an Avro schema as JSON for avro.
	ValueSchema string `koanf:"value_schema" doc:"columns of the value: DDL for json, an Avro schema for avro"`
	// ValueOptions are those of from_json or from_avro, such as mode FAILFAST.
	// By default a value that is no JSON gives a row of nulls, and one that is no
	// Avro fails the query.
	ValueOptions map[string]string `koanf:"value_options" doc:"options of from_json or from_avro under Spark's own keys, such as mode"`
	// ValueSkipBytes are cut off before Avro is read: 5 for what Confluent's
	// serializers put there.
	ValueSkipBytes int `koanf:"value_skip_bytes" min:"0" doc:"bytes to cut off before Avro is read; 5 for records of Confluent's serializers"`
	// MetadataColumn is the name of a struct with the rest of the record, beside the
	// columns of json and avro. Default none.
	MetadataColumn string `koanf:"metadata_column" doc:"name of a struct with key, topic, partition, offset, timestamp and headers, beside the columns of the value; by default none"`
}

func (d KafkaDecoding) format() string { return strings.ToLower(d.ValueFormat) }

func (d KafkaDecoding) checkValue(f *faultList) {
	f.oneOf("key_format", d.KeyFormat, "binary", "string")
	f.oneOf("value_format", d.ValueFormat, "binary", "string", "json", "avro")
	f.notNegative("value_skip_bytes", int64(d.ValueSkipBytes))
	columns := d.format() == "json" || d.format() == "avro"
	switch {
	case columns && strings.TrimSpace(d.ValueSchema) == "":
		f.add("value_schema is missing, and value_format is %s", d.format())
	case !columns && (d.ValueSchema != "" || len(d.ValueOptions) > 0 || d.MetadataColumn != ""):
		f.add("value_schema, value_options and metadata_column want value_format json or avro")
	case d.format() == "json":
		_, err := schema.Parse(d.ValueSchema)
		f.err("value_schema", err)
	case d.format() == "avro" && !json.Valid([]byte(d.ValueSchema)):
		f.add("value_schema is not the JSON of an Avro schema")
	}
	if d.ValueSkipBytes > 0 && d.format() != "avro" {
		f.add("value_skip_bytes wants value_format avro")
	}
}

// decode converts the columns of the connector, with no round trip.
func (d KafkaDecoding) decode(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, headers bool) (sql.DataFrame, error) {
	key := "key"
	if strings.EqualFold(d.KeyFormat, "string") {
		key = "CAST(key AS STRING) AS key"
	}
	rest := []string{"topic", "partition", "offset", "timestamp", "timestampType"}
	if headers {
		rest = append(rest, "headers")
	}
	switch d.format() {
	case "json", "avro":
		exprs := []string{d.valueExpr() + " AS v"}
		fields := []string{"v.*"}
		if d.MetadataColumn != "" {
			exprs = append(exprs, "struct("+strings.Join(append([]string{key}, rest...), ", ")+") AS m")
			fields = append(fields, "m AS "+quoteName(d.MetadataColumn))
		}
		typed, err := selectExpr(ctx, spark, df, exprs...)
		if err != nil {
			return nil, err
		}
		return selectExpr(ctx, spark, typed, fields...)
	case "string":
		return selectExpr(ctx, spark, df, append([]string{key, "CAST(value AS STRING) AS value"}, rest...)...)
	}
	if key == "key" {
		return df, nil
	}
	return selectExpr(ctx, spark, df, append([]string{key, "value"}, rest...)...)
}

func (d KafkaDecoding) valueExpr() string {
	value := "CAST(value AS STRING)"
	if d.format() == "avro" {
		value = "value"
		if d.ValueSkipBytes > 0 {
			value = "substring(value, " + strconv.Itoa(d.ValueSkipBytes+1) + ")"
		}
	}
	expr := "from_" + d.format() + "(" + value + ", " + literal(d.ValueSchema)
	if len(d.ValueOptions) > 0 {
		expr += ", " + sqlMap(d.ValueOptions)
	}
	return expr + ")"
}

// sqlMap writes options as SQL.
func sqlMap(options map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(options)) {
		parts = append(parts, literal(key), literal(options[key]))
	}
	return "map(" + strings.Join(parts, ", ") + ")"
}
