package pipeline_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/quality"
	"github.com/sparkpipe/sparkpipe/streaming"
)

const (
	writeNoop   = "type: write_stream_noop, config: {input_view: v, trigger: available_now, checkpoint_location: /c}"
	rateToNoop  = "type: stream, config: {source: {type: rate}, sink: {type: noop}, trigger: continuous, trigger_interval: 1s}"
	readRate    = "type: read_stream_rate, config: {output_view: v}"
	notNullID   = "{check: not_null, columns: [id]}"
	streamBlock = "name: n\ncomponents:\n  - {name: s, "
)

func TestQualityOfStreamsInAFile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ component, block, want string }{
		{writeNoop, "checks: [{check: row_count, min: 1}]", `p.yaml:3:123: components[0].quality: component "s" (write_stream_noop): rule "row_count(1..)": a stream has no end, so that only single rows can be checked`},
		{writeNoop, "checks: [{check: unique, columns: [id]}]", "a row is bad only beside others; check the table that the stream writes, with quality.checks at the root"},
		{writeNoop, "checks: [{check: foreign_key, columns: [id], references: t}]", "write not_null for its key"},
		{writeNoop, `checks: [{check: sql, sql: "SELECT true AS passed"}]`, "write a condition"},
		{writeNoop, "checks: [{check: not_null, columns: [id], action: quarantine}]", "a streaming query has one sink"},
		{writeNoop, "checks: [{check: not_null, columns: [id], max_bad: 3}]", "or write expect, which judges them for each batch"},
		{writeNoop, "publish: with_checks, checks: [" + notNullID + "]", "publish does not go with a stream"},
		{writeNoop, "stage: true, checks: [" + notNullID + "]", "stage does not go with a stream: a stream makes no view"},
		{writeNoop, "staging: /x, checks: [" + notNullID + "]", "staging does not go with a stream"},
		{writeNoop, "storage_level: DISK_ONLY, checks: [" + notNullID + "]", "storage_level does not go with a stream"},
		{writeNoop, "quarantine: {path: /x}, checks: [" + notNullID + "]", "quarantine does not go with a stream: a streaming query has one sink"},
		{rateToNoop, "checks: [" + notNullID + "]", "the trigger continuous has no batches to check; write processing_time"},
		{readRate, "checks: [" + notNullID + "]", "a stream is checked where it is written; move the block quality to the component that writes it"},
	} {
		_, err := fromYAML(t, streamBlock+test.component+", quality: {"+test.block+"}}\n")
		var invalid *pipeline.InvalidError
		require.ErrorAs(t, err, &invalid)
		require.ErrorContains(t, err, test.want, test.block)
	}
	p, err := fromYAML(t, streamBlock+writeNoop+", quality: {checks: ["+notNullID+", {check: range, column: x, min: 0, action: expect, max_bad: 2}]}}\n")
	require.NoError(t, err)
	require.NoError(t, p.Validate())
	require.Len(t, p.Steps[0].Quality.Suite.Rules, 2)

	p.Steps[0].Quality.Suite.Rules[0].Check = quality.Unique{Columns: []string{"id"}}
	require.ErrorContains(t, p.Validate(), `component "s" (write_stream_noop): rule "unique(id)": a stream has no end`, "built in Go")
	runner, err := pipeline.NewSimplePipelineRunner(nil, nil)
	if err == nil {
		report, err := runner.Check(t.Context(), p, &pipeline.CheckOptions{Static: true})
		require.Error(t, err)
		require.ErrorContains(t, report.Findings[0].Err, "a stream has no end")
	}
}

func TestChecksOfSupervisedStreams(t *testing.T) {
	t.Parallel()
	p, err := fromYAML(t, streamBlock+writeNoop+", quality: {checks: ["+notNullID+"]}}\n  - {name: v, "+readRate+"}\n")
	require.NoError(t, err)
	checks, err := pipeline.NewStreamChecks(p, nil)
	require.NoError(t, err)
	stream, ok := streaming.PipelineOf(p.Steps[0].Component)
	require.True(t, ok)
	build := func(context.Context, *dataflow.Session) (streaming.StreamingPipeline, error) { return stream, nil }
	queries := checks.Guard([]streaming.SupervisedQuery{{Name: "s", Pipeline: stream}, {Name: "s", Build: build}, {Name: "another", Pipeline: stream}})
	require.Len(t, queries[0].Pipeline.Transforms, 1)
	require.IsType(t, &quality.StreamGate{}, queries[0].Pipeline.Transforms[0])
	built, err := queries[1].Build(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, queries[0].Pipeline.Transforms, built.Transforms)
	require.Empty(t, queries[2].Pipeline.Transforms)
	require.Empty(t, stream.Transforms, "the pipeline stays as it is")

	p.Quality = &pipeline.Quality{Reports: quality.ReportsConfig{Table: "t"}}
	told := 0
	checks, err = pipeline.NewStreamChecks(p, &pipeline.StreamChecksOptions{Reporter: quality.ReporterFunc(func(_ context.Context, r *quality.Report) error {
		told++
		require.Equal(t, "n", r.Pipeline)
		require.Equal(t, "s", r.Component)
		return nil
	})})
	require.NoError(t, err)
	gate, ok := checks.Guard([]streaming.SupervisedQuery{{Name: "s", Pipeline: stream}})[0].Pipeline.Transforms[0].(*quality.StreamGate)
	require.True(t, ok)
	gate.BatchDone(t.Context(), []byte(`{"batchId":1}`)) // there is no session for the table, which is a warning
	checks.Use((*dataflow.Session)(nil))
	require.Equal(t, 1, told)
	p.Quality.Reports = quality.ReportsConfig{JSONL: "a\x00b"}
	_, err = pipeline.NewStreamChecks(p, nil)
	if err != nil {
		require.ErrorContains(t, err, "quality.reports")
	}
}
