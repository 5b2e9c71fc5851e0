package hooks

import (
	"context"
	"slices"
	"time"
)

// AttemptObserver is a hook that also hears of each attempt of a component. It is
// apart from [PipelineHooks] because most hooks need the component as a whole; a
// component without a retry policy has one attempt.
//
// Both methods are called between the BeforeComponent and the end of the
// component, in pairs: for each BeforeAttempt there is one AfterAttempt, and a
// call that a circuit breaker refuses is no attempt. The attempts of one
// component never overlap, those of different components may. A panic is caught
// as that of any hook, and neither method can veto.
type AttemptObserver interface {
	// BeforeAttempt is called before the component is opened. The returned context
	// is that of the attempt and of its AfterAttempt; it must be derived from the
	// one that was given. Nil means the one that was given.
	BeforeAttempt(ctx context.Context, e AttemptStart) context.Context
	// AfterAttempt is called when the component has run and is closed. Its context
	// is alive even when the run was cancelled or the time of the component is up.
	AfterAttempt(ctx context.Context, e AttemptEnd)
}

// AttemptStart tells of the beginning of an attempt.
type AttemptStart struct {
	// Pipeline, RunID, Name and Type are those of [ComponentStart].
	Pipeline, RunID, Name, Type string
	// Attempt is the number of the attempt; the first is 1.
	Attempt int
	// Started is when it began.
	Started time.Time
}

// AttemptEnd tells how an attempt ended.
type AttemptEnd struct {
	// AttemptStart is what BeforeAttempt was told.
	AttemptStart
	// Duration is the time since Started, opening and closing included.
	Duration time.Duration
	// Err is the error of the attempt; nil when it has succeeded. A retry policy
	// may still try again after an error.
	Err error
}

// ObservesAttempts reports whether h wants to hear of attempts: it is an
// [AttemptObserver]; of joined hooks one is.
func ObservesAttempts(h PipelineHooks) bool {
	if all, ok := h.(joined); ok {
		return slices.ContainsFunc(all, ObservesAttempts)
	}
	_, wants := h.(AttemptObserver)
	return wants
}

var _ AttemptObserver = joined(nil)

// BeforeAttempt asks those that observe, in the given order, each with the
// context that the one before it returned.
func (j joined) BeforeAttempt(ctx context.Context, e AttemptStart) context.Context {
	for _, h := range j {
		observer, ok := h.(AttemptObserver)
		if !ok {
			continue
		}
		var next context.Context
		guard(ctx, h, "BeforeAttempt", e.Name, func() { next = observer.BeforeAttempt(ctx, e) })
		if next != nil {
			ctx = next
		}
	}
	return ctx
}

// AfterAttempt tells those that observe, in the reverse order.
func (j joined) AfterAttempt(ctx context.Context, e AttemptEnd) {
	for _, h := range slices.Backward(j) {
		if observer, ok := h.(AttemptObserver); ok {
			guard(ctx, h, "AfterAttempt", e.Name, func() { observer.AfterAttempt(ctx, e) })
		}
	}
}
