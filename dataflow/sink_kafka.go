package dataflow

import (
	"context"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/kafka"
	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// KafkaSink writes rows as records. Spark's Kafka sink has no transactions: a
// write that is repeated puts its records there twice, and one that fails leaves
// some. Readers that cannot stand this put an id into the record.
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

var (
	_ Sink                = KafkaSink{}
	_ SinkChecker         = KafkaSink{}
	_ component.Validator = KafkaSink{}
)

func (s KafkaSink) record() kafka.Record {
	return kafka.Record{
		Topic: s.Topic, TopicColumn: s.TopicColumn, Key: s.Key, KeyFormat: s.KeyFormat, Value: s.Value, ValueFormat: s.ValueFormat,
		ValueSchema: s.ValueSchema, ValueOptions: s.ValueOptions, Headers: s.Headers, Partition: s.Partition,
	}
}

// Validate reports everything that is wrong and can be told without the server.
func (s KafkaSink) Validate() error {
	f := &options.Faults{What: "kafka"}
	kafka.Connection(s.Kafka).Check(f, kafka.RefusedByProducer())
	s.record().Check(f)
	return f.Join()
}

// Write implements [Sink].
func (s KafkaSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if err := s.Validate(); err != nil {
		return err
	}
	records, err := selectAll(ctx, spark, df, s.record().Columns())
	if err != nil {
		return err
	}
	o := kafka.Connection(s.Kafka).Settings()
	o.Text("topic", s.Topic)
	o.Choice("kafka.enable.idempotence", s.EnableIdempotence)
	o.Flag("includeHeaders", len(s.Headers) > 0)
	return Writer{Format: "kafka", Mode: SaveModeAppend, Options: mergeOptions(o, s.Options)}.Save(ctx, spark, records, "")
}

// CheckWrite implements [SinkChecker]: the expressions are analysed against the
// columns; Kafka is not asked.
func (s KafkaSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	if err := s.Validate(); err != nil {
		return err
	}
	df, ok := scope.checks.empty(in)
	if !ok {
		return nil
	}
	records, err := selectAll(ctx, scope.Spark(), df, s.record().Columns())
	if err != nil {
		return err
	}
	_, err = scope.checks.analyze(ctx, records)
	return err
}

// Lineage implements [Describer]: the topic, with the brokers before it.
func (s KafkaSink) Lineage() Lineage {
	l := Lineage{Effect: EffectRepeats, Partial: true, Opaque: s.Topic == ""}
	if s.Topic != "" {
		l.Outputs = []Dataset{kafkaPlace(s.Kafka).dataset(sqltext.Name{s.Topic})}
	}
	return l
}

// String names the sink without its settings, some of which are secret.
func (s KafkaSink) String() string { return fmt.Sprintf("kafka sink of %s", s.BootstrapServers) }
