package pipeline_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/hookstest"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// watched runs p with a recorder behind the hooks.
func watched(ctx context.Context, t *testing.T, p *pipeline.Pipeline, before ...hooks.PipelineHooks) (
	*hookstest.Recorder, *pipeline.Result, error,
) {
	t.Helper()
	recorder := &hookstest.Recorder{}
	runner := newRunner(t, pipeline.RunnerOptions{Hooks: append(before, recorder, nil)})
	result, err := runner.Run(ctx, p)
	mustKeepPromise(t, p, result, err)
	return recorder, result, err
}

func TestMomentsOfARun(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, works("a"), breaks("b", "a"), works("c", "b"), off(works("d")), works("e"))
	p.FailFast, p.Version, p.Environment, p.Tags = false, "1.2", "dev", map[string]string{"team": "data"}
	p.Steps[0].Type = "sql"
	recorder, result, err := watched(t.Context(), t, p)
	require.Error(t, err)
	require.Equal(t, []string{
		"BeforePipeline p",
		"BeforeComponent a", "AfterComponent a",
		"BeforeComponent e", "AfterComponent e",
		"BeforeComponent b", "OnComponentFailure b",
		"AfterPipeline p",
	}, recorder.Lines())

	start := hookstest.Events[hooks.PipelineStart](recorder)[0]
	require.Equal(t, hooks.PipelineStart{
		Pipeline: "p", Version: "1.2", Environment: "dev", Tags: p.Tags, RunID: "r1", Total: 4, Started: result.Started,
	}, start)
	begun := hookstest.Events[hooks.ComponentStart](recorder)
	require.Equal(t, hooks.ComponentStart{
		Pipeline: "p", RunID: "r1", Name: "a", Type: "sql", Index: 0, Total: 4, Attempt: 1,
	}, begun[0])
	require.Equal(t, 1, begun[1].Index)
	require.Equal(t, 2, begun[2].Index)
	ended := hookstest.Events[hooks.ComponentEnd](recorder)[0]
	require.Equal(t, result.Components[0], ended.Result)
	require.Equal(t, 1, ended.Attempt)
	failed := hookstest.Events[hooks.ComponentFailure](recorder)[0]
	require.Equal(t, errBroken, failed.Err)
	require.Equal(t, component.StatusFailed, failed.Result.Status)
	require.Equal(t, 2, failed.Index)
	end := hookstest.Events[hooks.PipelineEnd](recorder)[0]
	require.Equal(t, pipeline.StatusPartlyFailed, end.Status)
	require.Equal(t, result.Components, end.Results)
	require.Equal(t, err, end.Err)
	require.Equal(t, result.Duration, end.Duration)
}

func TestTheLastHookIsAlwaysCalled(t *testing.T) {
	t.Parallel()
	cycle := newPipeline(t, works("a"), works("b", "a"))
	cycle.Steps[0].DependsOn = []string{"b"}
	invalid := newPipeline(t, pipeline.Step{Name: "a", Component: &resource{}})
	invalid.Steps[0].Component = &resource{validateErr: errBroken}
	panics := newPipeline(t, does("a", func(context.Context, component.Runtime) error { panic("boom") }))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		p      *pipeline.Pipeline
		status pipeline.Status
	}{
		{"after a cycle", t.Context(), cycle, pipeline.StatusFailed},
		{"after a fault of a component", t.Context(), invalid, pipeline.StatusFailed},
		{"after a panic", t.Context(), panics, pipeline.StatusFailed},
		{"after a cancel", ended, newPipeline(t, works("a")), pipeline.StatusInterrupted},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			alive := false
			recorder, result, err := watched(test.ctx, t, test.p, hooks.Funcs{
				AfterPipelineFunc: func(ctx context.Context, _ hooks.PipelineEnd) { alive = ctx.Err() == nil },
			})
			require.Error(t, err)
			require.Equal(t, test.status, result.Status)
			require.True(t, alive, "the context of the last hook is alive")
			ends := hookstest.Events[hooks.PipelineEnd](recorder)
			require.Len(t, ends, 1)
			require.Equal(t, err, ends[0].Err)
			lines := recorder.Lines()
			require.Equal(t, "BeforePipeline p", lines[0])
			require.Equal(t, "AfterPipeline p", lines[len(lines)-1])
		})
	}
}

func TestVetoOfThePipeline(t *testing.T) {
	t.Parallel()
	frozen := errors.New("frozen until Monday")
	gate := hooks.Funcs{Name: "freeze", BeforePipelineFunc: func(context.Context, hooks.PipelineStart) (context.Context, error) {
		return nil, frozen
	}}
	recorder, result, err := watched(t.Context(), t, newPipeline(t, works("a"), off(works("b"))), gate)
	require.EqualError(t, err, `pipeline "p" failed: vetoed by hook "freeze": frozen until Monday`)
	require.ErrorIs(t, err, frozen)
	var veto *hooks.VetoError
	require.ErrorAs(t, err, &veto)
	require.Equal(t, pipeline.StatusFailed, result.Status)
	require.Equal(t, []string{"a skipped: a hook vetoed the run", "b disabled: disabled in the pipeline"}, fates(result))
	require.Equal(t, []string{"BeforePipeline p", "AfterPipeline p"}, recorder.Lines())
}

func TestVetoOfAComponent(t *testing.T) {
	t.Parallel()
	gate := hooks.Funcs{Name: "budget", BeforeComponentFunc: func(ctx context.Context, e hooks.ComponentStart) (context.Context, error) {
		if e.Name == "b" {
			return ctx, errors.New("too expensive")
		}
		return ctx, nil
	}}
	ran := false
	p := newPipeline(t, works("a"), does("b", func(context.Context, component.Runtime) error {
		ran = true
		return nil
	}), works("c", "b"))
	p.FailFast = false
	recorder, result, err := watched(t.Context(), t, p, gate)
	require.EqualError(t, err, `pipeline "p" partly failed: component "b": vetoed by hook "budget": too expensive`)
	require.False(t, ran)
	require.Equal(t, []string{"a succeeded", "b failed", `c skipped: depends on "b", which failed`}, fates(result))
	require.Zero(t, result.Components[1].Attempts)
	require.Equal(t, "OnComponentFailure b", recorder.Lines()[4], "who heard the beginning hears the end")
}

func TestPanicsOfHooksAreIsolated(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.ErrorLevel)
	bad := hooks.Funcs{
		Name:               "bad",
		BeforePipelineFunc: func(context.Context, hooks.PipelineStart) (context.Context, error) { panic("one") },
		AfterComponentFunc: func(context.Context, hooks.ComponentEnd) { panic("two") },
		AfterPipelineFunc:  func(context.Context, hooks.PipelineEnd) { panic("three") },
	}
	var recorder hookstest.Recorder
	runner := newRunner(t, pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{bad, &recorder}, Logger: zap.New(core)})
	p := newPipeline(t, works("a"))
	result, err := runner.Run(t.Context(), p)
	mustKeepPromise(t, p, result, err)
	require.NoError(t, err)
	require.Len(t, recorder.Lines(), 4)
	require.Len(t, result.HookErrors, 3)
	require.EqualError(t, result.HookErrors[0], `hook "bad": BeforePipeline: panic: one`)
	require.EqualError(t, result.HookErrors[1], `hook "bad": AfterComponent of "a": panic: two`)
	require.EqualError(t, result.HookErrors[2], `hook "bad": AfterPipeline: panic: three`)
	require.Equal(t, 3, logs.Len())
	require.Equal(t, "hook panicked", logs.All()[0].Message)
	require.Contains(t, logs.All()[0].ContextMap()["panic_stack"], "hooks_test.go")
}

type spanKey struct{}

func TestContextsOfHooksReachTheComponents(t *testing.T) {
	t.Parallel()
	nest := func(ctx context.Context, name string) context.Context {
		outer, _ := ctx.Value(spanKey{}).(string)
		return context.WithValue(ctx, spanKey{}, outer+"/"+name)
	}
	var seen []string
	see := func(ctx context.Context) { seen = append(seen, ctx.Value(spanKey{}).(string)) }
	spans := hooks.Funcs{
		BeforePipelineFunc: func(ctx context.Context, e hooks.PipelineStart) (context.Context, error) {
			return nest(ctx, e.Pipeline), nil
		},
		BeforeComponentFunc: func(ctx context.Context, e hooks.ComponentStart) (context.Context, error) {
			return nest(ctx, e.Name), nil
		},
		AfterComponentFunc: func(ctx context.Context, _ hooks.ComponentEnd) { see(ctx) },
		AfterPipelineFunc:  func(ctx context.Context, _ hooks.PipelineEnd) { see(ctx) },
	}
	look := func(ctx context.Context, _ component.Runtime) error {
		see(ctx)
		return nil
	}
	_, _, err := watched(t.Context(), t, newPipeline(t, does("a", look), does("b", look)), spans)
	require.NoError(t, err)
	require.Equal(t, []string{"/p/a", "/p/a", "/p/b", "/p/b", "/p"}, seen)
}

func TestHookMayGiveAComponentADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cancel context.CancelFunc
		limit := hooks.Funcs{BeforeComponentFunc: func(ctx context.Context, _ hooks.ComponentStart) (context.Context, error) {
			ctx, cancel = context.WithTimeout(ctx, time.Minute)
			return ctx, nil
		}}
		p := newPipeline(t, does("a", func(ctx context.Context, _ component.Runtime) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}))
		_, result, err := watched(t.Context(), t, p, limit)
		cancel()
		require.Equal(t, pipeline.StatusFailed, result.Status, "only the end of the run's own context interrupts it")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestCancelledComponentEndsForItsHooks(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	alive := false
	check := hooks.Funcs{OnComponentFailureFunc: func(ctx context.Context, _ hooks.ComponentFailure) { alive = ctx.Err() == nil }}
	p := newPipeline(t, does("a", func(ctx context.Context, _ component.Runtime) error {
		cancel()
		return ctx.Err()
	}), works("b"))
	recorder, _, err := watched(ctx, t, p, check)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, alive)
	failures := hookstest.Events[hooks.ComponentFailure](recorder)
	require.Len(t, failures, 1)
	require.Equal(t, component.StatusCancelled, failures[0].Result.Status)
}

func TestHookThatCancelsKeepsTheComponentFromStarting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	gate := hooks.Funcs{BeforeComponentFunc: func(ctx context.Context, _ hooks.ComponentStart) (context.Context, error) {
		cancel()
		return ctx, nil
	}}
	recorder, result, err := watched(ctx, t, newPipeline(t, does("a", func(context.Context, component.Runtime) error {
		panic("must not run")
	})), gate)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"a cancelled"}, fates(result))
	require.Equal(t, []string{"BeforePipeline p", "BeforeComponent a", "OnComponentFailure a", "AfterPipeline p"}, recorder.Lines())
}

func TestFailuresAreLoggedAsFailures(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.InfoLevel)
	_, _, err := watched(t.Context(), t, newPipeline(t, works("a"), breaks("b"), works("c")), hooks.NewLogging(zap.New(core), nil))
	require.Error(t, err)
	var messages []string
	for _, line := range logs.All() {
		messages = append(messages, line.Level.String()+" "+line.Message)
		require.Equal(t, "r1", line.ContextMap()["run_id"], "every line names the run")
	}
	require.Equal(t, []string{
		"info pipeline started",
		"info component started", "info component succeeded",
		"info component started", "error component failed",
		"warn component skipped", "error pipeline failed",
	}, messages)
}
