package audit

import (
	"context"

	"github.com/sparkpipe/sparkpipe/component"
)

// Sink stores events. Events come redacted.
type Sink interface {
	// Write blocks until the event is stored, or taken over by a sink that says so.
	// After an error it is not stored.
	Write(ctx context.Context, e Event) error
	// Close stores what is still held back and releases what the sink opened. It
	// works twice, and before the first Write.
	Close(ctx context.Context) error
}

// Flusher is a [Sink] that can be asked to store what it holds back. A [Hook] asks
// at the end of each run.
type Flusher interface {
	// Flush blocks until everything that was written before is stored.
	Flush(ctx context.Context) error
}

// Discard is a sink that stores nothing.
type Discard struct{}

var _ Sink = Discard{}

// Write implements [Sink].
func (Discard) Write(context.Context, Event) error { return nil }

// Close implements [Sink].
func (Discard) Close(context.Context) error { return nil }

// flush asks the sink if it can be asked.
func flush(ctx context.Context, s Sink) error {
	if f, ok := s.(Flusher); ok {
		return guard(func() error { return f.Flush(ctx) })
	}
	return nil
}

// guard calls f, which is code of the user, and makes an error of its panic.
func guard(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = component.NewPanicError(value)
		}
	}()
	return f()
}
