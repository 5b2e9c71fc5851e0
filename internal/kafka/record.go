package kafka

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Record says what a record is made of; its fields are SQL expressions on the
// columns of a row.
type Record struct {
	Topic, TopicColumn string
	Key, KeyFormat     string
	Value, ValueFormat string
	ValueSchema        string
	ValueOptions       map[string]string
	Headers            map[string]string
	Partition          string
}

// RefusedByProducer are settings that Spark keeps for itself when it writes.
func RefusedByProducer() map[string]string {
	return map[string]string{
		"transactional.id": "Spark's Kafka sink begins no transactions, so that a producer with one refuses every record",
		"key.serializer":   "keys are always bytes; set key_format",
		"value.serializer": "values are always bytes; set value_format",
	}
}

// Check reports what is missing or does not go together.
func (r Record) Check(f *options.Faults) {
	f.ExactlyOne("topic", r.Topic, "topic_column", r.TopicColumn)
	if r.Topic != "" {
		f.Err("topic", CheckTopic(r.Topic))
	}
	f.OneOf("key_format", r.KeyFormat, "string", "json", "avro")
	f.OneOf("value_format", r.ValueFormat, "string", "json", "avro")
	if r.KeyFormat != "" && r.Key == "" {
		f.Add("key_format wants key")
	}
	if r.Value == "" && strings.EqualFold(r.ValueFormat, "string") {
		f.Add("value_format string wants value: a whole row has no string")
	}
	if r.ValueSchema != "" && r.valueFormat() != "avro" {
		f.Add("value_schema wants value_format avro")
	}
	if len(r.ValueOptions) > 0 && r.valueFormat() != "json" {
		f.Add("value_options wants value_format json")
	}
	for _, name := range options.Keys(r.Headers) {
		if name == "" || strings.TrimSpace(r.Headers[name]) == "" {
			f.Add("headers: the header %q has no name or no expression", name)
		}
	}
}

// Columns are the columns that the connector looks for. Expressions end with a
// line break, since they may end with a comment.
func (r Record) Columns() []string {
	value := r.Value
	if value == "" {
		value = "struct(*)"
	}
	var out []string
	if r.Key != "" {
		out = append(out, encode(r.Key, strings.ToLower(r.KeyFormat), "", nil)+" AS key")
	}
	out = append(out, encode(value, r.valueFormat(), r.ValueSchema, r.ValueOptions)+" AS value")
	if r.TopicColumn != "" {
		out = append(out, "CAST("+r.TopicColumn+"\n AS STRING) AS topic")
	}
	if r.Partition != "" {
		out = append(out, "CAST("+r.Partition+"\n AS INT) AS partition")
	}
	var headers []string
	for _, name := range options.Keys(r.Headers) {
		headers = append(headers, "struct("+options.Literal(name)+" AS key, CAST(CAST("+r.Headers[name]+"\n AS STRING) AS BINARY) AS value)")
	}
	if len(headers) > 0 {
		out = append(out, "array("+strings.Join(headers, ", ")+") AS headers")
	}
	return out
}

func encode(expr, format, avroSchema string, more map[string]string) string {
	switch format {
	case "json":
		if len(more) > 0 {
			return "to_json(" + expr + "\n, " + sqlMap(more) + ")"
		}
		return "to_json(" + expr + "\n)"
	case "avro":
		if avroSchema != "" {
			return "to_avro(" + expr + "\n, " + options.Literal(avroSchema) + ")"
		}
		return "to_avro(" + expr + "\n)"
	}
	return "CAST(" + expr + "\n AS STRING)"
}

func (r Record) valueFormat() string {
	switch {
	case r.ValueFormat != "":
		return strings.ToLower(r.ValueFormat)
	case r.Value == "":
		return "json"
	}
	return "string"
}
