package streaming

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// KafkaSink writes rows as records. It is at least once: Spark's Kafka sink has
// no transactions, so a batch that is written again after a crash puts its records
// there twice. Readers that cannot stand this put an id into the record.
//
// Key, Value, Topic and headers are SQL expressions on the columns of the row; the
// name of a column is one too.
type KafkaSink struct {
	Kafka `koanf:",squash"`
	// Topic is the topic of all records, TopicColumn an expression for the topic of
	// each; one of them is set.
	Topic       string `koanf:"topic" doc:"topic of all records"`
	TopicColumn string `koanf:"topic_column" doc:"column or SQL expression for the topic of each record, instead of topic"`
	// Key is an expression; default none, and then Kafka spreads the records.
	Key string `koanf:"key" alias:"key_column" doc:"column or SQL expression for the key; by default none"`
	// KeyFormat is string, json or avro; default string. Bytes stay bytes.
	KeyFormat string `koanf:"key_format" enum:"string,json,avro" doc:"how the key is written; by default as a string"`
	// Value is an expression; default the whole row.
	Value string `koanf:"value" alias:"value_column" doc:"column or SQL expression for the value; by default the whole row"`
	// ValueFormat is string, json or avro; default json for the whole row and string
	// for an expression. Bytes stay bytes as a string.
	ValueFormat string `koanf:"value_format" enum:"string,json,avro" doc:"how the value is written; by default json for the whole row and string for an expression"`
	// ValueSchema is an Avro schema; default that of the columns.
	ValueSchema string `koanf:"value_schema" doc:"Avro schema of the value; by default that of the columns"`
	// ValueOptions are those of to_json.
	ValueOptions map[string]string `koanf:"value_options" doc:"options of to_json under Spark's own keys, such as ignoreNullFields"`
	// Headers are expressions by the names of headers, written as strings.
	Headers map[string]string `koanf:"headers" doc:"columns or SQL expressions by the names of headers"`
	// Partition is an expression for the partition, an integer; default Kafka's
	// choice by the key.
	Partition string `koanf:"partition" alias:"partition_column" doc:"column or SQL expression for the partition; by default Kafka chooses by the key"`
	// EnableIdempotence keeps a producer from writing a record twice when it asks
	// again; nil is Kafka's default, true. It does not make batches exactly once.
	EnableIdempotence *bool `koanf:"enable_idempotence" doc:"keep a producer from writing a record twice when it asks again; by default true"`
}

var _ TraitedSink = KafkaSink{}

var refusedByProducer = map[string]string{
	"transactional.id": "Spark's Kafka sink begins no transactions, so that a producer with one refuses every record",
	"key.serializer":   "keys are always bytes; set key_format",
	"value.serializer": "values are always bytes; set value_format",
}

// Traits implements [TraitedSink].
func (KafkaSink) Traits() SinkTraits { return SinkTraits{NeedsCheckpoint: true} }

// Validate reports everything that is wrong and can be told without the server.
func (s KafkaSink) Validate() error {
	f := &faultList{what: "kafka"}
	s.checkCluster(f, refusedByProducer)
	f.exactlyOne("topic", s.Topic, "topic_column", s.TopicColumn)
	if s.Topic != "" {
		f.err("topic", checkTopic(s.Topic))
	}
	f.oneOf("key_format", s.KeyFormat, "string", "json", "avro")
	f.oneOf("value_format", s.ValueFormat, "string", "json", "avro")
	if s.KeyFormat != "" && s.Key == "" {
		f.add("key_format wants key")
	}
	if s.Value == "" && strings.EqualFold(s.ValueFormat, "string") {
		f.add("value_format string wants value: a whole row has no string")
	}
	if s.ValueSchema != "" && s.valueFormat() != "avro" {
		f.add("value_schema wants value_format avro")
	}
	if len(s.ValueOptions) > 0 && s.valueFormat() != "json" {
		f.add("value_options wants value_format json")
	}
	for _, name := range keys(s.Headers) {
		if name == "" || strings.TrimSpace(s.Headers[name]) == "" {
			f.add("headers: the header %q has no name or no expression", name)
		}
	}
	return f.join()
}

func (s KafkaSink) valueFormat() string {
	switch {
	case s.ValueFormat != "":
		return strings.ToLower(s.ValueFormat)
	case s.Value == "":
		return "json"
	}
	return "string"
}

// WriteStream implements [StreamingSink].
func (s KafkaSink) WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	records, err := selectExpr(ctx, spark, df, s.record()...)
	if err != nil {
		return nil, err
	}
	o := s.options()
	o.text("topic", s.Topic)
	o.choice("kafka.enable.idempotence", s.EnableIdempotence)
	if len(s.Headers) > 0 {
		o["includeHeaders"] = "true"
	}
	w.Format = "kafka"
	w.Options = withOptions(withOptions(o, s.Options), w.Options)
	return w.Start(ctx, spark, records)
}

// record are the columns that the connector looks for. Expressions end with a line
// break, since they may end with a comment.
func (s KafkaSink) record() []string {
	value := s.Value
	if value == "" {
		value = "struct(*)"
	}
	var out []string
	if s.Key != "" {
		out = append(out, encode(s.Key, strings.ToLower(s.KeyFormat), "", nil)+" AS key")
	}
	out = append(out, encode(value, s.valueFormat(), s.ValueSchema, s.ValueOptions)+" AS value")
	if s.TopicColumn != "" {
		out = append(out, "CAST("+s.TopicColumn+"\n AS STRING) AS topic")
	}
	if s.Partition != "" {
		out = append(out, "CAST("+s.Partition+"\n AS INT) AS partition")
	}
	var headers []string
	for _, name := range keys(s.Headers) {
		headers = append(headers, "struct("+literal(name)+" AS key, CAST(CAST("+s.Headers[name]+"\n AS STRING) AS BINARY) AS value)")
	}
	if len(headers) > 0 {
		out = append(out, "array("+strings.Join(headers, ", ")+") AS headers")
	}
	return out
}

func encode(expr, format, avroSchema string, options map[string]string) string {
	switch format {
	case "json":
		if len(options) > 0 {
			return "to_json(" + expr + "\n, " + sqlMap(options) + ")"
		}
		return "to_json(" + expr + "\n)"
	case "avro":
		if avroSchema != "" {
			return "to_avro(" + expr + "\n, " + literal(avroSchema) + ")"
		}
		return "to_avro(" + expr + "\n)"
	}
	return "CAST(" + expr + "\n AS STRING)"
}

// Lineage implements [dataflow.Describer]: the topic, with the brokers before it.
func (s KafkaSink) Lineage() dataflow.Lineage {
	l := dataflow.Lineage{Effect: dataflow.EffectRepeats, Partial: true, Opaque: s.Topic == ""}
	if s.Topic != "" {
		l.Outputs = []dataflow.Dataset{outsideTable(s.place(), s.Topic)}
	}
	return l
}

// String names the sink without its settings, some of which are secret.
func (s KafkaSink) String() string { return fmt.Sprintf("kafka sink of %s", s.BootstrapServers) }
