package hooks

import "context"

// PipelineHooks hears of the moments of a run; the package documentation says
// when each is called. Embed [Base] to write only some of the methods, so that
// your type keeps compiling when this interface grows.
//
// A type may also have the method HookName() string; its result then names the
// hook in errors instead of the Go type.
type PipelineHooks interface {
	// BeforePipeline is called once, before anything of the run. The returned
	// context is that of the whole run; nil means the one that was given. An
	// error vetoes the run.
	BeforePipeline(ctx context.Context, e PipelineStart) (context.Context, error)
	// AfterPipeline is called once, after everything of the run. Its context is
	// alive for a bounded time even when the run was cancelled.
	AfterPipeline(ctx context.Context, e PipelineEnd)
	// BeforeComponent is called once for each component that is about to start.
	// The returned context is that of the component; nil means the one that was
	// given. An error vetoes the component, which then counts as failed.
	BeforeComponent(ctx context.Context, e ComponentStart) (context.Context, error)
	// AfterComponent is called once for each component that succeeded.
	AfterComponent(ctx context.Context, e ComponentEnd)
	// OnComponentFailure is called once for each component that was about to
	// start and did not succeed, after the last attempt. Its context is alive even
	// when the run was cancelled.
	OnComponentFailure(ctx context.Context, e ComponentFailure)
	// OnRetryAttempt is called by the runner's retry policy before it waits for
	// the next attempt.
	OnRetryAttempt(ctx context.Context, e RetryAttempt)
	// OnCircuitBreakerStateChange is called by the runner's circuit breaker at
	// each change of its state.
	OnCircuitBreakerStateChange(ctx context.Context, e BreakerChange)
}

// Base does nothing at every moment. Embed it.
type Base struct{}

var _ PipelineHooks = Base{}

// BeforePipeline returns ctx.
func (Base) BeforePipeline(ctx context.Context, _ PipelineStart) (context.Context, error) {
	return ctx, nil
}

// AfterPipeline does nothing.
func (Base) AfterPipeline(context.Context, PipelineEnd) {}

// BeforeComponent returns ctx.
func (Base) BeforeComponent(ctx context.Context, _ ComponentStart) (context.Context, error) {
	return ctx, nil
}

// AfterComponent does nothing.
func (Base) AfterComponent(context.Context, ComponentEnd) {}

// OnComponentFailure does nothing.
func (Base) OnComponentFailure(context.Context, ComponentFailure) {}

// OnRetryAttempt does nothing.
func (Base) OnRetryAttempt(context.Context, RetryAttempt) {}

// OnCircuitBreakerStateChange does nothing.
func (Base) OnCircuitBreakerStateChange(context.Context, BreakerChange) {}
