package pipeline

import (
	"context"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
)

// CloseTimeout bounds each closing of a component or a session, and the
// AfterPipeline hooks, whose contexts do not end with that of the run.
const CloseTimeout = 30 * time.Second

// guard calls f, which is code of the user, and makes an error of its panic.
func guard(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = component.NewPanicError(value)
		}
	}()
	return f()
}

// closing returns a context with the values of ctx that is alive for
// [CloseTimeout].
func closing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), CloseTimeout)
}

// alive returns ctx, or when it has ended one with its values that never ends.
func alive(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}
