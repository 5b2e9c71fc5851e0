package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	queries []streaming.SupervisedQuery // once it has its secrets
	names   []string
	live    []*liveStream
	// whole is the pipeline as it stands in the file, and before the same with
	// streams that do nothing.
	whole, before *pipeline.Pipeline
	// secretViews tells that what the streams depend on refers to secrets.
	secretViews bool
	trust       *streamTrust

	mu       sync.Mutex
	prepared bool // the first time
}

// standIn is a stream that does nothing, and needs and makes what the stream does.
type standIn struct{ streaming.StreamingPipeline }

// Run does nothing.
func (standIn) Run(context.Context, *dataflow.Session, component.Runtime) error { return nil }

// newStreamFile takes the streams out of a pipeline, which needs no secret.
func newStreamFile(p *pipeline.Pipeline) *streamFile {
	before := *p
	before.Steps, before.FailFast = slices.Clone(p.Steps), true
	out := &streamFile{whole: p, before: &before}
	for i := range before.Steps {
		step := &before.Steps[i]
		stream, ok := streamOf(step)
		if !ok {
			out.secretViews = out.secretViews || step.Remake != nil
			continue
		}
		out.live, out.names = append(out.live, &liveStream{file: out, step: *step}), append(out.names, step.Name)
		step.Component, step.Remake, step.Timeout, step.Quality = dataflow.Component(standIn{stream}), nil, 0, nil
		step.Resilience.Preset, step.Resilience.Retry, step.Resilience.Breaker = "", nil, nil
	}
	return out
}

// unlock makes the queries, with their secrets. All secrets of the file are looked
// up, so that what is missing shows before anything runs.
func (f *streamFile) unlock(ctx context.Context, trust *streamTrust) error {
	f.trust = trust
	unlocked, err := f.whole.Unlock(ctx, trust)
	if err != nil {
		return err
	}
	for _, l := range f.live {
		at := slices.IndexFunc(unlocked.Steps, func(s pipeline.Step) bool { return s.Name == l.step.Name })
		if err := l.take(unlocked.Steps[at].Component); err != nil {
			return err
		}
		query := streaming.SupervisedQuery{Name: l.step.Name, Pipeline: l.supervised()}
		if retry := l.step.Resilience.WithDefaults().Retry; retry != nil {
			query.Retry = retry
		}
		f.queries = append(f.queries, query)
	}
	return nil
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
// all that the streams depend on, the others with the views alone. Each has the
// secrets as they are then.
func (f *streamFile) open(connect func(context.Context, *pipeline.Pipeline) (*dataflow.Session, error), report *streamReport) func(context.Context) (*dataflow.Session, error) {
	return func(ctx context.Context) (*dataflow.Session, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		session, err := f.connect(ctx, connect)
		if err != nil {
			report.noSession(err)
			return nil, f.trust.failed(err)
		}
		if err = f.prepare(ctx, session, report); err != nil {
			report.noSession(err)
			if !f.prepared && ctx.Err() == nil {
				err = &prepareError{err}
			}
			return nil, f.trust.failed(errors.Join(err, session.Close(context.WithoutCancel(ctx))))
		}
		f.prepared = true
		return session, nil
	}
}

// connect opens a session and tells the trail.
func (f *streamFile) connect(ctx context.Context, connect func(context.Context, *pipeline.Pipeline) (*dataflow.Session, error)) (*dataflow.Session, error) {
	unlocked, err := f.before.UnlockSpark(ctx, f.trust.Expand)
	if err != nil {
		return nil, err
	}
	session, err := connect(ctx, unlocked)
	if err != nil {
		return nil, err
	}
	if err := f.trust.opened(ctx, session); err != nil {
		return nil, errors.Join(err, session.Close(context.WithoutCancel(ctx)))
	}
	return session, nil
}

// prepare runs the steps for a session.
func (f *streamFile) prepare(ctx context.Context, session *dataflow.Session, report *streamReport) error {
	selection := &pipeline.Selection{Only: f.names}
	if !f.prepared {
		selection = &pipeline.Selection{Until: f.names}
	}
	return f.run(ctx, session, selection, &pipeline.RunnerOptions{
		Output: report.out,
		Hooks: []hooks.PipelineHooks{hooks.Funcs{Name: "streams", AfterComponentFunc: func(_ context.Context, e hooks.ComponentEnd) {
			if !slices.Contains(f.names, e.Name) {
				report.preparedStep(e.Name, e.Duration)
			}
		}}},
	})
}

// renew makes the views of a stream anew.
func (f *streamFile) renew(ctx context.Context, session *dataflow.Session, name string) error {
	return f.run(ctx, session, &pipeline.Selection{Only: []string{name}}, &pipeline.RunnerOptions{Output: io.Discard})
}

// run runs steps that are no streams.
func (f *streamFile) run(ctx context.Context, session *dataflow.Session, selection *pipeline.Selection, opts *pipeline.RunnerOptions) error {
	opts.Select, opts.RunID, opts.Secrets, opts.Quality = selection, f.trust.runID, f.trust, f.trust
	opts.Hooks = append(opts.Hooks, f.trust.steps(f.names))
	runner, err := pipeline.NewSimplePipelineRunner(session, opts)
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
