package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// liveStream is a stream of a file that is made anew for each of its starts, with
// the secrets that its settings then have, and whose start stands in the trail
// before Spark hears of it. A supervisor starts it once at a time.
type liveStream struct {
	file *streamFile
	step pipeline.Step // as it stands in the file

	stream   streaming.StreamingPipeline // of the last start
	location string                      // of its checkpoint, which stays that of the first
	in       *dataflow.Session           // in which it was started last
}

// supervised is what the supervisor gets: a pipeline whose parts are those of the
// stream as it is made last. Watchers stay the same, since the supervisor tells them
// what becomes of the stream.
func (l *liveStream) supervised() streaming.StreamingPipeline {
	var source streaming.SourceFunc = liveSource(l, streaming.StreamingSource.ReadStream)
	var sink streaming.SinkFunc = liveSink(l, streaming.StreamingSink.WriteStream)
	p := l.stream
	p.Source, p.Sink, p.CheckpointLocation = source, sink, l.file.trust.shown(l.location)
	p.Transforms = slices.Clone(p.Transforms)
	for i, t := range p.Transforms {
		if _, watches := t.(streaming.Watcher); !watches {
			var transform dataflow.TransformFunc = liveTransform(l, i, dataflow.Transform.Transform)
			p.Transforms[i] = transform
		}
	}
	return p
}

// liveSource is the source of a stream, with which its start begins. D is the
// DataFrame of Spark's client, which this package does not name; that is what the
// method is handed in for, here and below.
func liveSource[D any](l *liveStream, read func(streaming.StreamingSource, context.Context, *dataflow.Session) (D, error)) func(context.Context, *dataflow.Session) (D, error) {
	return func(ctx context.Context, spark *dataflow.Session) (df D, err error) {
		defer l.settle(ctx, &err)
		if err = l.begin(ctx, spark); err != nil {
			return df, err
		}
		return read(l.stream.Source, ctx, spark)
	}
}

// liveTransform is the transform of this number.
func liveTransform[D any](l *liveStream, i int, transform func(dataflow.Transform, context.Context, *dataflow.Session, D) (D, error)) func(context.Context, *dataflow.Session, D) (D, error) {
	return func(ctx context.Context, spark *dataflow.Session, in D) (out D, err error) {
		defer l.settle(ctx, &err)
		return transform(l.stream.Transforms[i], ctx, spark, in)
	}
}

// liveSink is the sink, with which the start ends.
func liveSink[D any](l *liveStream, write func(streaming.StreamingSink, context.Context, *dataflow.Session, D, streaming.Writer) (*streaming.Query, error)) func(context.Context, *dataflow.Session, D, streaming.Writer) (*streaming.Query, error) {
	return func(ctx context.Context, spark *dataflow.Session, df D, w streaming.Writer) (q *streaming.Query, err error) {
		defer l.settle(ctx, &err)
		w.CheckpointLocation = l.location
		return write(l.stream.Sink, ctx, spark, df, w)
	}
}

// settle makes an error of a panic, and when there is one tells that the stream does
// not run. The supervisor tells the end of one that does.
func (l *liveStream) settle(ctx context.Context, err *error) {
	if value := recover(); value != nil {
		*err = &component.PanicError{Value: value, Stack: debug.Stack()}
	}
	if *err != nil {
		l.file.trust.notStarted(ctx, l.step.Name, *err)
		*err = l.file.trust.failed(*err)
	}
}

// begin records the start and makes the stream.
func (l *liveStream) begin(ctx context.Context, spark *dataflow.Session) error {
	trust := l.file.trust
	err := trust.starts(ctx, audit.StreamStart{
		Name: l.step.Name, Type: l.step.Type, Trigger: l.stream.Trigger.String(), CheckpointLocation: trust.shown(l.location),
	})
	if err != nil {
		return err
	}
	return l.renew(ctx, spark)
}

// renew makes the stream anew when its settings refer to secrets, and, when it is
// started in the same session again, what it reads there.
func (l *liveStream) renew(ctx context.Context, spark *dataflow.Session) error {
	again := l.in == spark
	l.in = spark
	if again && l.file.secretViews {
		if err := l.file.renew(ctx, spark, l.step.Name); err != nil {
			return &renewError{"make its views anew: ", err}
		}
	}
	if l.step.Remake == nil {
		return nil
	}
	made, err := l.step.Remake(ctx, l.file.trust.Expand)
	if err != nil {
		return &renewError{"read its secrets: ", err}
	}
	return l.take(made)
}

// take makes it the stream of a component.
func (l *liveStream) take(made component.PipelineComponent) error {
	stream, ok := streaming.PipelineOf(made)
	if !ok {
		return errors.New("the component is no stream any more")
	}
	if l.stream.Source != nil && len(stream.Transforms) != len(l.stream.Transforms) {
		return fmt.Errorf("the stream has %d transforms now, and had %d", len(stream.Transforms), len(l.stream.Transforms))
	}
	if l.location == "" {
		l.location = stream.CheckpointLocation // it has the lock from now on
	}
	l.stream = stream
	return nil
}

// renewError says that a stream could not be made anew. It could be before, so that
// it is worth another attempt: a provider is down, or a file is being replaced.
type renewError struct {
	what string
	err  error
}

func (e *renewError) Error() string   { return e.what + e.err.Error() }
func (e *renewError) Unwrap() error   { return e.err }
func (e *renewError) Retryable() bool { return true }
