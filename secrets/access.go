package secrets

import (
	"context"
	"errors"
	"time"
)

// Access tells of one secret that somebody asked a [Resolver] for. It never holds
// the value.
type Access struct {
	// Ref is what was asked for.
	Ref Ref
	// Version is what the provider calls the version; empty where there are none.
	Version string
	// Cached is true when no provider was asked.
	Cached bool
	// Stale is true when the value is older than it should be, because the provider
	// was not available.
	Stale bool
	// Changed is true when a provider gave another value than the time before.
	Changed bool
	// Duration is how long the caller waited.
	Duration time.Duration
	// Failure is why there is no value, or why it is stale; empty when all is well.
	Failure Failure
}

// Failure is the kind of an error.
type Failure string

// The kinds of errors.
const (
	FailureNotFound    Failure = "not_found"
	FailureDenied      Failure = "denied"
	FailureUnavailable Failure = "unavailable"
	FailureInvalid     Failure = "invalid"
	FailureUnknown     Failure = "unknown_provider"
	FailureCanceled    Failure = "canceled"
	FailureClosed      Failure = "closed"
	FailureOther       Failure = "error"
)

// FailureOf returns the kind of err, empty for nil.
func FailureOf(err error) Failure {
	if err == nil {
		return ""
	}
	for _, kind := range []struct {
		err     error
		failure Failure
	}{
		{ErrNotFound, FailureNotFound},
		{ErrDenied, FailureDenied},
		{ErrUnavailable, FailureUnavailable},
		{ErrInvalid, FailureInvalid},
		{ErrSyntax, FailureInvalid},
		{ErrUnknownProvider, FailureUnknown},
		{ErrClosed, FailureClosed},
		{context.Canceled, FailureCanceled},
		{context.DeadlineExceeded, FailureCanceled},
	} {
		if errors.Is(err, kind.err) {
			return kind.failure
		}
	}
	return FailureOther
}
