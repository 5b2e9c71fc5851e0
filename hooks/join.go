package hooks

import (
	"context"
	"errors"
	"slices"

	"github.com/sparkpipe/sparkpipe/component"
)

// Join returns hooks that call each of the given ones; nil entries are left out
// and joined hooks are taken apart. Join of nothing does nothing.
//
// Before-hooks, retries, breaker changes and what a [ProgressObserver] hears are
// told in the given order, each before-hook getting the context that the one
// before it returned. AfterPipeline, AfterComponent and OnComponentFailure are
// told in the reverse order, like deferred calls. All vetoes are joined. A hook that panics does not keep the
// others from being called; see [WithPanicReport].
func Join(hooks ...PipelineHooks) PipelineHooks {
	flat := make(joined, 0, len(hooks))
	for _, h := range hooks {
		switch h := h.(type) {
		case nil:
		case joined:
			flat = append(flat, h...)
		default:
			flat = append(flat, h)
		}
	}
	return flat
}

type joined []PipelineHooks

var _ PipelineHooks = joined(nil)

func (j joined) BeforePipeline(ctx context.Context, e PipelineStart) (context.Context, error) {
	return j.before(ctx, "BeforePipeline", "", func(h PipelineHooks, ctx context.Context) (context.Context, error) {
		return h.BeforePipeline(ctx, e)
	})
}

func (j joined) AfterPipeline(ctx context.Context, e PipelineEnd) {
	for _, h := range slices.Backward(j) {
		guard(ctx, h, "AfterPipeline", "", func() { h.AfterPipeline(ctx, e) })
	}
}

func (j joined) BeforeComponent(ctx context.Context, e ComponentStart) (context.Context, error) {
	return j.before(ctx, "BeforeComponent", e.Name, func(h PipelineHooks, ctx context.Context) (context.Context, error) {
		return h.BeforeComponent(ctx, e)
	})
}

func (j joined) AfterComponent(ctx context.Context, e ComponentEnd) {
	for _, h := range slices.Backward(j) {
		guard(ctx, h, "AfterComponent", e.Name, func() { h.AfterComponent(ctx, e) })
	}
}

func (j joined) OnComponentFailure(ctx context.Context, e ComponentFailure) {
	for _, h := range slices.Backward(j) {
		guard(ctx, h, "OnComponentFailure", e.Name, func() { h.OnComponentFailure(ctx, e) })
	}
}

func (j joined) OnRetryAttempt(ctx context.Context, e RetryAttempt) {
	for _, h := range j {
		guard(ctx, h, "OnRetryAttempt", e.Name, func() { h.OnRetryAttempt(ctx, e) })
	}
}

func (j joined) OnCircuitBreakerStateChange(ctx context.Context, e BreakerChange) {
	for _, h := range j {
		guard(ctx, h, "OnCircuitBreakerStateChange", e.Name, func() { h.OnCircuitBreakerStateChange(ctx, e) })
	}
}

// before asks every hook, also after a veto, so that each of them hears the
// beginning of what it will hear the end of.
func (j joined) before(
	ctx context.Context, moment, name string,
	ask func(h PipelineHooks, ctx context.Context) (context.Context, error),
) (context.Context, error) {
	var vetoes []error
	for _, h := range j {
		var next context.Context
		var err error
		guard(ctx, h, moment, name, func() { next, err = ask(h, ctx) })
		if next != nil {
			ctx = next
		}
		if err != nil {
			vetoes = append(vetoes, veto(h, err))
		}
	}
	if len(vetoes) == 1 {
		return ctx, vetoes[0]
	}
	return ctx, errors.Join(vetoes...)
}

// veto keeps the name that a hook around other hooks has given already.
func veto(h PipelineHooks, err error) error {
	var named *VetoError
	if errors.As(err, &named) {
		return err
	}
	return &VetoError{Hook: nameOf(h), Err: err}
}

// guard calls one hook and keeps its panic from the run.
func guard(ctx context.Context, h PipelineHooks, moment, name string, call func()) {
	defer func() {
		if value := recover(); value != nil {
			reportPanic(ctx, &PanicError{
				Hook: nameOf(h), Moment: moment, Component: name,
				Err: component.NewPanicError(value),
			})
		}
	}()
	call()
}
