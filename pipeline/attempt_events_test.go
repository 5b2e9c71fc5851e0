package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/resilience"
)

type triedKey struct{}

// tries is a hook that writes down the attempts and gives each a context.
type tries struct {
	hooks.Base
	mu    sync.Mutex
	lines []string
	ends  []hooks.AttemptEnd
	// gone is the error of the contexts at the end.
	gone error
}

func (h *tries) line(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, fmt.Sprintf(format, args...))
}

func (h *tries) BeforeAttempt(ctx context.Context, e hooks.AttemptStart) context.Context {
	h.line("before %d", e.Attempt)
	return context.WithValue(ctx, triedKey{}, e.Attempt)
}

func (h *tries) AfterAttempt(ctx context.Context, e hooks.AttemptEnd) {
	h.line("after %d of %v: %v", e.Attempt, ctx.Value(triedKey{}), e.Err)
	h.ends, h.gone = append(h.ends, e), errors.Join(h.gone, ctx.Err())
}

func (h *tries) OnRetryAttempt(ctx context.Context, e hooks.RetryAttempt) {
	h.line("retry after %d in %v", e.Attempt, ctx.Value(triedKey{}))
}

func (h *tries) AfterComponent(ctx context.Context, _ hooks.ComponentEnd) {
	h.line("done in %v", ctx.Value(triedKey{}))
}

// opens is a component that says when it is opened, run and closed.
type opens struct {
	h    *tries
	fail int // the attempts that fail
}

func (o *opens) Name() string { return "c" }

func (o *opens) Open(ctx context.Context, rt component.Runtime) error {
	o.h.line("open %d in %v", rt.Attempt, ctx.Value(triedKey{}))
	return nil
}

func (o *opens) Run(ctx context.Context, rt component.Runtime) error {
	o.h.line("run %d in %v", rt.Attempt, ctx.Value(triedKey{}))
	if rt.Attempt <= o.fail {
		return errBroken
	}
	return nil
}

func (o *opens) Close(ctx context.Context) error {
	o.h.line("close in %v", ctx.Value(triedKey{}))
	return nil
}

func retrying(step pipeline.Step, attempts int) pipeline.Step {
	step.RetryUnsafe = true
	step.Resilience = resilience.Config{Retry: &resilience.RetryConfig{MaxAttempts: attempts, InitialDelay: time.Millisecond}}
	return step
}

func TestAttemptsReachTheHooks(t *testing.T) {
	t.Parallel()
	h := &tries{}
	p := newPipeline(t, retrying(pipeline.Step{Name: "clean", Type: "fake", Component: &opens{h: h, fail: 1}}, 2))
	now := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	runner := newRunner(t, pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{h}, Now: func() time.Time {
		now = now.Add(time.Second)
		return now
	}})
	_, err := runner.Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, []string{
		"before 1", "open 1 in 1", "run 1 in 1", "close in 1", "after 1 of 1: broken", "retry after 1 in <nil>",
		"before 2", "open 2 in 2", "run 2 in 2", "close in 2", "after 2 of 2: <nil>", "done in <nil>",
	}, h.lines)
	for i, e := range h.ends {
		require.Equal(t, []any{"p", "r1", "clean", "fake", i + 1}, []any{e.Pipeline, e.RunID, e.Name, e.Type, e.Attempt})
		require.Equal(t, time.Second, e.Duration)
		require.Equal(t, 2025, e.Started.Year())
	}
	require.ErrorIs(t, h.ends[0].Err, errBroken)
}

func TestOneAttemptWithoutAPolicy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		step pipeline.Step
		want string
	}{
		"succeeds": {works("clean"), "after 1 of 1: <nil>"},
		"fails":    {breaks("clean"), "after 1 of 1: broken"},
		"panics":   {does("clean", func(context.Context, component.Runtime) error { panic("oh") }), "after 1 of 1: panic: oh"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &tries{}
			_, _ = newRunner(t, pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{h}}).Run(t.Context(), newPipeline(t, tt.step))
			require.Equal(t, []string{"before 1", tt.want}, h.lines[:2])
			require.Len(t, h.ends, 1)
		})
	}
}

// TestAttemptEndsWithALivingContext also when the run was cancelled.
func TestAttemptEndsWithALivingContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := &tries{}
	p := newPipeline(t, does("clean", func(ctx context.Context, _ component.Runtime) error {
		cancel()
		return context.Cause(ctx)
	}))
	result, err := newRunner(t, pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{h}}).Run(ctx, p)
	require.Error(t, err)
	require.Equal(t, component.StatusCancelled, result.Components[0].Status)
	require.Len(t, h.ends, 1)
	require.ErrorIs(t, h.ends[0].Err, context.Canceled)
	require.NoError(t, h.gone)
}

// TestRefusedCallsAreNoAttempts has a circuit breaker that is open.
func TestRefusedCallsAreNoAttempts(t *testing.T) {
	t.Parallel()
	h := &tries{}
	step := breaks("clean")
	step.Resilience = resilience.Config{Breaker: &resilience.BreakerConfig{FailureThreshold: 1, Timeout: time.Hour}}
	runner := newRunner(t, pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{h}})
	p := newPipeline(t, step)
	for range 3 {
		_, err := runner.Run(t.Context(), p)
		require.Error(t, err)
	}
	require.Len(t, h.ends, 1)
}

// stumbles panics at every attempt.
type stumbles struct{ hooks.Base }

func (stumbles) BeforeAttempt(context.Context, hooks.AttemptStart) context.Context { panic("early") }
func (stumbles) AfterAttempt(context.Context, hooks.AttemptEnd)                    { panic("late") }

func TestPanicOfAnAttemptHook(t *testing.T) {
	t.Parallel()
	h := &tries{}
	runner := newRunner(t, pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{stumbles{}, h}})
	result, err := runner.Run(t.Context(), newPipeline(t, works("clean")))
	require.NoError(t, err)
	require.Equal(t, []string{"before 1", "after 1 of 1: <nil>", "done in <nil>"}, h.lines)
	require.Len(t, result.HookErrors, 2)
	require.EqualError(t, result.HookErrors[0], `hook "pipeline_test.stumbles": BeforeAttempt of "clean": panic: early`)
	require.EqualError(t, result.HookErrors[1], `hook "pipeline_test.stumbles": AfterAttempt of "clean": panic: late`)
}
