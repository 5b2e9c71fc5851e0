package pipeline_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/hookstest"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// flow works on Spark and remembers the sessions that it got.
type flow struct{ got *[]*dataflow.Session }

func (flow) Name() string { return "flow" }

func (f flow) Run(_ context.Context, spark *dataflow.Session, _ component.Runtime) error {
	*f.got = append(*f.got, spark)
	return nil
}

// opener counts how often it is asked for a session.
type opener struct {
	calls   int
	session *dataflow.Session
	err     error
}

func (o *opener) open(context.Context, *pipeline.Pipeline) (*dataflow.Session, error) {
	o.calls++
	return o.session, o.err
}

func TestSessionOfTheCaller(t *testing.T) {
	t.Parallel()
	session := &dataflow.Session{}
	unused := &opener{err: errBroken}
	var got []*dataflow.Session
	step := pipeline.Step{Name: "a", Component: dataflow.Component(flow{&got})}
	runner, err := pipeline.NewSimplePipelineRunner(session, &pipeline.RunnerOptions{OpenSession: unused.open})
	require.NoError(t, err)
	result, err := runner.Run(t.Context(), newPipeline(t, step))
	require.NoError(t, err)
	require.Empty(t, result.Warnings)
	require.Equal(t, []*dataflow.Session{session}, got)
	require.Zero(t, unused.calls)
}

func TestSessionIsOpenedOnceWhenAComponentNeedsIt(t *testing.T) {
	t.Parallel()
	o := &opener{session: &dataflow.Session{}}
	var got []*dataflow.Session
	early := 0
	p := newPipeline(t,
		does("a", func(context.Context, component.Runtime) error {
			early = o.calls
			return nil
		}),
		pipeline.Step{Name: "b", Component: dataflow.Component(flow{&got})},
		pipeline.Step{Name: "c", Component: dataflow.Component(flow{&got})},
	)
	result, err := newRunner(t, pipeline.RunnerOptions{OpenSession: o.open}).Run(t.Context(), p)
	mustKeepPromise(t, p, result, err)
	require.NoError(t, err)
	require.Equal(t, 1, early, "the session is open before the first component")
	require.Equal(t, 1, o.calls)
	require.Equal(t, []*dataflow.Session{o.session, o.session}, got)
}

func TestSessionIsNotOpenedWhenNothingNeedsIt(t *testing.T) {
	t.Parallel()
	o := &opener{err: errBroken}
	flowStep := func(name string, deps ...string) pipeline.Step {
		return pipeline.Step{Name: name, Component: dataflow.Component(flow{new([]*dataflow.Session)}), DependsOn: deps}
	}
	unused := flowStep("unused")
	unused.Unused = true
	p := newPipeline(t, works("a"), off(flowStep("off")), unused, flowStep("behind", "off"), flowStep("far behind", "behind"))
	result, err := newRunner(t, pipeline.RunnerOptions{OpenSession: o.open}).Run(t.Context(), p)
	mustKeepPromise(t, p, result, err)
	require.NoError(t, err)
	require.Zero(t, o.calls)
}

func TestSessionIsOpenedAtFirstUse(t *testing.T) {
	t.Parallel()
	o := &opener{session: &dataflow.Session{}}
	var kept component.Runtime
	use := func(ctx context.Context, rt component.Runtime) error {
		kept = rt
		for range 2 {
			if spark, err := dataflow.SessionOf(ctx, rt); err != nil || spark != o.session {
				return errors.New("not the session")
			}
		}
		return nil
	}
	p := newPipeline(t, does("a", use), does("b", use))
	result, err := newRunner(t, pipeline.RunnerOptions{OpenSession: o.open}).Run(t.Context(), p)
	mustKeepPromise(t, p, result, err)
	require.NoError(t, err)
	require.Equal(t, 1, o.calls)

	_, err = dataflow.SessionOf(t.Context(), kept)
	require.ErrorIs(t, err, dataflow.ErrNoSession, "after the run the session is gone")
}

func TestSessionThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	refused := errors.New("connection refused")
	tests := []struct {
		name string
		open func(context.Context, *pipeline.Pipeline) (*dataflow.Session, error)
		want string
		is   error
	}{
		{"a failure", (&opener{err: refused}).open, "connection refused", refused},
		{"no session and no error", (&opener{}).open, "the function that opens it returned none", nil},
		{
			"a panic", func(context.Context, *pipeline.Pipeline) (*dataflow.Session, error) { panic(refused) },
			"panic: connection refused", refused,
		},
		{"no way to open one", nil, dataflow.ErrNoSession.Error(), dataflow.ErrNoSession},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var recorder hookstest.Recorder
			p := newPipeline(t, works("a"), pipeline.Step{Name: "b", Component: dataflow.Component(flow{new([]*dataflow.Session)})})
			p.FailFast = false
			result, err := newRunner(t, pipeline.RunnerOptions{
				OpenSession: test.open, Hooks: []hooks.PipelineHooks{&recorder},
			}).Run(t.Context(), p)
			mustKeepPromise(t, p, result, err)
			require.EqualError(t, err, `pipeline "p" failed: open the Spark session for component "b": `+test.want)
			var fault *pipeline.SessionError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, "open", fault.Op)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			require.Equal(t, []string{
				"a skipped: the Spark session could not be opened", "b skipped: the Spark session could not be opened",
			}, fates(result))
			require.Equal(t, []string{"BeforePipeline p", "AfterPipeline p"}, recorder.Lines())
		})
	}
}

func TestFailureAtFirstUseIsKept(t *testing.T) {
	t.Parallel()
	o := &opener{err: errBroken}
	use := func(ctx context.Context, rt component.Runtime) error {
		_, err := dataflow.SessionOf(ctx, rt)
		return err
	}
	p := newPipeline(t, does("a", use), does("b", use))
	p.FailFast = false
	result, err := newRunner(t, pipeline.RunnerOptions{OpenSession: o.open}).Run(t.Context(), p)
	mustKeepPromise(t, p, result, err)
	require.ErrorIs(t, err, errBroken)
	require.Equal(t, []string{"a failed", "b failed"}, fates(result))
	require.Equal(t, 1, o.calls, "a server that is down is asked once a run")
}

func TestCancelWhileTheSessionIsOpened(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	open := func(ctx context.Context, _ *pipeline.Pipeline) (*dataflow.Session, error) {
		cancel()
		return nil, context.Cause(ctx)
	}
	p := newPipeline(t, pipeline.Step{Name: "a", Component: dataflow.Component(flow{new([]*dataflow.Session)})})
	result, err := newRunner(t, pipeline.RunnerOptions{OpenSession: open}).Run(ctx, p)
	mustKeepPromise(t, p, result, err)
	require.Equal(t, pipeline.StatusInterrupted, result.Status)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"a cancelled: the run was interrupted: context canceled"}, fates(result))
}

func TestNoSessionIsOpenedForACancelledRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := &opener{err: errBroken}
	p := newPipeline(t, pipeline.Step{Name: "a", Component: dataflow.Component(flow{new([]*dataflow.Session)})})
	result, err := newRunner(t, pipeline.RunnerOptions{OpenSession: o.open}).Run(ctx, p)
	mustKeepPromise(t, p, result, err)
	require.Equal(t, pipeline.StatusInterrupted, result.Status)
	require.Zero(t, o.calls)
}
