package streaming

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/kafka"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// KafkaSource reads the records of topics. Without a ValueFormat the columns are
// those of Spark: key and value as bytes, topic, partition, offset, timestamp,
// timestampType, and headers with IncludeHeaders.
//
// The offsets that it starts at count for the first run of a query only; after
// that the checkpoint tells.
type KafkaSource struct {
	Kafka `koanf:",squash"`
	// Subscribe are topics, SubscribePattern a regular expression of Java for their
	// names, Assign JSON such as {"topic":[0,1]}; one of them is set.
	Subscribe        []string `koanf:"subscribe" alias:"topics" doc:"topics to read"`
	SubscribePattern string   `koanf:"subscribe_pattern" alias:"topic_pattern" doc:"regular expression of Java for the topics, instead of subscribe"`
	Assign           string   `koanf:"assign" doc:"partitions to read as JSON such as {\"topic\":[0,1]}, instead of subscribe"`
	// StartingOffsets is earliest, latest, or JSON such as {"topic":{"0":23,"1":-2}},
	// where -2 is the earliest and -1 the latest; it names every partition. Default
	// latest.
	StartingOffsets string `koanf:"starting_offsets" doc:"earliest, latest or JSON such as {\"topic\":{\"0\":23,\"1\":-2}}; by default latest"`
	// StartingTimestamp starts at the records from that time on: RFC 3339, or
	// milliseconds since 1970.
	StartingTimestamp string `koanf:"starting_timestamp" doc:"start at the records from then on: RFC 3339 or milliseconds since 1970"`
	// StartingOffsetsByTimestamp is JSON of milliseconds such as
	// {"topic":{"0":1700000000000}}.
	StartingOffsetsByTimestamp string `koanf:"starting_offsets_by_timestamp" doc:"start at the records from then on, as JSON of milliseconds by topic and partition"`
	// StartingOffsetsByTimestampStrategy says what becomes of a partition with no
	// record from that time on: error or latest. Default error.
	StartingOffsetsByTimestampStrategy string `koanf:"starting_offsets_by_timestamp_strategy" enum:"error,latest" doc:"what becomes of a partition with no record from then on; by default error"`
	// EndingOffsets is refused: a stream has no end.
	EndingOffsets string `koanf:"ending_offsets" doc:"refused: a stream has no end"`
	// FailOnDataLoss fails the query when records are gone that it has not read;
	// nil is Spark's default, true.
	FailOnDataLoss *bool `koanf:"fail_on_data_loss" doc:"fail when records are gone that were not read; by default true"`
	// MaxOffsetsPerTrigger and MinOffsetsPerTrigger bound a batch, in records of all
	// partitions together; 0 does not.
	MaxOffsetsPerTrigger int64 `koanf:"max_offsets_per_trigger" min:"0" doc:"most records of a batch"`
	MinOffsetsPerTrigger int64 `koanf:"min_offsets_per_trigger" min:"0" doc:"fewest records of a batch"`
	// MaxTriggerDelay is how long a batch waits for the fewest; default 15 minutes.
	MaxTriggerDelay time.Duration `koanf:"max_trigger_delay" doc:"how long a batch waits for the fewest records; by default 15m"`
	// MinPartitions splits partitions of Kafka so that there are as many tasks.
	MinPartitions int `koanf:"min_partitions" min:"0" doc:"fewest tasks of a batch; partitions of Kafka are split for it"`
	// MaxRecordsPerPartition splits partitions of Kafka so that no task has more
	// records. Spark 4.0 and later.
	MaxRecordsPerPartition int64 `koanf:"max_records_per_partition" min:"0" doc:"most records of a task; Spark 4.0 and later"`
	// GroupIDPrefix begins the names of the consumer groups, which Spark makes.
	// GroupID is one name for all; two queries with the same one disturb each other.
	GroupIDPrefix string `koanf:"group_id_prefix" doc:"beginning of the names of the consumer groups, which Spark makes"`
	GroupID       string `koanf:"group_id" doc:"name of the consumer group, for brokers that allow only some"`
	// IncludeHeaders adds the column headers.
	IncludeHeaders bool `koanf:"include_headers" default:"false" doc:"add the column headers"`
	KafkaDecoding  `koanf:",squash"`
}

var _ StreamingSource = KafkaSource{}

// Validate reports everything that the connector would refuse and that can be told
// without it.
func (s KafkaSource) Validate() error {
	f := &options.Faults{What: "kafka"}
	kafka.Connection(s.Kafka).Check(f, kafka.RefusedByConsumer())
	s.topics().Check(f)
	if s.EndingOffsets != "" {
		f.Add("ending_offsets: a stream has no end; use the trigger available_now to read what is there now")
	}
	s.begin().Check(f, s.topics())
	f.OneOf("starting_offsets_by_timestamp_strategy", s.StartingOffsetsByTimestampStrategy, "error", "latest")
	if s.StartingOffsetsByTimestampStrategy != "" && s.StartingTimestamp == "" && s.StartingOffsetsByTimestamp == "" {
		f.Add("starting_offsets_by_timestamp_strategy wants starting_timestamp or starting_offsets_by_timestamp")
	}
	f.NotNegative("max_offsets_per_trigger", s.MaxOffsetsPerTrigger)
	f.NotNegative("min_offsets_per_trigger", s.MinOffsetsPerTrigger)
	f.NotNegative("min_partitions", int64(s.MinPartitions))
	f.NotNegative("max_records_per_partition", s.MaxRecordsPerPartition)
	f.WholeMillis("max_trigger_delay", s.MaxTriggerDelay)
	if s.MaxOffsetsPerTrigger > 0 && s.MinOffsetsPerTrigger > s.MaxOffsetsPerTrigger {
		f.Add("min_offsets_per_trigger is %d, more than max_offsets_per_trigger, %d", s.MinOffsetsPerTrigger, s.MaxOffsetsPerTrigger)
	}
	if s.MaxTriggerDelay > 0 && s.MinOffsetsPerTrigger == 0 {
		f.Add("max_trigger_delay wants min_offsets_per_trigger")
	}
	f.AtMostOne("group_id", s.GroupID, "group_id_prefix", s.GroupIDPrefix)
	kafka.Decoding(s.KafkaDecoding).Check(f)
	return f.Join()
}

func (s KafkaSource) topics() kafka.Topics {
	return kafka.Topics{Subscribe: s.Subscribe, Pattern: s.SubscribePattern, Assign: s.Assign}
}

// begin is where the first run of the query starts.
func (s KafkaSource) begin() kafka.Point {
	return kafka.Point{
		Key: "starting", Offsets: s.StartingOffsets, Timestamp: s.StartingTimestamp, ByTimestamp: s.StartingOffsetsByTimestamp,
	}
}

// ReadStream implements [StreamingSource], with no round trip.
func (s KafkaSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	df, err := Reader{Format: "kafka", Options: options.Merge(s.readOptions(), s.Options)}.ReadStream(ctx, spark)
	if err != nil {
		return nil, err
	}
	for _, exprs := range kafka.Decoding(s.KafkaDecoding).Columns(s.IncludeHeaders) {
		if df, err = selectExpr(ctx, spark, df, exprs...); err != nil {
			return nil, err
		}
	}
	return df, nil
}

func (s KafkaSource) readOptions() options.Set {
	o := kafka.Connection(s.Kafka).Settings()
	s.topics().Options(o)
	s.begin().Options(o)
	o.Text("startingOffsetsByTimestampStrategy", strings.ToLower(s.StartingOffsetsByTimestampStrategy))
	o.Choice("failOnDataLoss", s.FailOnDataLoss)
	o.Number("maxOffsetsPerTrigger", s.MaxOffsetsPerTrigger)
	o.Number("minOffsetsPerTrigger", s.MinOffsetsPerTrigger)
	o.Millis("maxTriggerDelay", s.MaxTriggerDelay)
	o.Number("minPartitions", int64(s.MinPartitions))
	o.Number("maxRecordsPerPartition", s.MaxRecordsPerPartition)
	o.Text("groupIdPrefix", s.GroupIDPrefix)
	o.Text("kafka.group.id", s.GroupID)
	o.Flag("includeHeaders", s.IncludeHeaders)
	return o
}

// Lineage implements [dataflow.Describer]: the topics, with the brokers before
// them. A pattern is opaque.
func (s KafkaSource) Lineage() dataflow.Lineage {
	l := dataflow.Lineage{Effect: dataflow.EffectNone, Opaque: s.SubscribePattern != ""}
	for _, topic := range s.topics().Names() {
		l.Inputs = append(l.Inputs, outsideTable(kafka.Connection(s.Kafka).Place(), topic))
	}
	return l
}

// String names the source without its settings, some of which are secret.
func (s KafkaSource) String() string {
	return fmt.Sprintf("kafka source of %s", s.BootstrapServers)
}
