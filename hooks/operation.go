package hooks

import (
	"context"
	"time"
)

// OperationObserver is a hook that also hears of the end of every Spark operation
// of a component: each query, write and SQL command that was sent to the server. It
// is apart from [PipelineHooks] because it tells of no moment of the pipeline.
//
// OnOperationEnd is called with a context that has what BeforeComponent put there,
// from the goroutine that sent the operation, which waits. Calls for operations
// that run at the same time overlap. A panic is caught as that of any hook.
type OperationObserver interface {
	OnOperationEnd(ctx context.Context, e OperationEnd)
}

// OperationEnd tells how an operation ended.
type OperationEnd struct {
	// Pipeline, RunID and Name are those of [ComponentStart].
	Pipeline, RunID, Name string
	// ID is the operation, SessionID the session that it ran in, both UUIDs.
	ID, SessionID string
	// Kind is "query", "view", "session", "write", "sql" or "other".
	Kind string
	// Tags are those that it carried on the server.
	Tags []string
	// Started is when it was sent, Duration the time until its end was heard.
	Started  time.Time
	Duration time.Duration
	// Err is its error; nil when it has succeeded.
	Err error
	// Reattached is how often it was asked for again after its stream ended early.
	Reattached int
	// Rows and Bytes are how much of a result has arrived.
	Rows, Bytes int64
}

// ObservesOperations reports whether h wants to hear of operations: it is an
// [OperationObserver]; of joined hooks one is.
func ObservesOperations(h PipelineHooks) bool {
	if all, ok := h.(joined); ok {
		for _, one := range all {
			if ObservesOperations(one) {
				return true
			}
		}
		return false
	}
	_, wants := h.(OperationObserver)
	return wants
}

var _ OperationObserver = joined(nil)

// OnOperationEnd tells those that observe, in the given order.
func (j joined) OnOperationEnd(ctx context.Context, e OperationEnd) {
	for _, h := range j {
		if observer, ok := h.(OperationObserver); ok {
			guard(ctx, h, "OnOperationEnd", e.Name, func() { observer.OnOperationEnd(ctx, e) })
		}
	}
}
