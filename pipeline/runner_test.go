package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func TestFailureModes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		failFast bool
		policy   pipeline.DisabledPolicy
		steps    []pipeline.Step
		status   pipeline.Status
		want     []string
	}{
		{
			"success", true, 0, []pipeline.Step{works("a"), works("b", "a")},
			pipeline.StatusSucceeded, []string{"a succeeded", "b succeeded"},
		},
		{
			"fail fast stops, and one success does not make it partial", true, 0,
			[]pipeline.Step{works("a"), breaks("b", "a"), works("c", "b"), works("d", "c")},
			pipeline.StatusFailed,
			[]string{
				"a succeeded", "b failed",
				`c skipped: the run stopped after "b" failed`, `d skipped: the run stopped after "b" failed`,
			},
		},
		{
			"going on skips dependents, also indirect ones", false, 0,
			[]pipeline.Step{breaks("a"), works("b", "a"), works("c", "b"), works("d", "free", "c"), works("free")},
			pipeline.StatusPartlyFailed,
			[]string{
				"a failed", "free succeeded",
				`b skipped: depends on "a", which failed`,
				`c skipped: depends on "b", which was skipped because "a" failed`,
				`d skipped: depends on "c", which was skipped because "a" failed`,
			},
		},
		{
			"going on without any success is a failure", false, 0, []pipeline.Step{breaks("a"), works("b", "a")},
			pipeline.StatusFailed, []string{"a failed", `b skipped: depends on "a", which failed`},
		},
		{
			"disabled ones skip their dependents and that is no failure", true, pipeline.DisabledSkip,
			[]pipeline.Step{off(works("a")), works("b", "a"), works("c", "b"), works("d")},
			pipeline.StatusSucceeded,
			[]string{
				"a disabled: disabled in the pipeline", "d succeeded",
				`b skipped: depends on "a", which is disabled`,
				`c skipped: depends on "b", which was skipped because "a" is disabled`,
			},
		},
		{
			"disabled ones can be passed through", true, pipeline.DisabledRun,
			[]pipeline.Step{off(breaks("a")), works("b", "a")},
			pipeline.StatusSucceeded, []string{"a disabled: disabled in the pipeline", "b succeeded"},
		},
		{
			"a failure is felt through a disabled one that is passed through", false, pipeline.DisabledRun,
			[]pipeline.Step{breaks("a"), off(works("b", "a")), works("c", "b"), works("d", "c")},
			pipeline.StatusFailed,
			[]string{
				"a failed", "b disabled: disabled in the pipeline",
				`c skipped: depends on "b", which is disabled and waits in vain because "a" failed`,
				`d skipped: depends on "c", which was skipped because "a" failed`,
			},
		},
		{
			"everything disabled", true, 0, []pipeline.Step{off(works("a")), {Name: "b", Component: component.Func("b", nil), Unused: true}},
			pipeline.StatusSucceeded,
			[]string{"a disabled: disabled in the pipeline", "b disabled: no sequence reads it"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t, test.steps...)
			p.FailFast, p.OnDisabled = test.failFast, test.policy
			result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
			mustKeepPromise(t, p, result, err)
			require.Equal(t, test.status, result.Status)
			require.Equal(t, test.want, fates(result))
			if err != nil {
				require.ErrorIs(t, err, errBroken)
				var failed *pipeline.ComponentError
				require.ErrorAs(t, err, &failed)
				require.Equal(t, result.Failed()[0].Name, failed.Component)
			}
		})
	}
}

func TestDisabledErrorRefusesThePipeline(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, off(works("a")), works("b", "a"), off(works("c", "a")))
	p.OnDisabled = pipeline.DisabledError
	result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
	mustKeepPromise(t, p, result, err)
	require.EqualError(t, err, `pipeline "p" failed: pipeline "p" is not valid: component "b" depends on "a", which is disabled; `+
		`enable it, disable the dependent too, or choose another policy for disabled steps`)
	require.ErrorIs(t, err, pipeline.ErrDisabledDependency)
}

func TestErrorsOfARun(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, breaks("a"), works("b"), breaks("c"))
	p.FailFast = false
	p.Steps[2].Type = "sql"
	result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
	mustKeepPromise(t, p, result, err)
	require.EqualError(t, err, "pipeline \"p\" partly failed: component \"a\": broken\ncomponent \"c\" (sql): broken")
	require.Len(t, result.Failed(), 2)
	require.Len(t, result.Succeeded(), 1)
	failed, ok := result.Component("c")
	require.True(t, ok)
	require.Equal(t, errBroken, failed.Err, "the result does not repeat the name")
	require.Equal(t, 1, failed.Attempts, "attempts are counted for failures too")
	_, ok = result.Component("x")
	require.False(t, ok)
}

func TestPanicOfAComponent(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, does("a", func(context.Context, component.Runtime) error { panic(errBroken) }), works("b"))
	result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
	mustKeepPromise(t, p, result, err)
	require.EqualError(t, err, `pipeline "p" failed: component "a": panic: broken`)
	require.ErrorIs(t, err, errBroken)
	var panicked *component.PanicError
	require.ErrorAs(t, err, &panicked)
	require.Contains(t, string(panicked.Stack), "TestPanicOfAComponent")
	require.Equal(t, []string{"a failed", `b skipped: the run stopped after "a" failed`}, fates(result))
}

func TestNilPipeline(t *testing.T) {
	t.Parallel()
	result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), nil)
	mustKeepPromise(t, nil, result, err)
	require.Equal(t, pipeline.StatusFailed, result.Status)
	require.ErrorIs(t, err, pipeline.ErrNoPipeline)
	require.Empty(t, result.Components)
}

func TestInterruption(t *testing.T) {
	t.Parallel()
	stop := errors.New("signal: interrupt")
	waits := func(ctx context.Context, _ component.Runtime) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}

	t.Run("while a component runs", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Minute, func() { cancel(stop) })
			p := newPipeline(t, works("a"), does("b", waits), works("c", "a"), off(works("d")))
			result, err := newRunner(t, pipeline.RunnerOptions{}).Run(ctx, p)
			mustKeepPromise(t, p, result, err)
			require.Equal(t, pipeline.StatusInterrupted, result.Status)
			require.EqualError(t, err, "pipeline \"p\" was interrupted: signal: interrupt\ncomponent \"b\": signal: interrupt")
			require.ErrorIs(t, err, stop)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, []string{
				"a succeeded", "b cancelled", "d disabled: disabled in the pipeline",
				"c cancelled: the run was interrupted: signal: interrupt",
			}, fates(result))
			b, _ := result.Component("b")
			require.Equal(t, stop, b.Err)
			require.Equal(t, time.Minute, b.Duration)
			require.Equal(t, time.Minute, result.Duration)
		})
	})

	t.Run("before the run", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p := newPipeline(t, works("a"))
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(ctx, p)
		mustKeepPromise(t, p, result, err)
		require.Equal(t, []string{"a cancelled: the run was interrupted: context canceled"}, fates(result))
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, result.Components[0].Attempts)
	})

	t.Run("by a deadline", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			p := newPipeline(t, does("a", waits))
			result, err := newRunner(t, pipeline.RunnerOptions{}).Run(ctx, p)
			mustKeepPromise(t, p, result, err)
			require.Equal(t, pipeline.StatusInterrupted, result.Status)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	})

	t.Run("after the last component is done", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		p := newPipeline(t, does("a", func(context.Context, component.Runtime) error {
			cancel()
			return nil
		}))
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(ctx, p)
		mustKeepPromise(t, p, result, err)
		require.Equal(t, pipeline.StatusSucceeded, result.Status, "all that was to do is done")
	})

	t.Run("an unrelated failure stays a failure", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		p := newPipeline(t, does("a", func(context.Context, component.Runtime) error {
			cancel()
			return errBroken
		}), works("b"))
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(ctx, p)
		mustKeepPromise(t, p, result, err)
		require.Equal(t, pipeline.StatusInterrupted, result.Status)
		require.ErrorIs(t, err, errBroken)
		require.Equal(t, []string{"a failed", "b cancelled: the run was interrupted: context canceled"}, fates(result))
	})

	t.Run("a component that cancels itself has failed", func(t *testing.T) {
		t.Parallel()
		p := newPipeline(t, does("a", func(context.Context, component.Runtime) error { return context.Canceled }))
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
		mustKeepPromise(t, p, result, err)
		require.Equal(t, pipeline.StatusFailed, result.Status)
	})
}

// resource is a component with every ability.
type resource struct {
	calls                           []string
	validateErr, openErr, runErr    error
	closeErr                        error
	panicIn                         string
	closeContextEnded, closeUnbound bool
}

func (r *resource) call(method string, err error) error {
	r.calls = append(r.calls, method)
	if r.panicIn == method {
		panic("boom")
	}
	return err
}

func (r *resource) Name() string { return "resource" }
func (r *resource) Validate() error {
	if r.panicIn == "validate" {
		panic("boom")
	}
	return r.validateErr
}
func (r *resource) Open(context.Context, component.Runtime) error { return r.call("open", r.openErr) }
func (r *resource) Run(context.Context, component.Runtime) error  { return r.call("run", r.runErr) }
func (r *resource) Close(ctx context.Context) error {
	_, bound := ctx.Deadline()
	r.closeContextEnded, r.closeUnbound = ctx.Err() != nil, !bound
	return r.call("close", r.closeErr)
}

func TestOpenAndClose(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	tests := []struct {
		name     string
		resource resource
		calls    string
		err      string
		warning  string
	}{
		{"success", resource{}, "open run close", "", ""},
		{"a failure of run", resource{runErr: errBroken}, "open run close", `component "a" (res): broken`, ""},
		{"a failure of open", resource{openErr: errBroken}, "open close", `component "a" (res): open: broken`, ""},
		{"a failure of close alone", resource{closeErr: gone}, "open run close", "", `component "a" (res): close: gone`},
		{
			"a failure of run and close", resource{runErr: errBroken, closeErr: gone}, "open run close",
			`component "a" (res): broken; close: gone`, "",
		},
		{"a panic of open", resource{panicIn: "open"}, "open close", `component "a" (res): open: panic: boom`, ""},
		{"a panic of run", resource{panicIn: "run"}, "open run close", `component "a" (res): panic: boom`, ""},
		{"a panic of close", resource{panicIn: "close"}, "open run close", "", `component "a" (res): close: panic: boom`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := test.resource
			core, logs := observer.New(zapcore.WarnLevel)
			p := newPipeline(t, pipeline.Step{Name: "a", Type: "res", Component: &c})
			result, err := newRunner(t, pipeline.RunnerOptions{Logger: zap.New(core)}).Run(t.Context(), p)
			mustKeepPromise(t, p, result, err)
			require.Equal(t, test.calls, strings.Join(c.calls, " "))
			require.False(t, c.closeContextEnded)
			require.False(t, c.closeUnbound, "closing is bounded in time")
			if test.err != "" {
				require.EqualError(t, err, `pipeline "p" failed: `+test.err)
			}
			if test.warning == "" {
				require.Empty(t, result.Warnings)
				require.Zero(t, logs.Len())
				return
			}
			require.NoError(t, err, "what the component was there for is done")
			require.Len(t, result.Warnings, 1)
			require.EqualError(t, result.Warnings[0], test.warning)
			require.Equal(t, test.warning, logs.All()[0].ContextMap()["error"])
			require.Equal(t, "r1", logs.All()[0].ContextMap()["run_id"])
		})
	}
}

func TestCloseAfterACancelledRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := &resource{}
	p := newPipeline(t, pipeline.Step{Name: "a", Component: cancelling{c, cancel}})
	result, err := newRunner(t, pipeline.RunnerOptions{}).Run(ctx, p)
	mustKeepPromise(t, p, result, err)
	require.Equal(t, []string{"a cancelled"}, fates(result))
	require.Equal(t, []string{"open", "close"}, c.calls)
	require.False(t, c.closeContextEnded)
}

// cancelling cancels the run that it is part of.
type cancelling struct {
	*resource
	cancel context.CancelFunc
}

func (c cancelling) Run(ctx context.Context, _ component.Runtime) error {
	c.cancel()
	return ctx.Err()
}

func TestInvalidComponentsStopTheRunBeforeItStarts(t *testing.T) {
	t.Parallel()
	one, two := &resource{}, &resource{}
	p := newPipeline(t, works("a"), pipeline.Step{Name: "b", Type: "res", Component: one}, pipeline.Step{Name: "c", Component: two})
	one.validateErr = errors.Join(errors.New("path is empty"), errors.New("mode is odd"))
	two.panicIn = "validate"
	result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
	mustKeepPromise(t, p, result, err)
	require.EqualError(t, err, `pipeline "p" failed: pipeline "p" is not valid:
component "b" (res): path is empty
component "b" (res): mode is odd
component "c": validate: panic: boom`)
	require.Equal(t, []string{
		"a skipped: the pipeline is not valid", "b skipped: the pipeline is not valid", "c skipped: the pipeline is not valid",
	}, fates(result))
	var fault *component.ConfigError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "b", fault.Component)
	require.Empty(t, one.calls)
}

func TestRuntimeOfComponents(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.InfoLevel)
	var got component.Runtime
	p := newPipeline(t, does("a", func(_ context.Context, rt component.Runtime) error {
		got = rt
		rt.Logger().Info("hello")
		return nil
	}))
	_, err := newRunner(t, pipeline.RunnerOptions{RunID: "night-1", Logger: zap.New(core)}).Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "p", got.Pipeline)
	require.Equal(t, "a", got.Component)
	require.Equal(t, "night-1", got.RunID)
	require.Equal(t, 1, got.Attempt)
	require.Equal(t, map[string]any{"run_id": "night-1", "pipeline": "p", "component": "a"}, logs.All()[0].ContextMap())
}

func TestRunIDs(t *testing.T) {
	t.Parallel()
	runner, err := pipeline.NewSimplePipelineRunner(nil, nil)
	require.NoError(t, err)
	p := newPipeline(t, works("a"))
	first, err := runner.Run(t.Context(), p)
	require.NoError(t, err)
	second, err := runner.Run(t.Context(), p)
	require.NoError(t, err)
	require.Len(t, first.RunID, 36)
	require.NotEqual(t, first.RunID, second.RunID)

	for id, want := range map[string]string{
		"a b":                    `new pipeline runner: run id "a b": the character at byte 1 is not allowed`,
		"../x":                   `run id "../x": the character at byte 2 is not allowed`,
		"a,b":                    "byte 1",
		"a\x00":                  "byte 1",
		strings.Repeat("x", 129): `run id "xxxxxxxxxxxxxxxx"... is longer than 128 bytes`,
	} {
		_, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{RunID: id})
		require.ErrorContains(t, err, want)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	began := now
	tick := func() time.Time {
		now = now.Add(time.Second)
		return now
	}
	result, err := newRunner(t, pipeline.RunnerOptions{Now: tick}).Run(t.Context(), newPipeline(t, works("a")))
	require.NoError(t, err)
	require.Equal(t, began.Add(time.Second), result.Started)
	require.Equal(t, began.Add(2*time.Second), result.Components[0].Started)
	require.Equal(t, time.Second, result.Components[0].Duration)
	require.Equal(t, 3*time.Second, result.Duration)
}

func TestRunnerIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	runner := newRunner(t, pipeline.RunnerOptions{})
	p := newPipeline(t, works("a"), works("b", "a"))
	done := make(chan error)
	for range 16 {
		go func() {
			_, err := runner.Run(t.Context(), p)
			done <- err
		}()
	}
	for range 16 {
		require.NoError(t, <-done)
	}
}
