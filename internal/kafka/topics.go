package kafka

import (
	"maps"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// RefusedByConsumer are settings that Spark keeps for itself when it reads.
func RefusedByConsumer() map[string]string {
	return map[string]string{
		"auto.offset.reset":  "Spark keeps the offsets itself; set starting_offsets",
		"enable.auto.commit": "Spark keeps the offsets itself",
		"key.deserializer":   "keys are always bytes; convert the column key",
		"value.deserializer": "values are always bytes; set value_format",
	}
}

// Topics say which topics are read; one of the three is set.
type Topics struct {
	Subscribe       []string
	Pattern, Assign string
}

// Check reports what is missing, and names that no topic can have.
func (t Topics) Check(f *options.Faults) {
	f.ExactlyOne("subscribe", strings.Join(t.Subscribe, ","), "subscribe_pattern", t.Pattern, "assign", t.Assign)
	for _, topic := range t.Subscribe {
		f.Err("subscribe", CheckTopic(topic))
	}
	if t.Assign != "" {
		_, err := ParseAssign(t.Assign)
		f.Err("assign", err)
	}
}

// Options sets what the connector wants to know.
func (t Topics) Options(o options.Set) {
	o.Text("subscribe", strings.Join(t.Subscribe, ","))
	o.Text("subscribePattern", t.Pattern)
	o.Text("assign", t.Assign)
}

// Names are the topics in order, as far as they are named.
func (t Topics) Names() []string {
	names := slices.Clone(t.Subscribe)
	if assigned, err := ParseAssign(t.Assign); err == nil {
		names = slices.AppendSeq(names, maps.Keys(assigned))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Point is where reading begins or ends; at most one of the three is set. The key
// is "starting" or "ending".
type Point struct {
	Key                             string
	Offsets, Timestamp, ByTimestamp string
}

// Check reports what is malformed, or names other partitions than those that are
// read.
func (p Point) Check(f *options.Faults, topics Topics) {
	f.AtMostOne(p.Key+"_offsets", p.Offsets, p.Key+"_timestamp", p.Timestamp, p.Key+"_offsets_by_timestamp", p.ByTimestamp)
	_, err := options.Instant(p.Timestamp)
	f.Err(p.Key+"_timestamp", err)
	offsets, err := ParseOffsets(p.Offsets)
	f.Err(p.Key+"_offsets", err)
	topics.CheckValues(f, p.Key+"_offsets", offsets)
	times, err := ParseTimestamps(p.ByTimestamp)
	f.Err(p.Key+"_offsets_by_timestamp", err)
	topics.CheckValues(f, p.Key+"_offsets_by_timestamp", times)
}

// CheckBatch reports a begin at the latest offset, or an end at the earliest:
// there is nothing between.
func (p Point) CheckBatch(f *options.Faults) {
	refused, word := int64(offsetLatest), "latest"
	if p.Key == "ending" {
		refused, word = offsetEarliest, "earliest"
	}
	if strings.EqualFold(strings.TrimSpace(p.Offsets), word) {
		f.Add("%s_offsets %s: a batch would be empty", p.Key, word)
		return
	}
	offsets, err := ParseOffsets(p.Offsets)
	if err != nil {
		return // told by Check
	}
	for _, topic := range slices.Sorted(maps.Keys(offsets)) {
		for _, partition := range slices.Sorted(maps.Keys(offsets[topic])) {
			if offsets[topic][partition] == refused {
				f.Add("%s_offsets: %d is the %s offset, with which a batch of topic %s, partition %d would be empty", p.Key, refused, word, topic, partition)
			}
		}
	}
}

// Options sets what the connector wants to know.
func (p Point) Options(o options.Set) {
	o.Text(p.Key+"Offsets", word(p.Offsets))
	at, _ := options.Instant(p.Timestamp) // checked by Check
	o.Text(p.Key+"Timestamp", at)
	o.Text(p.Key+"OffsetsByTimestamp", p.ByTimestamp)
}

// word writes earliest and latest in lower case and leaves JSON exactly as it is:
// topics have upper case too.
func word(offsets string) string {
	if lower := strings.ToLower(strings.TrimSpace(offsets)); lower == "earliest" || lower == "latest" {
		return lower
	}
	return offsets
}

// CheckValues compares the topics of JSON with those that are read: Spark wants
// the same.
func (t Topics) CheckValues(f *options.Faults, key string, values PartitionValues) {
	read := map[string][]int{}
	for _, topic := range t.Subscribe {
		read[topic] = nil
	}
	if t.Assign != "" {
		assigned, err := ParseAssign(t.Assign)
		if err != nil {
			return // told by Check
		}
		read = assigned
	}
	if values == nil || len(read) == 0 {
		return
	}
	for _, topic := range slices.Sorted(maps.Keys(values)) {
		partitions, ok := read[topic]
		if !ok {
			f.Add("%s: the topic %s is not read", key, topic)
		}
		for _, p := range slices.Sorted(maps.Keys(values[topic])) {
			if partitions != nil && !slices.Contains(partitions, p) {
				f.Add("%s: the partition %d of the topic %s is not assigned", key, p, topic)
			}
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(read)) {
		if values[topic] == nil {
			f.Add("%s: the topic %s is missing; name every partition that is read", key, topic)
		}
		for _, p := range read[topic] {
			if _, ok := values[topic][p]; !ok && values[topic] != nil {
				f.Add("%s: the partition %d of the topic %s is missing", key, p, topic)
			}
		}
	}
}
