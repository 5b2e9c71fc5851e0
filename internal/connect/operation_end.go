package connect

import (
	"context"
	"time"
)

// OperationEnd is how an execution ended.
type OperationEnd struct {
	Operation
	SessionID string
	// Started is when the request was ready, Duration the time since then.
	Started  time.Time
	Duration time.Duration
	// Err is the error of the call; nil when all has arrived.
	Err error
	// Reattached is how many streams the result was asked for on after the first.
	Reattached int
	// Rows and Bytes are how much has arrived of the result.
	Rows, Bytes int64
}

type endKey struct{}

// WithEnd returns a context under which f is told of the end of every execution
// that was sent or was to be sent, after those that ctx tells already. f is called
// from the goroutine that reads the result, with the context of the call.
func WithEnd(ctx context.Context, f func(ctx context.Context, end OperationEnd)) context.Context {
	all := f
	if outer, ok := ctx.Value(endKey{}).(func(context.Context, OperationEnd)); ok {
		all = func(ctx context.Context, end OperationEnd) {
			outer(ctx, end)
			f(ctx, end)
		}
	}
	return context.WithValue(ctx, endKey{}, all)
}

// tellEnd tells the observers of the caller's context.
func (e *execution) tellEnd(err error) {
	tell, ok := e.ctx.Value(endKey{}).(func(context.Context, OperationEnd))
	if !ok || follows(e.ctx) {
		return
	}
	end := e.operation
	end.Duration, end.Err = time.Since(end.Started), err
	tell(e.ctx, end)
}
