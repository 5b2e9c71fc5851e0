// Package resilience repeats what failed for a passing reason, and stops calling
// what keeps failing.
//
// A [Policy] has a [RetryConfig] and a [Breaker], both optional, and [Do] runs a
// function under it. The order is Retry(Breaker(fn)): every attempt goes through
// the breaker by itself.
//
//	breaker, err := resilience.NewBreaker("warehouse", resilience.BreakerConfig{}, nil)
//	...
//	rows, err := resilience.Do(ctx, resilience.Policy{
//		Retry:   &resilience.RetryConfig{MaxAttempts: 5},
//		Breaker: breaker,
//	}, func(ctx context.Context) (int64, error) {
//		return load(ctx)
//	})
//
// # What is retried
//
// These are asked in this order, and the first that has an answer decides. What
// says never therefore wins over what says yes.
//
//  1. The context of the caller ended: no.
//  2. The outcome is unknown, so that a second run could do the work twice
//     (a method OutcomeUnknown() bool, or [Policy.Unsafe]): no, unless
//     [Policy.RetryUnsafe] is set.
//  3. The error was marked with [Permanent], has a method Retryable() bool that
//     says false, or is a panic: no.
//  4. [Policy.NeverRetryIf] or never_retry_on: no.
//  5. [Policy.RetryIf]: yes.
//  6. retry_on, when it is not empty: yes if it matches, else no.
//  7. Known to be permanent ([Retryable] says which errors are): no.
//  8. Everything else: yes. A policy is only there because somebody asked for it.
//
// An error that joins several is as permanent as the worst of them.
//
// # Words of retry_on and never_retry_on
//
// A word is one of
//
//   - an error class of Spark, such as TABLE_OR_VIEW_NOT_FOUND; INVALID_HANDLE also
//     matches INVALID_HANDLE.SESSION_CLOSED;
//   - a SQLSTATE such as 40001, or the two characters of its class, such as 40;
//   - a gRPC status code such as Unavailable or RESOURCE_EXHAUSTED;
//   - a Java exception, java.net.SocketTimeoutException or SocketTimeoutException,
//     which matches exactly that class and none that extends it;
//   - IOError, OSError, ConnectionError, TimeoutError and their like, by which files
//     of the predecessor mean a connection that fails: the same as transient;
//   - transient: errors that are known to pass, see [Transient];
//   - all: every error that is not known to be permanent, which is what an empty
//     retry_on means. Exception is another word for it.
//
// Anything else is refused by [RetryConfig.Validate], since it would never match.
// The error is matched with everything that it wraps.
//
// # The circuit breaker
//
// A [Breaker] is closed until FailureThreshold calls in a row have failed. Then it
// is open and refuses every call with an [*OpenError] until Timeout has passed.
// Then it is half-open: HalfOpenMaxCalls calls at a time may try. SuccessThreshold
// of them in a row close it, one failure opens it again. A call gives its place
// back however it ends, so a success threshold above the number of places is fine.
// A call that never ends keeps its place: give calls a context that ends.
//
// Not every error is a failure of the service. An error that is permanent, such as
// a syntax error, a call whose caller cancelled it, and a panic count neither as
// failure nor as success. A deadline that passed is a failure: that is how a
// service that hangs looks. Results of calls that began before the last change of
// the state are ignored.
//
// In [Do], when the breaker is open, the wait before the next attempt is as long as
// the back-off or the time until the breaker lets a call through, whichever is
// longer, if MaxElapsed allows it; MaxDelay does not limit it. A refused call is an
// attempt, and retry_on is not asked about it.
//
// Components that name the same breaker share it through [Breakers], which also
// keeps the states over the end of the program.
//
// # Errors
//
// An error that is not retried is returned as it is. When the attempts or the time
// are used up, [Do] returns an [*ExhaustedError], which wraps the last error. When
// the context ends during a wait, the error wraps its cause and the last error.
//
// # Concurrency
//
// Everything here is safe for concurrent use, [Breaker] and [Breakers] included.
// No goroutines are started.
package resilience
