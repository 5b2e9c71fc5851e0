package streaming

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
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

// refusedByConsumer are settings that Spark keeps for itself.
var refusedByConsumer = map[string]string{
	"auto.offset.reset":  "Spark keeps the offsets itself; set starting_offsets",
	"enable.auto.commit": "Spark keeps the offsets itself",
	"key.deserializer":   "keys are always bytes; convert the column key",
	"value.deserializer": "values are always bytes; set value_format",
}

// Validate reports everything that the connector would refuse and that can be told
// without it.
func (s KafkaSource) Validate() error {
	f := &faultList{what: "kafka"}
	s.checkCluster(f, refusedByConsumer)
	f.exactlyOne("subscribe", strings.Join(s.Subscribe, ","), "subscribe_pattern", s.SubscribePattern, "assign", s.Assign)
	if s.EndingOffsets != "" {
		f.add("ending_offsets: a stream has no end; use the trigger available_now to read what is there now")
	}
	s.checkStart(f)
	f.notNegative("max_offsets_per_trigger", s.MaxOffsetsPerTrigger)
	f.notNegative("min_offsets_per_trigger", s.MinOffsetsPerTrigger)
	f.notNegative("min_partitions", int64(s.MinPartitions))
	f.notNegative("max_records_per_partition", s.MaxRecordsPerPartition)
	f.wholeMillis("max_trigger_delay", s.MaxTriggerDelay)
	if s.MaxOffsetsPerTrigger > 0 && s.MinOffsetsPerTrigger > s.MaxOffsetsPerTrigger {
		f.add("min_offsets_per_trigger is %d, more than max_offsets_per_trigger, %d", s.MinOffsetsPerTrigger, s.MaxOffsetsPerTrigger)
	}
	if s.MaxTriggerDelay > 0 && s.MinOffsetsPerTrigger == 0 {
		f.add("max_trigger_delay wants min_offsets_per_trigger")
	}
	f.atMostOne("group_id", s.GroupID, "group_id_prefix", s.GroupIDPrefix)
	s.checkValue(f)
	return f.join()
}

func (s KafkaSource) checkStart(f *faultList) {
	for _, topic := range s.Subscribe {
		f.err("subscribe", checkTopic(topic))
	}
	f.atMostOne("starting_offsets", s.StartingOffsets, "starting_timestamp", s.StartingTimestamp,
		"starting_offsets_by_timestamp", s.StartingOffsetsByTimestamp)
	f.oneOf("starting_offsets_by_timestamp_strategy", s.StartingOffsetsByTimestampStrategy, "error", "latest")
	if s.StartingOffsetsByTimestampStrategy != "" && s.StartingTimestamp == "" && s.StartingOffsetsByTimestamp == "" {
		f.add("starting_offsets_by_timestamp_strategy wants starting_timestamp or starting_offsets_by_timestamp")
	}
	_, err := instant(s.StartingTimestamp)
	f.err("starting_timestamp", err)
	offsets, err := parseOffsets(s.StartingOffsets)
	f.err("starting_offsets", err)
	s.checkTopics(f, "starting_offsets", offsets)
	times, err := parseTimestamps(s.StartingOffsetsByTimestamp)
	f.err("starting_offsets_by_timestamp", err)
	s.checkTopics(f, "starting_offsets_by_timestamp", times)
}

// checkTopics compares the topics of JSON with those that are read: Spark wants
// the same.
func (s KafkaSource) checkTopics(f *faultList, key string, values partitionValues) {
	read := map[string][]int{}
	for _, topic := range s.Subscribe {
		read[topic] = nil
	}
	if s.Assign != "" {
		assigned, err := parseAssign(s.Assign)
		if err != nil {
			if key == "starting_offsets" { // once
				f.err("assign", err)
			}
			return
		}
		read = assigned
	}
	if values == nil || len(read) == 0 {
		return
	}
	for _, topic := range slices.Sorted(maps.Keys(values)) {
		partitions, ok := read[topic]
		if !ok {
			f.add("%s: the topic %s is not read", key, topic)
		}
		for _, p := range slices.Sorted(maps.Keys(values[topic])) {
			if partitions != nil && !slices.Contains(partitions, p) {
				f.add("%s: the partition %d of the topic %s is not assigned", key, p, topic)
			}
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(read)) {
		if values[topic] == nil {
			f.add("%s: the topic %s is missing; name every partition that is read", key, topic)
		}
		for _, p := range read[topic] {
			if _, ok := values[topic][p]; !ok && values[topic] != nil {
				f.add("%s: the partition %d of the topic %s is missing", key, p, topic)
			}
		}
	}
}

// ReadStream implements [StreamingSource], with no round trip.
func (s KafkaSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	df, err := Reader{Format: "kafka", Options: withOptions(s.readOptions(), s.Options)}.ReadStream(ctx, spark)
	if err != nil {
		return nil, err
	}
	return s.decode(ctx, spark, df, s.IncludeHeaders)
}

func (s KafkaSource) readOptions() optionSet {
	o := s.options()
	o.text("subscribe", strings.Join(s.Subscribe, ","))
	o.text("subscribePattern", s.SubscribePattern)
	o.text("assign", s.Assign)
	o.text("startingOffsets", word(s.StartingOffsets))
	at, _ := instant(s.StartingTimestamp) // checked by Validate
	o.text("startingTimestamp", at)
	o.text("startingOffsetsByTimestamp", s.StartingOffsetsByTimestamp)
	o.text("startingOffsetsByTimestampStrategy", strings.ToLower(s.StartingOffsetsByTimestampStrategy))
	o.choice("failOnDataLoss", s.FailOnDataLoss)
	o.number("maxOffsetsPerTrigger", s.MaxOffsetsPerTrigger)
	o.number("minOffsetsPerTrigger", s.MinOffsetsPerTrigger)
	o.millis("maxTriggerDelay", s.MaxTriggerDelay)
	o.number("minPartitions", int64(s.MinPartitions))
	o.number("maxRecordsPerPartition", s.MaxRecordsPerPartition)
	o.text("groupIdPrefix", s.GroupIDPrefix)
	o.text("kafka.group.id", s.GroupID)
	o.flag("includeHeaders", s.IncludeHeaders)
	return o
}

// word writes earliest and latest in lower case and leaves JSON exactly as it is:
// topics have upper case too.
func word(offsets string) string {
	if lower := strings.ToLower(strings.TrimSpace(offsets)); lower == "earliest" || lower == "latest" {
		return lower
	}
	return offsets
}

// Lineage implements [dataflow.Describer]: the topics, with the brokers before
// them. A pattern is opaque.
func (s KafkaSource) Lineage() dataflow.Lineage {
	l := dataflow.Lineage{Effect: dataflow.EffectNone, Opaque: s.SubscribePattern != ""}
	topics := slices.Clone(s.Subscribe)
	if assigned, err := parseAssign(s.Assign); err == nil {
		topics = append(topics, slices.Collect(maps.Keys(assigned))...)
	}
	slices.Sort(topics)
	for _, topic := range slices.Compact(topics) {
		l.Inputs = append(l.Inputs, outsideTable(s.place(), topic))
	}
	return l
}

// String names the source without its settings, some of which are secret.
func (s KafkaSource) String() string {
	return fmt.Sprintf("kafka source of %s", s.BootstrapServers)
}
