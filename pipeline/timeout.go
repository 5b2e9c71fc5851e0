package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
)

// TimeoutError tells that a component or a run took longer than it may.
type TimeoutError struct {
	// Component is the name of the step, or empty for the run as a whole.
	Component string
	// Limit is what it was given.
	Limit time.Duration
	// Err is what the component returned when it was told to stop; nil for the
	// run as a whole.
	Err error
}

// Error implements error: took longer than its timeout of 5m0s.
func (e *TimeoutError) Error() string {
	text := fmt.Sprintf("took longer than its timeout of %s", e.Limit)
	if e.Component == "" {
		text = "the run " + text
	}
	if e.Err != nil && !errors.Is(e.Err, context.DeadlineExceeded) {
		text = fmt.Sprintf("%s: %v", text, e.Err)
	}
	return text
}

// Is reports whether target is [context.DeadlineExceeded].
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Unwrap returns the error of the component, which may hold that nobody knows
// what became of a write.
func (e *TimeoutError) Unwrap() error { return e.Err }

// limited returns a context that ends after the limit with a [*TimeoutError] as
// its cause; 0 is no limit.
func limited(ctx context.Context, name string, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, &TimeoutError{Component: name, Limit: limit})
}

// ranOut gives the error of a component whose own time is over that form.
func ranOut(ctx context.Context, name string, err error) error {
	var timeout *TimeoutError
	if err == nil || !errors.As(context.Cause(ctx), &timeout) || timeout.Component != name || !isCancel(ctx, err) {
		return err
	}
	return &TimeoutError{Component: name, Limit: timeout.Limit, Err: err}
}

// timedOut notes that the time of the whole run was over before its work.
func (r *run) timedOut(ctx context.Context) {
	var timeout *TimeoutError
	if !errors.As(context.Cause(ctx), &timeout) {
		return
	}
	for i := range r.result.Components {
		if r.result.Components[i].Status == component.StatusCancelled {
			r.timeout = timeout
			return
		}
	}
}
