package pipeline_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/streaming"
)

const streamFile = `name: clicks
mode: streaming
components:
  - name: read
    type: read_stream_kafka
    config: {bootstrap_servers: "b:9092", subscribe: [clicks], output_view: clicks, watermark_column: timestamp, watermark_delay: 10 minutes}
  - name: parse
    type: sql
    config: {sql: "SELECT CAST(value AS STRING) AS click, timestamp FROM clicks", output_view: parsed}
  - name: save
    type: write_stream_delta
    config: {input_view: parsed, path: /lake/clicks, checkpoint_location: /lake/_clicks, trigger: processing_time, trigger_interval: 10 seconds, partition_by: [day]}
  - name: count
    type: stream
    config:
      source: {type: rate, rows_per_second: 5}
      sql: SELECT value % 2 AS odd, count(*) AS n FROM numbers GROUP BY 1
      view: numbers
      sink: {type: console}
      output_mode: Complete
      trigger: available_now
      query_name: counted
`

func TestStreamsOfAFile(t *testing.T) {
	t.Parallel()
	p, err := pipeline.FromFile(writeFile(t, "p.yaml", streamFile), builtins(t), nil)
	require.NoError(t, err)
	require.Equal(t, "read parse<read save<parse count", edgesOf(t, p), "parse and save need nobody to say so")

	save, ok := streaming.PipelineOf(p.Steps[2].Component)
	require.True(t, ok)
	require.Equal(t, "save", save.QueryName)
	require.Equal(t, streaming.ProcessingTime(10*time.Second), save.Trigger)
	require.Equal(t, "/lake/_clicks", save.CheckpointLocation)
	require.Equal(t, []dataflow.Dataset{{Kind: dataflow.DatasetPath, Name: "/lake/clicks"}}, dataflow.LineageOf(p.Steps[2].Component).Outputs)

	count, ok := streaming.PipelineOf(p.Steps[3].Component)
	require.True(t, ok)
	require.Equal(t, "counted", count.QueryName)
	require.Equal(t, streaming.AvailableNow(), count.Trigger)
	require.Equal(t, streaming.OutputModeComplete, count.OutputMode)
	require.IsType(t, streaming.RateSource{}, count.Source)
	require.Equal(t, int64(5), count.Source.(streaming.RateSource).RowsPerSecond)
}

func TestFaultsOfStreamsInAFile(t *testing.T) {
	t.Parallel()
	for block, want := range map[string]string{
		"write_stream_delta, config: {input_view: v, path: /x}":                                         `p.yaml:3:49: components[0].config: component "s" (write_stream_delta): sink: it needs a checkpoint location`,
		"write_stream_console, config: {input_view: v, output_mode: upsert}":                            `components[0].config.output_mode: component "s" (write_stream_console): unknown output mode "upsert"; write append, complete or update`,
		"write_stream_console, config: {input_view: v, trigger: hourly}":                                `unknown trigger "hourly"; write processing_time, available_now, once or continuous`,
		"write_stream_console, config: {input_view: v, trigger: processing_time}":                       "trigger processing_time: the interval is missing; write one such as 10s",
		"write_stream_console, config: {input_view: v, trigger: once, trigger_interval: 5s}":            `trigger once: it has no interval, but "5s" is given`,
		"write_stream_console, config: {}":                                                              `set "input_view" or "query"`,
		"read_stream_rate, config: {output_view: v, watermark_column: timestamp}":                       `"watermark_column" and "watermark_delay" go together`,
		"stream, config: {source: {type: kafak}, sink: {type: console}}":                                `source.type: unknown source "kafak"; did you mean "kafka"?`,
		"stream, config: {source: {type: rate, rows_per_secnd: 1}, sink: {type: console}}":              `components[0].config.source.rows_per_secnd: component "s" (stream): unknown key; did you mean "rows_per_second"?`,
		"stream, config: {source: {type: rate}, sink: {type: file, path: /x, checkpoint_location: /y}}": `components[0].config.sink.checkpoint_location: component "s" (stream): unknown key`,
		"stream, config: {source: {type: rate}, sink: {}}":                                              `sink.type: unknown sink ""; want one of console, delta, delta_merge, file,`,
	} {
		text := "name: p\ncomponents:\n  - {name: s, type: " + block + "}\n"
		_, err := pipeline.FromFile(writeFile(t, "p.yaml", text), builtins(t), nil)
		require.ErrorContains(t, err, want, block)
	}
}
