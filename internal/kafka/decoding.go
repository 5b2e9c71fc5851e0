package kafka

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Decoding says what becomes of the bytes of records. Its fields are those of
// dataflow.KafkaDecoding, which is converted to it.
type Decoding struct {
	// KeyFormat is binary or string; default binary.
	KeyFormat string
	// ValueFormat is binary, string, json or avro; default binary. With json and avro
	// the columns are those of the schema, instead of Spark's.
	ValueFormat string
	// ValueSchema is a DDL text for json and an Avro schema as JSON for avro.
	ValueSchema string
	// ValueOptions are those of from_json or from_avro, such as mode FAILFAST.
	// By default a value that is no JSON gives a row of nulls, and one that is no
	// Avro fails the query.
	ValueOptions map[string]string
	// ValueSkipBytes are cut off before Avro is read: 5 for what Confluent's
	// serializers put there.
	ValueSkipBytes int
	// MetadataColumn is the name of a struct with the rest of the record, beside the
	// columns of json and avro. Default none.
	MetadataColumn string
}

func (d Decoding) format() string { return strings.ToLower(d.ValueFormat) }

// Check reports what is missing or does not go together.
func (d Decoding) Check(f *options.Faults) {
	f.OneOf("key_format", d.KeyFormat, "binary", "string")
	f.OneOf("value_format", d.ValueFormat, "binary", "string", "json", "avro")
	f.NotNegative("value_skip_bytes", int64(d.ValueSkipBytes))
	columns := d.format() == "json" || d.format() == "avro"
	switch {
	case columns && strings.TrimSpace(d.ValueSchema) == "":
		f.Add("value_schema is missing, and value_format is %s", d.format())
	case !columns && (d.ValueSchema != "" || len(d.ValueOptions) > 0 || d.MetadataColumn != ""):
		f.Add("value_schema, value_options and metadata_column want value_format json or avro")
	case d.format() == "json":
		_, err := schema.Parse(d.ValueSchema)
		f.Err("value_schema", err)
	case d.format() == "avro" && !json.Valid([]byte(d.ValueSchema)):
		f.Add("value_schema is not the JSON of an Avro schema")
	}
	if d.ValueSkipBytes > 0 && d.format() != "avro" {
		f.Add("value_skip_bytes wants value_format avro")
	}
}

// Columns are the expressions that convert the columns of the connector, in the
// order in which they are selected, one selection after the other; none at all
// leave them as they are.
func (d Decoding) Columns(headers bool) [][]string {
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
		exprs, fields := []string{d.valueExpr() + " AS v"}, []string{"v.*"}
		if d.MetadataColumn != "" {
			exprs = append(exprs, "struct("+strings.Join(append([]string{key}, rest...), ", ")+") AS m")
			fields = append(fields, "m AS `"+strings.ReplaceAll(d.MetadataColumn, "`", "``")+"`")
		}
		return [][]string{exprs, fields}
	case "string":
		return [][]string{append([]string{key, "CAST(value AS STRING) AS value"}, rest...)}
	}
	if key == "key" {
		return nil
	}
	return [][]string{append([]string{key, "value"}, rest...)}
}

func (d Decoding) valueExpr() string {
	value := "CAST(value AS STRING)"
	if d.format() == "avro" {
		value = "value"
		if d.ValueSkipBytes > 0 {
			value = "substring(value, " + strconv.Itoa(d.ValueSkipBytes+1) + ")"
		}
	}
	expr := "from_" + d.format() + "(" + value + ", " + options.Literal(d.ValueSchema)
	if len(d.ValueOptions) > 0 {
		expr += ", " + sqlMap(d.ValueOptions)
	}
	return expr + ")"
}

// sqlMap writes options as SQL.
func sqlMap(set map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(set)) {
		parts = append(parts, options.Literal(key), options.Literal(set[key]))
	}
	return "map(" + strings.Join(parts, ", ") + ")"
}
