package pipeline

import (
	"context"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
)

// ofHook marks the context of operations that a hook sends while it hears of
// another: to tell of these too would never end.
type ofHook struct{}

// withOperations returns a context under which hooks hear of the end of every
// operation of an attempt. When no hook wants to hear it costs nothing.
func (r *run) withOperations(ctx context.Context, step *Step) context.Context {
	observer, ok := r.runner.hooks.(hooks.OperationObserver)
	if !ok || !hooks.ObservesOperations(r.runner.hooks) {
		return ctx
	}
	return dataflow.WithOperationEnd(ctx, func(ctx context.Context, end dataflow.OperationEnd) {
		if ctx.Value(ofHook{}) != nil {
			return
		}
		observer.OnOperationEnd(context.WithValue(alive(ctx), ofHook{}, true), hooks.OperationEnd{
			Pipeline: r.result.Pipeline, RunID: r.result.RunID, Name: step.Name,
			ID: end.ID, SessionID: end.SessionID, Kind: string(end.Kind), Tags: end.Tags,
			Started: end.Started, Duration: end.Duration, Err: end.Err,
			Reattached: end.Reattached, Rows: end.Rows, Bytes: end.Bytes,
		})
	})
}
