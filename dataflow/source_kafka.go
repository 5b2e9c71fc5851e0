package dataflow

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/kafka"
	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// KafkaSource reads the records that topics have now, or a part of them. Without a
// ValueFormat the columns are those of Spark: key and value as bytes, topic,
// partition, offset, timestamp, timestampType, and headers with IncludeHeaders.
//
// It remembers nothing: a second run reads the same records again, and those that
// have come. To go on where the last run ended there is a stream with the trigger
// available_now.
type KafkaSource struct {
	Kafka `koanf:",squash"`
	// Subscribe are topics, SubscribePattern a regular expression of Java for their
	// names, Assign JSON such as {"topic":[0,1]}; one of them is set.
	Subscribe        []string `koanf:"subscribe" alias:"topics" doc:"topics to read"`
	SubscribePattern string   `koanf:"subscribe_pattern" alias:"topic_pattern" doc:"regular expression of Java for the topics, instead of subscribe"`
	Assign           string   `koanf:"assign" doc:"partitions to read as JSON such as {\"topic\":[0,1]}, instead of subscribe"`
	// StartingOffsets is earliest, or JSON such as {"topic":{"0":23,"1":-2}}, where -2
	// is the earliest; it names every partition. Default earliest.
	StartingOffsets string `koanf:"starting_offsets" doc:"earliest or JSON such as {\"topic\":{\"0\":23,\"1\":-2}}; by default earliest"`
	// StartingTimestamp starts at the records from that time on: RFC 3339, or
	// milliseconds since 1970. StartingOffsetsByTimestamp is JSON of milliseconds such
	// as {"topic":{"0":1700000000000}}.
	StartingTimestamp          string `koanf:"starting_timestamp" doc:"start at the records from then on: RFC 3339 or milliseconds since 1970"`
	StartingOffsetsByTimestamp string `koanf:"starting_offsets_by_timestamp" doc:"start at the records from then on, as JSON of milliseconds by topic and partition"`
	// StartingOffsetsByTimestampStrategy says what becomes of a partition with no
	// record from that time on: error or latest. Default error.
	StartingOffsetsByTimestampStrategy string `koanf:"starting_offsets_by_timestamp_strategy" enum:"error,latest" doc:"what becomes of a partition with no record from then on; by default error"`
	// EndingOffsets is latest, or JSON in which -1 is the latest: the records before
	// that offset are read. Default latest.
	EndingOffsets string `koanf:"ending_offsets" doc:"latest or JSON such as {\"topic\":{\"0\":50,\"1\":-1}}, which is not read itself; by default latest"`
	// EndingTimestamp and EndingOffsetsByTimestamp end before the records from that
	// time on.
	EndingTimestamp          string `koanf:"ending_timestamp" doc:"end before the records from then on: RFC 3339 or milliseconds since 1970"`
	EndingOffsetsByTimestamp string `koanf:"ending_offsets_by_timestamp" doc:"end before the records from then on, as JSON of milliseconds by topic and partition"`
	// FailOnDataLoss fails when records are gone that were to be read; nil is Spark's
	// default, true.
	FailOnDataLoss *bool `koanf:"fail_on_data_loss" doc:"fail when records are gone that were to be read; by default true"`
	// MinPartitions splits partitions of Kafka so that there are as many tasks.
	MinPartitions int `koanf:"min_partitions" min:"0" doc:"fewest tasks; partitions of Kafka are split for it"`
	// MaxRecordsPerPartition splits partitions of Kafka so that no task has more
	// records. Spark 4.0 and later.
	MaxRecordsPerPartition int64 `koanf:"max_records_per_partition" min:"0" doc:"most records of a task; Spark 4.0 and later"`
	// GroupIDPrefix begins the names of the consumer groups, which Spark makes.
	// GroupID is one name for all.
	GroupIDPrefix string `koanf:"group_id_prefix" doc:"beginning of the names of the consumer groups, which Spark makes"`
	GroupID       string `koanf:"group_id" doc:"name of the consumer group, for brokers that allow only some"`
	// IncludeHeaders adds the column headers.
	IncludeHeaders bool `koanf:"include_headers" default:"false" doc:"add the column headers"`
	KafkaDecoding  `koanf:",squash"`
}

var (
	_ Source              = KafkaSource{}
	_ SourceChecker       = KafkaSource{}
	_ component.Validator = KafkaSource{}
)

func (s KafkaSource) topics() kafka.Topics {
	return kafka.Topics{Subscribe: s.Subscribe, Pattern: s.SubscribePattern, Assign: s.Assign}
}

// points are where reading begins and ends.
func (s KafkaSource) points() []kafka.Point {
	return []kafka.Point{
		{Key: "starting", Offsets: s.StartingOffsets, Timestamp: s.StartingTimestamp, ByTimestamp: s.StartingOffsetsByTimestamp},
		{Key: "ending", Offsets: s.EndingOffsets, Timestamp: s.EndingTimestamp, ByTimestamp: s.EndingOffsetsByTimestamp},
	}
}

// Validate reports everything that the connector would refuse and that can be told
// without it.
func (s KafkaSource) Validate() error {
	f := &options.Faults{What: "kafka"}
	kafka.Connection(s.Kafka).Check(f, kafka.RefusedByConsumer())
	s.topics().Check(f)
	for _, point := range s.points() {
		point.Check(f, s.topics())
		point.CheckBatch(f)
	}
	f.OneOf("starting_offsets_by_timestamp_strategy", s.StartingOffsetsByTimestampStrategy, "error", "latest")
	if s.StartingOffsetsByTimestampStrategy != "" && s.StartingTimestamp == "" && s.StartingOffsetsByTimestamp == "" {
		f.Add("starting_offsets_by_timestamp_strategy wants starting_timestamp or starting_offsets_by_timestamp")
	}
	f.NotNegative("min_partitions", int64(s.MinPartitions))
	f.NotNegative("max_records_per_partition", s.MaxRecordsPerPartition)
	f.AtMostOne("group_id", s.GroupID, "group_id_prefix", s.GroupIDPrefix)
	kafka.Decoding(s.KafkaDecoding).Check(f)
	return f.Join()
}

func (s KafkaSource) options() options.Set {
	o := kafka.Connection(s.Kafka).Settings()
	s.topics().Options(o)
	for _, point := range s.points() {
		point.Options(o)
	}
	o.Text("startingOffsetsByTimestampStrategy", strings.ToLower(s.StartingOffsetsByTimestampStrategy))
	o.Choice("failOnDataLoss", s.FailOnDataLoss)
	o.Number("minPartitions", int64(s.MinPartitions))
	o.Number("maxRecordsPerPartition", s.MaxRecordsPerPartition)
	o.Text("groupIdPrefix", s.GroupIDPrefix)
	o.Text("kafka.group.id", s.GroupID)
	o.Flag("includeHeaders", s.IncludeHeaders)
	return o
}

// Load implements [Source], with no round trip.
func (s KafkaSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	df, err := Reader{Format: "kafka", Options: mergeOptions(s.options(), s.Options)}.Load(ctx, spark)
	if err != nil {
		return nil, err
	}
	return selectAll(ctx, spark, df, kafka.Decoding(s.KafkaDecoding).Columns(s.IncludeHeaders)...)
}

// CheckLoad implements [SourceChecker]: the columns are those of Spark, or those of
// the schema; Kafka is not asked.
func (s KafkaSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	if scope.Sampling() {
		df, err := s.Load(ctx, scope.Spark())
		if err != nil {
			return nil, err
		}
		return scope.limited(ctx, df)
	}
	return s.Load(ctx, scope.Spark())
}

// Lineage implements [Describer]: the topics, with the brokers before them. A
// pattern is opaque.
func (s KafkaSource) Lineage() Lineage {
	l := Lineage{Effect: EffectNone, Opaque: s.SubscribePattern != ""}
	for _, topic := range s.topics().Names() {
		l.Inputs = addDataset(l.Inputs, kafkaPlace(s.Kafka).dataset(sqltext.Name{topic}))
	}
	return l
}

// String names the source without its settings, some of which are secret.
func (s KafkaSource) String() string { return fmt.Sprintf("kafka source of %s", s.BootstrapServers) }
