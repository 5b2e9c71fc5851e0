package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// streamFile is what a file holds for a supervisor: the streams, and a pipeline that
// prepares a session for them.
type streamFile struct {
	queries []streaming.SupervisedQuery
	names   []string
	// before has all steps of the file; those that are streams do nothing in it.
	before *pipeline.Pipeline

	mu       sync.Mutex
	prepared bool // the first time
}

// standIn is a stream that does nothing, and needs and makes what the stream does.
type standIn struct{ streaming.StreamingPipeline }

// Run does nothing.
func (standIn) Run(context.Context, *dataflow.Session, component.Runtime) error { return nil }

// newStreamFile takes the streams out of a pipeline.
func newStreamFile(p *pipeline.Pipeline) *streamFile {
	before := *p
	before.Steps, before.FailFast = slices.Clone(p.Steps), true
	out := &streamFile{before: &before}
	for i := range before.Steps {
		step := &before.Steps[i]
		stream, ok := streamOf(step)
		if !ok {
			continue
		}
		query := streaming.SupervisedQuery{Name: step.Name, Pipeline: stream}
		if retry := step.Resilience.WithDefaults().Retry; retry != nil {
			query.Retry = retry
		}
		out.queries, out.names = append(out.queries, query), append(out.names, step.Name)
		step.Component, step.Timeout = dataflow.Component(standIn{stream}), 0
		step.Resilience.Preset, step.Resilience.Retry, step.Resilience.Breaker = "", nil, nil
	}
	return out
}

// streamOf returns the stream of a step that runs one.
func streamOf(step *pipeline.Step) (streaming.StreamingPipeline, bool) {
	if step.Disabled || step.Unused {
		return streaming.StreamingPipeline{}, false
	}
	flow, ok := dataflow.FlowOf(step.Component)
	if !ok {
		return streaming.StreamingPipeline{}, false
	}
	stream, ok := flow.(streaming.StreamingPipeline)
	return stream, ok
}

// prepareError says that what the streams depend on has failed. It is not done again,
// since it may write.
type prepareError struct{ err error }

func (e *prepareError) Error() string {
	return "run what the streams depend on: " + e.err.Error()
}
func (e *prepareError) Unwrap() error   { return e.err }
func (e *prepareError) Retryable() bool { return false }

// open returns the function that opens a session and prepares it: the first with
// all that the streams depend on, the others with the views alone.
func (f *streamFile) open(connect func(context.Context, *pipeline.Pipeline) (*dataflow.Session, error), report *streamReport) func(context.Context) (*dataflow.Session, error) {
	return func(ctx context.Context) (*dataflow.Session, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		session, err := connect(ctx, f.before)
		if err != nil {
			report.noSession(err)
			return nil, err
		}
		if err = f.prepare(ctx, session, report); err != nil {
			report.noSession(err)
			if !f.prepared && ctx.Err() == nil {
				err = &prepareError{err}
			}
			return nil, errors.Join(err, session.Close(context.WithoutCancel(ctx)))
		}
		f.prepared = true
		return session, nil
	}
}

// prepare runs the steps for a session.
func (f *streamFile) prepare(ctx context.Context, session *dataflow.Session, report *streamReport) error {
	selection := &pipeline.Selection{Only: f.names}
	if !f.prepared {
		selection = &pipeline.Selection{Until: f.names}
	}
	runner, err := pipeline.NewSimplePipelineRunner(session, &pipeline.RunnerOptions{
		Select: selection, Output: report.out,
		Hooks: []hooks.PipelineHooks{hooks.Funcs{Name: "streams", AfterComponentFunc: func(_ context.Context, e hooks.ComponentEnd) {
			if !slices.Contains(f.names, e.Name) {
				report.preparedStep(e.Name, e.Duration)
			}
		}}},
	})
	if err != nil {
		return err
	}
	result, err := runner.Run(ctx, f.before)
	if err != nil {
		return err
	}
	if result.Status != pipeline.StatusSucceeded {
		return fmt.Errorf("it has %s", result.Status)
	}
	return nil
}
