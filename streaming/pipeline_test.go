package streaming_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// picky is a sink with traits.
type picky struct {
	streaming.NoopSink
	traits streaming.SinkTraits
}

func (p picky) Traits() streaming.SinkTraits { return p.traits }

func (p picky) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Outputs: []dataflow.Dataset{{Kind: dataflow.DatasetPath, Name: "/out"}}, Effect: dataflow.EffectRepeats}
}

func TestValidateFindsEveryFault(t *testing.T) {
	t.Parallel()
	whole := streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}}
	require.NoError(t, whole.Validate())
	for name, c := range map[string]struct {
		change func(*streaming.StreamingPipeline)
		want   []string
	}{
		"empty": {func(p *streaming.StreamingPipeline) { *p = streaming.StreamingPipeline{} }, []string{"no source", "no sink"}},
		"parts": {func(p *streaming.StreamingPipeline) {
			p.Source, p.Sink = streaming.RateSource{RowsPerSecond: -1, NumPartitions: -1, RampUpTime: 1}, streaming.ConsoleSink{NumRows: -1}
			p.Transforms = []dataflow.Transform{nil, streaming.DropDuplicates{Columns: []string{""}}}
		}, []string{"source: rate: -1 rows", "-1 partitions", "ramp-up", "sink: console: -1", "transform 1: it is nil", "transform 2: drop duplicates"}},
		"watermark":       {func(p *streaming.StreamingPipeline) { p.Watermark.Delay = time.Second }, []string{"column of event time is missing"}},
		"negative delay":  {func(p *streaming.StreamingPipeline) { p.Watermark = streaming.Watermark{Column: "c", Delay: -1} }, []string{"watermark on c: the delay -1ns is negative"}},
		"fine delay":      {func(p *streaming.StreamingPipeline) { p.Watermark = streaming.Watermark{Column: "c", Delay: 1} }, []string{"whole number of milliseconds"}},
		"trigger":         {func(p *streaming.StreamingPipeline) { p.Trigger = streaming.ProcessingTime(-time.Second) }, []string{"processing_time(-1s): the interval is negative"}},
		"fine trigger":    {func(p *streaming.StreamingPipeline) { p.Trigger = streaming.ProcessingTime(1500 * time.Microsecond) }, []string{"whole number of milliseconds"}},
		"zero continuous": {func(p *streaming.StreamingPipeline) { p.Trigger = streaming.Continuous(0) }, []string{"checkpoint interval is zero"}},
		"mode":            {func(p *streaming.StreamingPipeline) { p.OutputMode = "upsert" }, []string{`unknown output mode "upsert"; write append, complete or update`}},
		"mode of sink": {func(p *streaming.StreamingPipeline) {
			p.Sink, p.OutputMode = picky{traits: streaming.SinkTraits{OutputModes: []streaming.OutputMode{"append"}}}, "Update"
		}, []string{"sink: it cannot do the output mode update, only append"}},
		"trigger of sink": {func(p *streaming.StreamingPipeline) {
			p.Sink, p.Trigger = picky{traits: streaming.SinkTraits{Triggers: []streaming.TriggerKind{streaming.TriggerOnce}}}, streaming.Continuous(time.Second)
		}, []string{"cannot do the trigger continuous, only once"}},
		"checkpoint": {func(p *streaming.StreamingPipeline) {
			p.Sink = picky{traits: streaming.SinkTraits{NeedsCheckpoint: true}}
		}, []string{"sink: it needs a checkpoint location"}},
		"name": {func(p *streaming.StreamingPipeline) { p.Sink = streaming.MemorySink{} }, []string{"sink: it needs a query name"}},
		"continuous": {func(p *streaming.StreamingPipeline) {
			p.Trigger, p.OutputMode = streaming.Continuous(time.Second), streaming.OutputModeComplete
		}, []string{"never complete"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := whole
			c.change(&p)
			err := p.Validate()
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestWriterRefusesWhatDoesNotGoTogether(t *testing.T) {
	t.Parallel()
	for want, w := range map[string]streaming.Writer{
		"not to both": {Path: "/p", Table: "t"},
		"clusterBy":   {PartitionBy: []string{"a"}, ClusterBy: []string{"b"}},
		"has no name": {PartitionBy: []string{""}},
		`the option "checkpointLocation" is empty`:                                {Options: map[string]string{"CHECKPOINTLOCATION": ""}},
		`the option "checkpointLocation" is "/a", but CheckpointLocation is "/b"`: {Options: map[string]string{"checkpointlocation": "/a"}, CheckpointLocation: "/b"},
		`the option "path" is "/a", but Path is "/b"`:                             {Options: map[string]string{"path": "/a"}, Path: "/b"},
	} {
		err := w.Validate()
		require.ErrorIs(t, err, streaming.ErrWriterConflict)
		require.ErrorContains(t, err, want)
	}
}

// started runs a pipeline on a fake server and returns the command that started it.
func started(t testing.TB, p streaming.StreamingPipeline) *wire.WriteStreamOperationStart {
	t.Helper()
	b, _ := fake(t)
	begin(t, b.spark, p)
	for _, r := range b.server.Requests("ExecutePlan") {
		req, ok := r.Message.(*wire.ExecutePlanRequest)
		require.True(t, ok)
		if start := req.GetPlan().GetCommand().GetWriteStreamOperationStart(); start != nil {
			return start
		}
	}
	require.FailNow(t, "nothing was started")
	return nil
}

func TestCommandsOfPipelines(t *testing.T) {
	t.Parallel()
	sink := streaming.SinkFunc(func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w streaming.Writer) (*streaming.Query, error) {
		w.Format, w.Path, w.PartitionBy, w.Options = "parquet", "/out", []string{"day"}, map[string]string{"compression": "zstd"}
		return w.Start(ctx, spark, df)
	})
	op := started(t, streaming.StreamingPipeline{
		Source: rate(1), Sink: sink, QueryName: "q", CheckpointLocation: "/c", OutputMode: "UPDATE", Trigger: streaming.ProcessingTime(90 * time.Second),
	})
	require.Equal(t, "update", op.GetOutputMode())
	require.Equal(t, "90000 milliseconds", op.GetProcessingTimeInterval())
	require.Equal(t, map[string]string{"checkpointLocation": "/c", "compression": "zstd"}, op.GetOptions())
	require.Equal(t, "/out", op.GetPath())
	require.Equal(t, "q", op.GetQueryName())
	require.Equal(t, []string{"day"}, op.GetPartitioningColumnNames())
	for _, c := range []struct {
		trigger streaming.Trigger
		check   func(*wire.WriteStreamOperationStart) bool
	}{
		{streaming.Trigger{}, func(op *wire.WriteStreamOperationStart) bool { return op.GetTrigger() == nil }},
		{streaming.Once(), (*wire.WriteStreamOperationStart).GetOnce},
		{streaming.AvailableNow(), (*wire.WriteStreamOperationStart).GetAvailableNow},
		{streaming.Continuous(time.Second), func(op *wire.WriteStreamOperationStart) bool {
			return op.GetContinuousCheckpointInterval() == "1000 milliseconds"
		}},
	} {
		op := started(t, streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}, Trigger: c.trigger})
		require.True(t, c.check(op), c.trigger)
		require.Empty(t, op.GetOptions(), "no empty option for the checkpoint")
		require.Equal(t, "append", op.GetOutputMode())
	}
}

func TestStartWhoseContextEndsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	late := errors.New("too late")
	pipe := streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}}
	t.Run("the answer comes", func(t *testing.T) {
		t.Parallel()
		b, server := fake(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		server.onStart = func(*fakeconnect.Operation) error { cancel(late); return nil }
		_, err := pipe.Start(ctx, b.spark)
		require.ErrorIs(t, err, late)
		next(t, server.stopped)
		require.Empty(t, server.active)
	})
	for _, name := range []string{"", "named"} {
		t.Run("the answer never comes "+name, func(t *testing.T) {
			t.Parallel()
			b, server := fake(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			server.onStart = func(op *fakeconnect.Operation) error { cancel(late); return op.Wait() }
			p := pipe
			p.QueryName = name
			_, err := p.Start(ctx, b.spark)
			require.ErrorIs(t, err, late)
			next(t, server.stopped)
			require.Empty(t, server.active)
		})
	}
	t.Run("the server refuses", func(t *testing.T) {
		t.Parallel()
		b, server := fake(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		server.onStart = func(*fakeconnect.Operation) error {
			cancel(late)
			return fakeconnect.Failure{Class: "X", State: "12345", Message: "no"}.Error()
		}
		_, err := pipe.Start(ctx, b.spark)
		var refused *component.SparkError
		require.ErrorAs(t, err, &refused)
		require.Empty(t, server.stopped)
	})
}

func TestRunStopsTheQueryWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	b, server := fake(t)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}, QueryName: "q"}.Run(ctx, b.spark, component.Runtime{})
	}()
	next(t, server.awaited)
	cancel(enough)
	err := next(t, ended)
	require.ErrorIs(t, err, enough)
	require.ErrorContains(t, err, `the streaming query "q"`)
	next(t, server.stopped)
}

func TestLineage(t *testing.T) {
	t.Parallel()
	pipe := func(c streaming.StreamingPipeline) streaming.StreamingPipeline {
		c.Source = streaming.Reader{Format: "json", Path: "/in"}
		return c
	}
	once := picky{traits: streaming.SinkTraits{ExactlyOnce: true}}
	l := dataflow.LineageOf(dataflow.Component(pipe(streaming.StreamingPipeline{Sink: once, CheckpointLocation: "/c"})))
	require.Equal(t, dataflow.Lineage{
		Inputs: []dataflow.Dataset{{Kind: dataflow.DatasetPath, Name: "/in"}}, Outputs: []dataflow.Dataset{{Kind: dataflow.DatasetPath, Name: "/out"}},
		Effect: dataflow.EffectIdempotent, Partial: true, Continues: true,
	}, l)
	require.Equal(t, dataflow.EffectRepeats, pipe(streaming.StreamingPipeline{Sink: once}).Lineage().Effect)
	require.Equal(t, dataflow.EffectRepeats, pipe(streaming.StreamingPipeline{Sink: picky{}, CheckpointLocation: "/c"}).Lineage().Effect)
	require.Equal(t, dataflow.EffectNone, pipe(streaming.StreamingPipeline{Sink: streaming.NoopSink{}}).Lineage().Effect)
	unknown := pipe(streaming.StreamingPipeline{Sink: once, CheckpointLocation: "/c", Transforms: []dataflow.Transform{project("1")}}).Lineage()
	require.Equal(t, dataflow.EffectUnknown, unknown.Effect)
	require.True(t, unknown.Opaque)
}
