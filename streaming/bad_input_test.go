package streaming_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// badPipelines have something wrong each.
func badPipelines() map[string]streaming.StreamingPipeline {
	topic := func(offsets string) streaming.KafkaSource {
		return streaming.KafkaSource{Kafka: kafkaOf("b:9092"), Subscribe: []string{"orders"}, StartingOffsets: offsets}
	}
	files := streaming.FileSink{Path: "/lake/orders"}
	return map[string]streaming.StreamingPipeline{
		"missing checkpoint":         {Source: topic(""), Sink: files},
		"missing checkpoint, topic":  {Source: rate(1), Sink: streaming.KafkaSink{Kafka: kafkaOf("b:9092"), Topic: "t"}},
		"missing query name":         {Source: rate(1), Sink: streaming.MemorySink{}},
		"wrong output mode":          {Source: rate(1), Sink: files, CheckpointLocation: "/c", OutputMode: streaming.OutputModeComplete},
		"unknown output mode":        {Source: rate(1), Sink: streaming.NoopSink{}, OutputMode: "upsert"},
		"wrong trigger":              {Source: rate(1), Sink: files, CheckpointLocation: "/c", Trigger: streaming.Continuous(time.Second)},
		"negative interval":          {Source: rate(1), Sink: streaming.NoopSink{}, Trigger: streaming.ProcessingTime(-time.Second)},
		"no checkpoint interval":     {Source: rate(1), Sink: streaming.NoopSink{}, Trigger: streaming.Continuous(0)},
		"offsets that are a word":    {Source: topic("newest"), Sink: streaming.NoopSink{}},
		"offsets that are too low":   {Source: topic(`{"orders":{"0":-3}}`), Sink: streaming.NoopSink{}},
		"offsets of another topic":   {Source: topic(`{"order":{"0":1}}`), Sink: streaming.NoopSink{}},
		"a name that no topic has":   {Source: streaming.KafkaSource{Kafka: kafkaOf("b:9092"), Subscribe: []string{"my topic"}}, Sink: streaming.NoopSink{}},
		"no source, no sink":         {},
		"watermark without a column": {Source: rate(1), Sink: streaming.NoopSink{}, Watermark: streaming.Watermark{Delay: time.Minute}},
	}
}

// badBlocks are components of a file with something wrong each.
var badBlocks = map[string]string{
	"missing checkpoint":        `write_stream_file, config: {input_view: v, path: /x}`,
	"missing checkpoint, topic": `write_stream_kafka, config: {input_view: v, bootstrap_servers: "b:9092", topic: t}`,
	"wrong output mode":         `write_stream_file, config: {input_view: v, path: /x, checkpoint_location: /c, output_mode: complete}`,
	"unknown output mode":       `write_stream_console, config: {input_view: v, output_mode: upsert}`,
	"wrong trigger":             `write_stream_file, config: {input_view: v, path: /x, checkpoint_location: /c, trigger: continuous, trigger_interval: 1s}`,
	"unknown trigger":           `write_stream_console, config: {input_view: v, trigger: hourly}`,
	"bad interval":              `write_stream_console, config: {input_view: v, trigger: processing_time, trigger_interval: 10 parsecs}`,
	"interval without a unit":   `write_stream_console, config: {input_view: v, trigger: processing_time, trigger_interval: 10}`,
	"interval of a month":       `write_stream_console, config: {input_view: v, trigger: processing_time, trigger_interval: 1 month}`,
	"offsets that are a word":   `read_stream_kafka, config: {bootstrap_servers: "b:9092", subscribe: [orders], output_view: v, starting_offsets: newest}`,
	"offsets of another topic":  `read_stream_kafka, config: {bootstrap_servers: "b:9092", subscribe: [orders], output_view: v, starting_offsets: '{"order":{"0":1}}'}`,
	"a name that no topic has":  `read_stream_kafka, config: {bootstrap_servers: "b:9092", subscribe: [my topic], output_view: v}`,
	"no brokers":                `read_stream_kafka, config: {subscribe: [orders], output_view: v}`,
	"bad watermark":             `read_stream_kafka, config: {bootstrap_servers: "b:9092", subscribe: [orders], output_view: v, watermark_column: timestamp, watermark_delay: soon}`,
	"unknown source":            `stream, config: {source: {type: kafak}, sink: {type: console}}`,
}

// TestMessagesForBadInput shows what people read who got something wrong, before
// anything is sent to a server.
func TestMessagesForBadInput(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var out strings.Builder
	pipes := badPipelines()
	for _, name := range slices.Sorted(maps.Keys(pipes)) {
		_, err := pipes[name].Start(t.Context(), b.spark)
		require.Error(t, err, name)
		fmt.Fprintf(&out, "# %s, in Go\n%v\n\n", name, err)
	}
	require.Empty(t, b.server.Requests("ExecutePlan"))
	registry, err := pipeline.NewRegistry()
	require.NoError(t, err)
	for _, name := range slices.Sorted(maps.Keys(badBlocks)) {
		file := filepath.Join(t.TempDir(), "p.yaml")
		require.NoError(t, os.WriteFile(file, []byte("name: p\ncomponents:\n  - {name: s, type: "+badBlocks[name]+"}\n"), 0o600))
		_, err := pipeline.FromFile(file, registry, nil)
		require.Error(t, err, name)
		text := strings.ReplaceAll(err.Error(), filepath.Dir(file)+string(filepath.Separator), "")
		require.Regexp(t, `p\.yaml:\d+:\d+: `, text, "%s: it says where", name)
		fmt.Fprintf(&out, "# %s, in a file\n%s\n\n", name, text)
	}
	for _, failure := range []fakeconnect.Failure{
		{Class: "DATA_SOURCE_NOT_FOUND", State: "42K02", Message: "Failed to find the data source: kafka. Make sure the provider name is correct.", Parameters: map[string]string{"provider": "kafka"}},
		{Class: "DATA_SOURCE_NOT_FOUND", State: "42K02", Message: "Failed to find the data source: kakfa. Make sure the provider name is correct.", Parameters: map[string]string{"provider": "kakfa"}},
	} {
		fmt.Fprintf(&out, "# missing jar, %s\n%v\n\n", failure.Parameters["provider"], refusedStart(t, failure))
	}
	golden := filepath.Join("testdata", "bad_input.golden")
	if updating() {
		require.NoError(t, os.WriteFile(golden, []byte(out.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
}

// refusedStart is the error of a start that the server refuses.
func refusedStart(t *testing.T, failure fakeconnect.Failure) error {
	t.Helper()
	b := setup(t)
	queries := newFakeQueries(b.server)
	queries.onStart = func(*fakeconnect.Operation) error { return failure.Error() }
	_, err := streaming.StreamingPipeline{
		Source: streaming.KafkaSource{Kafka: kafkaOf("b:9092"), Subscribe: []string{"orders"}}, Sink: streaming.NoopSink{},
	}.Start(t.Context(), b.spark)
	require.Error(t, err)
	require.False(t, errors.As(err, new(*streaming.QueryError)), "nothing was started")
	return err
}
