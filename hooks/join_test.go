package hooks_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/hookstest"
)

type traceKey struct{}

// tracer appends its name to calls and to the value in the context.
func tracer(name string, calls *[]string) hooks.PipelineHooks {
	before := func(ctx context.Context, method string) (context.Context, error) {
		seen, _ := ctx.Value(traceKey{}).(string)
		*calls = append(*calls, method+" "+name+" after "+seen)
		return context.WithValue(ctx, traceKey{}, seen+name), nil
	}
	observe := func(method string) { *calls = append(*calls, method+" "+name) }
	return hooks.Funcs{
		Name: name,
		BeforePipelineFunc: func(ctx context.Context, _ hooks.PipelineStart) (context.Context, error) {
			return before(ctx, "BeforePipeline")
		},
		BeforeComponentFunc: func(ctx context.Context, _ hooks.ComponentStart) (context.Context, error) {
			return before(ctx, "BeforeComponent")
		},
		AfterPipelineFunc:               func(context.Context, hooks.PipelineEnd) { observe("AfterPipeline") },
		AfterComponentFunc:              func(context.Context, hooks.ComponentEnd) { observe("AfterComponent") },
		OnComponentFailureFunc:          func(context.Context, hooks.ComponentFailure) { observe("OnComponentFailure") },
		OnRetryAttemptFunc:              func(context.Context, hooks.RetryAttempt) { observe("OnRetryAttempt") },
		OnCircuitBreakerStateChangeFunc: func(context.Context, hooks.BreakerChange) { observe("OnCircuitBreakerStateChange") },
	}
}

// tell calls all seven methods.
func tell(ctx context.Context, h hooks.PipelineHooks) error {
	ctx, err := h.BeforePipeline(ctx, hooks.PipelineStart{})
	if err != nil {
		return err
	}
	ctx, err = h.BeforeComponent(ctx, hooks.ComponentStart{Name: "c"})
	h.OnRetryAttempt(ctx, hooks.RetryAttempt{Name: "c"})
	h.OnCircuitBreakerStateChange(ctx, hooks.BreakerChange{Name: "c"})
	h.AfterComponent(ctx, hooks.ComponentEnd{Name: "c"})
	h.OnComponentFailure(ctx, hooks.ComponentFailure{Name: "c"})
	h.AfterPipeline(ctx, hooks.PipelineEnd{})
	return err
}

func TestJoinOrder(t *testing.T) {
	t.Parallel()
	var calls []string
	a, b, c := tracer("a", &calls), tracer("b", &calls), tracer("c", &calls)
	require.NoError(t, tell(t.Context(), hooks.Join(nil, a, hooks.Join(b, nil), c)))
	require.Equal(t, []string{
		"BeforePipeline a after ", "BeforePipeline b after a", "BeforePipeline c after ab",
		"BeforeComponent a after abc", "BeforeComponent b after abca", "BeforeComponent c after abcab",
		"OnRetryAttempt a", "OnRetryAttempt b", "OnRetryAttempt c",
		"OnCircuitBreakerStateChange a", "OnCircuitBreakerStateChange b", "OnCircuitBreakerStateChange c",
		"AfterComponent c", "AfterComponent b", "AfterComponent a",
		"OnComponentFailure c", "OnComponentFailure b", "OnComponentFailure a",
		"AfterPipeline c", "AfterPipeline b", "AfterPipeline a",
	}, calls)
}

func TestJoinOfNothing(t *testing.T) {
	t.Parallel()
	require.NoError(t, tell(t.Context(), hooks.Join()))
	require.NoError(t, tell(t.Context(), hooks.Join(nil, nil)))
}

func TestJoinCollectsVetoesAndAsksEveryHook(t *testing.T) {
	t.Parallel()
	one, two := errors.New("frozen"), errors.New("too late")
	gate := func(name string, err error) hooks.PipelineHooks {
		return hooks.Funcs{Name: name, BeforePipelineFunc: func(context.Context, hooks.PipelineStart) (context.Context, error) {
			return nil, err
		}}
	}
	var recorder hookstest.Recorder
	ctx, err := hooks.Join(gate("freeze", one), &recorder).BeforePipeline(t.Context(), hooks.PipelineStart{Pipeline: "p"})
	require.NotNil(t, ctx, "a nil context of a hook means the one it was given")
	require.EqualError(t, err, `vetoed by hook "freeze": frozen`)
	require.Equal(t, []string{"BeforePipeline p"}, recorder.Lines())

	_, err = hooks.Join(gate("freeze", one), hooks.Join(gate("", two))).BeforePipeline(t.Context(), hooks.PipelineStart{})
	require.EqualError(t, err, "vetoed by hook \"freeze\": frozen\nvetoed by hook \"hooks.Funcs\": too late")
	require.ErrorIs(t, err, one)
	require.ErrorIs(t, err, two)
	var veto *hooks.VetoError
	require.ErrorAs(t, err, &veto)
	require.Equal(t, "freeze", veto.Hook)
}

// panicky panics at every moment, even when it is asked for its name.
type panicky struct{ hooks.PipelineHooks }

func (panicky) HookName() string { panic("no name") }

func TestJoinIsolatesPanics(t *testing.T) {
	t.Parallel()
	var recorder hookstest.Recorder
	var caught []error
	ctx := hooks.WithPanicReport(t.Context(), func(err error) { caught = append(caught, err) })
	require.NoError(t, tell(ctx, hooks.Join(panicky{}, &recorder)), "a panic is no veto")
	require.Len(t, recorder.Lines(), 7, "the other hook hears everything")
	require.Len(t, caught, 7)
	require.ErrorContains(t, caught[0], `hook "hooks_test.panicky": BeforePipeline: panic: runtime error`)
	require.ErrorContains(t, caught[1], `hook "hooks_test.panicky": BeforeComponent of "c": panic: runtime error`)
	var hookPanic *hooks.PanicError
	require.ErrorAs(t, caught[0], &hookPanic)
	require.Equal(t, "BeforePipeline", hookPanic.Moment)
	var panicked *component.PanicError
	require.ErrorAs(t, caught[0], &panicked)
	require.NotEmpty(t, panicked.Stack)

	require.NoError(t, tell(t.Context(), hooks.Join(panicky{})), "isolated also when nobody listens")
}

func TestStatusText(t *testing.T) {
	t.Parallel()
	for status, text := range map[hooks.Status]string{
		hooks.StatusSucceeded: "succeeded", hooks.StatusFailed: "failed",
		hooks.StatusPartlyFailed: "partly_failed", hooks.StatusInterrupted: "interrupted",
	} {
		require.Equal(t, text, status.String())
		got, err := status.MarshalText()
		require.NoError(t, err)
		var back hooks.Status
		require.NoError(t, back.UnmarshalText(got))
		require.Equal(t, status, back)
	}
	_, err := hooks.Status(0).MarshalText()
	require.EqualError(t, err, "0 is not a run status")
	require.Equal(t, "status(9)", hooks.Status(9).String())
	require.Error(t, new(hooks.Status).UnmarshalText([]byte("ok")))
}
