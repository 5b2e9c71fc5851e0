package secrets

import (
	"context"
	"errors"
	"fmt"
)

// What can be wrong, for [errors.Is].
var (
	// ErrSyntax is a text that is meant as a reference and is none.
	ErrSyntax = errors.New("secret reference")
	// ErrUnknownProvider is a provider that nobody configured.
	ErrUnknownProvider = errors.New("unknown provider")
	// ErrNotFound is a secret, a version or a member that is not there.
	ErrNotFound = errors.New("not found")
	// ErrDenied is a secret that the caller may not read, or a login that was
	// refused.
	ErrDenied = errors.New("access denied")
	// ErrInvalid is a reference that asks for what its provider cannot have, such
	// as a member of a secret that is no JSON object.
	ErrInvalid = errors.New("invalid reference")
	// ErrUnavailable is a provider that does not answer now.
	ErrUnavailable = errors.New("provider unavailable")
	// ErrSealed is a Vault that is sealed. It is also ErrUnavailable.
	ErrSealed = fmt.Errorf("%w: sealed", ErrUnavailable)
	// ErrThrottled is a provider that wants fewer requests. It is also
	// ErrUnavailable.
	ErrThrottled = fmt.Errorf("%w: too many requests", ErrUnavailable)
	// ErrClosed is a resolver or a provider that is closed.
	ErrClosed = errors.New("closed")
)

// Error is a secret that could not be read. No text of it holds a secret.
type Error struct {
	// Op is what was tried, such as "read" or "log in for".
	Op string
	// Ref is what was asked for.
	Ref Ref
	// Err is the cause; errors.Is finds one of the errors of this package in it.
	Err error
}

// Error implements error.
func (e *Error) Error() string { return e.Op + " " + e.Ref.String() + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether another attempt may succeed: the provider was not
// available, or did not answer in time.
func (e *Error) Retryable() bool {
	return errors.Is(e.Err, ErrUnavailable) || errors.Is(e.Err, context.DeadlineExceeded)
}

// SyntaxError is a text that is meant as a reference and cannot be read. It does
// not repeat the text, which may hold a password by mistake.
type SyntaxError struct {
	// Offset is where the fault is: a number of bytes from the start of the text.
	Offset int
	// Reason says what is wrong and what to write.
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: offset %d: %s", ErrSyntax, e.Offset, e.Reason)
}

// Is ties the type to [ErrSyntax].
func (e *SyntaxError) Is(target error) bool { return target == ErrSyntax }

// Retryable reports false.
func (e *SyntaxError) Retryable() bool { return false }

// asError returns err as an [*Error] about ref, nil for nil.
func asError(ref Ref, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Op: "read", Ref: ref, Err: err}
}
