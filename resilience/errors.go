package resilience

import (
	"errors"
	"fmt"
	"time"
)

// Sentinels to branch on with [errors.Is].
var (
	// ErrExhausted is matched by [*ExhaustedError].
	ErrExhausted = errors.New("all attempts failed")
	// ErrOpen is matched by [*OpenError].
	ErrOpen = errors.New("the circuit breaker refused the call")
	// ErrConflict is returned by [Breakers.Breaker] when a breaker is asked for
	// with other settings than it has.
	ErrConflict = errors.New("the circuit breaker has other settings")
)

// ExhaustedError is returned when an error could be retried, but the attempts or
// the time are used up. It matches [ErrExhausted].
type ExhaustedError struct {
	// Attempts is how many were made, those included that a breaker refused.
	Attempts int
	// Elapsed is the time from the first attempt to the end of the last.
	Elapsed time.Duration
	// Limit is MaxElapsed when that is what ended the attempts, else 0.
	Limit time.Duration
	// Err is the error of the last attempt. When a breaker refused that one, Err
	// also wraps the last error of an attempt that was not refused.
	Err error
}

// Error implements error.
func (e *ExhaustedError) Error() string {
	noun := "attempts"
	if e.Attempts == 1 {
		noun = "attempt"
	}
	limit := ""
	if e.Limit > 0 {
		limit = fmt.Sprintf(", the next would begin after the limit of %s", e.Limit)
	}
	return fmt.Sprintf("gave up after %d %s in %s%s: %v", e.Attempts, noun, e.Elapsed.Round(time.Millisecond), limit, e.Err)
}

// Unwrap returns the last error.
func (e *ExhaustedError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrExhausted].
func (e *ExhaustedError) Is(target error) bool { return target == ErrExhausted }

// OpenError is returned for a call that a [Breaker] did not let through. It
// matches [ErrOpen].
type OpenError struct {
	// Name is the breaker.
	Name string
	// State is [StateOpen], or [StateHalfOpen] when all its places are taken.
	State State
	// After is the time until the next call is let through, always above 0 when
	// the breaker is open. It is 0 when the breaker is half-open: that depends on
	// the calls under way.
	After time.Duration
}

// Error implements error.
func (e *OpenError) Error() string {
	if e.State == StateHalfOpen {
		return fmt.Sprintf("circuit breaker %q is half-open and waits for the calls under way", e.Name)
	}
	return fmt.Sprintf("circuit breaker %q is open; it lets a call through in %s", e.Name, e.After.Round(time.Millisecond))
}

// Is reports whether target is [ErrOpen].
func (e *OpenError) Is(target error) bool { return target == ErrOpen }

// Retryable implements what [Retryable] looks for: it is true.
func (e *OpenError) Retryable() bool { return true }

// Permanent marks err as one that no second attempt can mend. [Do] returns it
// at once, whatever the lists of the policy say, and no [Breaker] counts it as a
// failure. The text stays the same and err can be reached by unwrapping.
// Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string   { return e.err.Error() }
func (e *permanentError) Unwrap() error   { return e.err }
func (e *permanentError) Retryable() bool { return false }
