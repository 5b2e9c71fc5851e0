package audit

import (
	"errors"
	"fmt"
)

// Sentinels to branch on with [errors.Is].
var (
	// ErrRequired is matched by [*RequiredError].
	ErrRequired = errors.New("an audit event that must be stored was not")
	// ErrUnaudited is matched by [*UnauditedError].
	ErrUnaudited = errors.New("audit events were not stored")
	// ErrClosed is returned by sinks that are closed.
	ErrClosed = errors.New("the audit sink is closed")
	// ErrQueueFull is returned by an [Async] sink with [PolicyFail].
	ErrQueueFull = errors.New("the queue of audit events is full")
	// ErrLocked is returned when another process keeps the lock of a file.
	ErrLocked = errors.New("another process holds the lock of the audit log")
	// ErrNotALog is returned for a file that holds something else, or whose last
	// entry is not one that this sink could have written.
	ErrNotALog = errors.New("not an audit log to go on with")
	// ErrKey is returned when entries are signed and there is no key, or when the
	// key is not the one that signed them.
	ErrKey = errors.New("the key does not fit the audit log")
	// ErrReserved is returned for an action that only sinks may record.
	ErrReserved = errors.New("the action is reserved for audit sinks")
)

// RequiredError tells that something did not start because it could not be
// written down.
type RequiredError struct {
	// Action and Resource are those of the event.
	Action   Action
	Resource string
	// Err is why it could not be stored.
	Err error
}

// Error implements error: audit: store component_started of "sql": cause.
func (e *RequiredError) Error() string {
	return fmt.Sprintf("audit: store %s of %q: %v", e.Action, e.Resource, e.Err)
}

// Unwrap returns the cause.
func (e *RequiredError) Unwrap() error { return e.Err }

// Is ties the type to [ErrRequired].
func (*RequiredError) Is(target error) bool { return target == ErrRequired }

// UnauditedError tells that a run did what it did, but that its audit trail is
// not complete.
type UnauditedError struct {
	// RunID is the run; empty for events of no run.
	RunID string
	// Events counts those that are not stored.
	Events int
	// Err is the last reason.
	Err error
}

// Error implements error: audit of run "r1": 2 events are not stored: cause.
func (e *UnauditedError) Error() string {
	return fmt.Sprintf("audit of run %q: %d events are not stored: %v", e.RunID, e.Events, e.Err)
}

// Unwrap returns the last reason.
func (e *UnauditedError) Unwrap() error { return e.Err }

// Is ties the type to [ErrUnaudited].
func (*UnauditedError) Is(target error) bool { return target == ErrUnaudited }
