package dataflow

import (
	"context"
	"slices"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

// OperationEnd is how an operation ended for the process that sent it.
type OperationEnd struct {
	Operation
	// SessionID is the [Session.ID] that it ran in.
	SessionID string
	// Started is when the call began, after the recorders of
	// [WithOperationRecorder] were asked; Duration is the time since then. For a
	// query it lasts until the last row was taken.
	Started  time.Time
	Duration time.Duration
	// Err is the error of the call; nil when the operation has succeeded.
	Err error
	// Reattached is how often the operation was asked for again because its
	// stream broke or the server ended that after its limit of time.
	Reattached int
	// Rows and Bytes are how much of a result has arrived; 0 for commands. Bytes
	// are those of Arrow, without gRPC's own.
	Rows, Bytes int64
}

// WithOperationEnd returns a context under which f is called at the end of every
// operation of a session, those of the client's own DataFrames included, after
// those that ctx calls already. It is the other half of [WithOperationRecorder],
// without what that costs: what a recorder has kept back has no end. A nil f
// changes nothing.
//
// f is called from the goroutine that reads the result, before the caller hears
// of the end, with the context of the call, which may have ended. Operations that
// run at the same time call it at the same time.
func WithOperationEnd(ctx context.Context, f func(ctx context.Context, end OperationEnd)) context.Context {
	if f == nil {
		return ctx
	}
	return connect.WithEnd(ctx, func(ctx context.Context, end connect.OperationEnd) {
		f(ctx, OperationEnd{
			Operation: operationOf(end.Operation), SessionID: end.SessionID, Started: end.Started, Duration: end.Duration,
			Err: end.Err, Reattached: end.Reattached, Rows: end.Rows, Bytes: end.Bytes,
		})
	})
}

func operationOf(op connect.Operation) Operation {
	return Operation{ID: op.ID, Kind: OperationKind(op.Kind), View: op.View, Tags: slices.Clone(op.Tags)}
}
