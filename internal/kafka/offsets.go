package kafka

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Offsets that Kafka's connector knows beside numbers.
const (
	offsetLatest   = -1
	offsetEarliest = -2
)

// PartitionValues are numbers by topic and partition, such as offsets.
type PartitionValues map[string]map[int]int64

// maxTopicName is Kafka's limit.
const maxTopicName = 249

var topicPattern = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

// CheckTopic refuses names that no topic can have.
func CheckTopic(name string) error {
	switch {
	case name == "":
		return errors.New("a topic has no name")
	case name == "." || name == ".." || len(name) > maxTopicName || !topicPattern.MatchString(name):
		return fmt.Errorf("%q is no name of a topic: up to %d letters, digits, dots, underscores and hyphens", name, maxTopicName)
	}
	return nil
}

// ParseOffsets reads "earliest", "latest" in any case, or JSON by topic and
// partition, where -2 is the earliest and -1 the latest; the values are nil for a
// word.
func ParseOffsets(text string) (PartitionValues, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "earliest", "latest":
		return nil, nil
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil, fmt.Errorf(`%q is neither earliest, latest nor JSON such as {"topic":{"0":23,"1":-2}}`, text)
	}
	return parseValues(text, "offset", offsetEarliest)
}

// ParseTimestamps reads JSON of milliseconds by topic and partition.
func ParseTimestamps(text string) (PartitionValues, error) {
	if text == "" {
		return nil, nil
	}
	return parseValues(text, "timestamp", 0)
}

func parseValues(text, what string, least int64) (PartitionValues, error) {
	out := PartitionValues{}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	err := eachMember(d, "topic", func(topic string) error {
		if err := CheckTopic(topic); err != nil {
			return err
		}
		out[topic] = map[int]int64{}
		return eachMember(d, "partition", func(name string) error {
			partition, err := strconv.ParseUint(name, 10, 31)
			if err != nil {
				return fmt.Errorf("topic %s: the partition %q is no number from 0 on", topic, name)
			}
			token, err := d.Token()
			if err != nil {
				return malformed(err)
			}
			number, _ := token.(json.Number)
			value, err := strconv.ParseInt(number.String(), 10, 64)
			if err != nil || value < least {
				return fmt.Errorf("topic %s, partition %s: %s is no %s; write a whole number from %d on", topic, name, shown(token), what, least)
			}
			out[topic][int(partition)] = value
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more behind the JSON")
	}
	if err := checkFilled(out); err != nil {
		return nil, err
	}
	return out, nil
}

// shown writes a value as the JSON has it.
func shown(token json.Token) string {
	if text, ok := token.(string); ok {
		return strconv.Quote(text)
	}
	return fmt.Sprint(token)
}

func checkFilled(values PartitionValues) error {
	if len(values) == 0 {
		return errors.New("the JSON names no topic")
	}
	for topic, partitions := range values {
		if len(partitions) == 0 {
			return fmt.Errorf("topic %s: there is no partition", topic)
		}
	}
	return nil
}

// eachMember reads an object and refuses a key that comes twice, of which one
// would be lost.
func eachMember(d *json.Decoder, what string, member func(key string) error) error {
	token, err := d.Token()
	if err != nil {
		return malformed(err)
	}
	if token != json.Delim('{') {
		return fmt.Errorf(`%v stands where an object of %ss is due; write such as {"topic":{"0":23}}`, token, what)
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return malformed(err)
		}
		key, _ := token.(string)
		if seen[key] {
			return fmt.Errorf("the %s %s comes twice", what, key)
		}
		seen[key] = true
		if err := member(key); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return malformed(err)
	}
	return nil
}

func malformed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON ends too early")
	}
	return fmt.Errorf("malformed JSON: %w", err)
}

// ParseAssign reads JSON of partitions by topic, such as {"topic":[0,1]}.
func ParseAssign(text string) (map[string][]int, error) {
	var raw map[string][]int
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&raw); err != nil {
		return nil, fmt.Errorf(`%q is no JSON such as {"topic":[0,1]}`, text)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more behind the JSON")
	}
	if len(raw) == 0 {
		return nil, errors.New("the JSON names no topic")
	}
	for _, topic := range slices.Sorted(maps.Keys(raw)) {
		if err := CheckTopic(topic); err != nil {
			return nil, err
		}
		if len(raw[topic]) == 0 {
			return nil, fmt.Errorf("topic %s: there is no partition", topic)
		}
		for i, p := range raw[topic] {
			if p < 0 {
				return nil, fmt.Errorf("topic %s: the partition %d is negative", topic, p)
			}
			if slices.Contains(raw[topic][:i], p) {
				return nil, fmt.Errorf("topic %s: the partition %d comes twice", topic, p)
			}
		}
	}
	return raw, nil
}
