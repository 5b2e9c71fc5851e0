package resilience

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errNoFunction = errors.New("there is no function to call")

// Do calls fn under the policy: Retry(Breaker(fn)). It returns the value of the
// attempt that succeeded, or the zero value and an error as the doc of the package
// says. fn is not called at all if the settings have faults or ctx has ended; that
// error wraps [context.Cause]. A wait ends with ctx at once. A panic of fn passes
// through.
func Do[T any](ctx context.Context, p Policy, fn func(ctx context.Context) (T, error)) (T, error) {
	var zero T
	r, err := p.retrier()
	if err != nil {
		return zero, err
	}
	if fn == nil {
		return zero, errNoFunction
	}
	if ctx.Err() != nil {
		return zero, fmt.Errorf("before the first attempt: %w", context.Cause(ctx))
	}
	for attempt := 1; ; attempt++ {
		value, err := call(ctx, p.Breaker, fn)
		if err == nil {
			return value, nil
		}
		wait, final := r.next(ctx, attempt, err)
		if final != nil {
			return zero, final
		}
		if p.OnRetry != nil {
			p.OnRetry(ctx, Attempt{Number: attempt, Max: r.config.MaxAttempts, Delay: wait, Err: err})
		}
		if !sleep(ctx, wait) {
			return zero, fmt.Errorf("wait before attempt %d of %d: %w; the attempt before: %w",
				attempt+1, r.config.MaxAttempts, context.Cause(ctx), r.last)
		}
	}
}

// call is one attempt.
func call[T any](ctx context.Context, b *Breaker, fn func(context.Context) (T, error)) (T, error) {
	if b == nil {
		return fn(ctx)
	}
	done, err := b.enter()
	if err != nil {
		var zero T
		return zero, err
	}
	// A panic, or the end of the goroutine, gives the place back too.
	result := errNeither
	defer func() { done(result) }()
	value, err := fn(ctx)
	result = b.judge(ctx, err)
	return value, err
}

// sleep waits and reports whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
