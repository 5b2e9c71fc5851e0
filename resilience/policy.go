package resilience

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Policy is how [Do] calls a function. The zero value calls it once. A policy may
// be used many times and at the same time.
type Policy struct {
	// Retry says how to try again; nil is a single attempt.
	Retry *RetryConfig
	// Breaker is asked before every attempt; nil is none.
	Breaker *Breaker
	// RetryIf says yes to errors that retry_on cannot name, such as values and
	// types of Go. It cannot overrule what says never; nil says nothing.
	RetryIf func(error) bool
	// NeverRetryIf says no; nil says nothing.
	NeverRetryIf func(error) bool
	// Unsafe says that nobody knows whether the work of the attempt was done, for
	// example because of a sentinel that the error wraps. nil says nothing; errors
	// with a method OutcomeUnknown() bool are asked by themselves.
	Unsafe func(error) bool
	// RetryUnsafe allows to retry when the outcome is unknown. Set it only for
	// work that may be done twice.
	RetryUnsafe bool
	// OnRetry is called before each wait, in the goroutine of the caller. nil does
	// nothing.
	OnRetry func(ctx context.Context, a Attempt)
	// Rand returns the random number of [0, 1) for the jitter of one wait. Default:
	// that of package math/rand/v2.
	Rand func() float64

	_ struct{}
}

// Attempt is an attempt that failed and will be followed by another.
type Attempt struct {
	// Number is the attempt that failed, counted from 1.
	Number int
	// Max is how many there may be.
	Max int
	// Delay is the wait before the next.
	Delay time.Duration
	// Err is why it failed: an [*OpenError] if the breaker refused it.
	Err error
}

// retrier is a policy in use.
type retrier struct {
	policy  Policy
	config  RetryConfig
	on, not []matcher
	start   time.Time
	// real is the last error that was not a refusal of the breaker, and last the
	// last error with it.
	real, last error
}

func (p Policy) retrier() (*retrier, error) {
	if p.Retry == nil {
		p.Retry = &RetryConfig{MaxAttempts: 1}
	}
	if err := p.Retry.Validate(); err != nil {
		return nil, fmt.Errorf("retry: %w", err)
	}
	if p.Rand == nil {
		p.Rand = rand.Float64
	}
	// Validate has read both lists.
	on, _ := parseMatchers("", p.Retry.RetryOn)
	not, _ := parseMatchers("", p.Retry.NeverRetryOn)
	return &retrier{policy: p, config: p.Retry.WithDefaults(), on: on, not: not, start: time.Now()}, nil
}

// Retryable reports whether the policy tries again after err if attempts are
// left. The steps are in the doc of the package; the context is not asked. It is
// false if Retry is nil or has faults.
func (p Policy) Retryable(err error) bool {
	r, fault := p.retrier()
	return fault == nil && p.Retry != nil && err != nil && r.retryable(err)
}

func (r *retrier) retryable(err error) bool {
	p := r.policy
	matches := func(m matcher) bool { return m.match(err) }
	switch known := classify(err); {
	case !p.RetryUnsafe && (outcomeUnknown(err) || p.Unsafe != nil && p.Unsafe(err)):
		return false
	case known == never, p.NeverRetryIf != nil && p.NeverRetryIf(err), slices.ContainsFunc(r.not, matches):
		return false
	case p.RetryIf != nil && p.RetryIf(err):
		return true
	case len(r.on) > 0 && !errors.Is(err, ErrOpen):
		return slices.ContainsFunc(r.on, matches)
	default:
		return known < permanent
	}
}

// next returns how long to wait after a failed attempt, or the error to end with.
func (r *retrier) next(ctx context.Context, attempt int, err error) (time.Duration, error) {
	final := err
	switch {
	case !errors.Is(err, ErrOpen):
		r.real = err
	case r.real != nil:
		final = fmt.Errorf("%w; before that: %w", err, r.real)
	}
	r.last = final
	if r.config.MaxAttempts == 1 || ctx.Err() != nil || !r.retryable(err) {
		return 0, final
	}
	elapsed := time.Since(r.start)
	exhausted := &ExhaustedError{Attempts: attempt, Elapsed: elapsed, Err: final}
	if attempt >= r.config.MaxAttempts {
		return 0, exhausted
	}
	wait := max(r.config.jittered(attempt, r.policy.Rand()), r.policy.Breaker.wait())
	if open := (*OpenError)(nil); errors.As(err, &open) {
		wait = max(wait, open.After)
	}
	if limit := r.config.MaxElapsed; limit > 0 && wait > limit-elapsed {
		exhausted.Limit = limit
		return 0, exhausted
	}
	return wait, nil
}
