package hooks

import "context"

// Funcs makes [PipelineHooks] of functions. A nil function does nothing; the
// zero value is a hook that does nothing.
type Funcs struct {
	// Name names the hook in errors; empty means "hooks.Funcs".
	Name string

	// The functions are called by the methods of the same name.
	BeforePipelineFunc              func(ctx context.Context, e PipelineStart) (context.Context, error)
	AfterPipelineFunc               func(ctx context.Context, e PipelineEnd)
	BeforeComponentFunc             func(ctx context.Context, e ComponentStart) (context.Context, error)
	AfterComponentFunc              func(ctx context.Context, e ComponentEnd)
	OnComponentFailureFunc          func(ctx context.Context, e ComponentFailure)
	OnRetryAttemptFunc              func(ctx context.Context, e RetryAttempt)
	OnCircuitBreakerStateChangeFunc func(ctx context.Context, e BreakerChange)

	// OnProgressFunc makes it a [ProgressObserver]; nil does not want to hear.
	OnProgressFunc func(ctx context.Context, e ComponentProgress)
}

var _ PipelineHooks = Funcs{}

// HookName returns Name.
func (f Funcs) HookName() string { return f.Name }

// BeforePipeline calls BeforePipelineFunc.
func (f Funcs) BeforePipeline(ctx context.Context, e PipelineStart) (context.Context, error) {
	if f.BeforePipelineFunc == nil {
		return ctx, nil
	}
	return f.BeforePipelineFunc(ctx, e)
}

// AfterPipeline calls AfterPipelineFunc.
func (f Funcs) AfterPipeline(ctx context.Context, e PipelineEnd) {
	if f.AfterPipelineFunc != nil {
		f.AfterPipelineFunc(ctx, e)
	}
}

// BeforeComponent calls BeforeComponentFunc.
func (f Funcs) BeforeComponent(ctx context.Context, e ComponentStart) (context.Context, error) {
	if f.BeforeComponentFunc == nil {
		return ctx, nil
	}
	return f.BeforeComponentFunc(ctx, e)
}

// AfterComponent calls AfterComponentFunc.
func (f Funcs) AfterComponent(ctx context.Context, e ComponentEnd) {
	if f.AfterComponentFunc != nil {
		f.AfterComponentFunc(ctx, e)
	}
}

// OnComponentFailure calls OnComponentFailureFunc.
func (f Funcs) OnComponentFailure(ctx context.Context, e ComponentFailure) {
	if f.OnComponentFailureFunc != nil {
		f.OnComponentFailureFunc(ctx, e)
	}
}

// OnRetryAttempt calls OnRetryAttemptFunc.
func (f Funcs) OnRetryAttempt(ctx context.Context, e RetryAttempt) {
	if f.OnRetryAttemptFunc != nil {
		f.OnRetryAttemptFunc(ctx, e)
	}
}

// OnCircuitBreakerStateChange calls OnCircuitBreakerStateChangeFunc.
func (f Funcs) OnCircuitBreakerStateChange(ctx context.Context, e BreakerChange) {
	if f.OnCircuitBreakerStateChangeFunc != nil {
		f.OnCircuitBreakerStateChangeFunc(ctx, e)
	}
}
