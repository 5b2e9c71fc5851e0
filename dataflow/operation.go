package dataflow

import (
	"context"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

// OperationKind says what an [Operation] can do.
type OperationKind string

// The kinds of operations.
const (
	// OperationQuery reads rows: Collect, Count, Show, [Rows] and the like.
	OperationQuery OperationKind = OperationKind(connect.OperationQuery)
	// OperationView registers a temporary view.
	OperationView OperationKind = OperationKind(connect.OperationView)
	// OperationSession changes nothing but the session: it registers a function,
	// makes a checkpoint of a DataFrame or gives one up.
	OperationSession OperationKind = OperationKind(connect.OperationSession)
	// OperationWrite writes a DataFrame, merges one into a table or starts a
	// streaming query.
	OperationWrite OperationKind = OperationKind(connect.OperationWrite)
	// OperationSQL runs a text of SQL at once, whatever that does. The client's
	// own Sql sends every text this way, queries included.
	OperationSQL OperationKind = OperationKind(connect.OperationSQL)
	// OperationOther is any other command.
	OperationOther OperationKind = OperationKind(connect.OperationOther)
)

// HasEffect reports whether an operation of the kind may change something that
// outlives the session: a file, a table, a catalog. Views of
// [Session.CreateGlobalTempView] are not counted.
func (k OperationKind) HasEffect() bool { return connect.OperationKind(k).HasEffect() }

// Operation is an execution on the server.
type Operation struct {
	// ID is a UUID, known before the operation is sent. [Session.Outcome] asks
	// what became of it and [Session.InterruptOperation] ends it.
	ID   string
	Kind OperationKind
	// View is the temporary view that it registers, with "global_temp." before the
	// name of a global one; empty unless the kind is OperationView.
	View string
	// Tags are those that it carries on the server, see [WithOperationTags].
	Tags []string
}

// WithOperationRecorder returns a context under which record is called for every
// execution of a session, those of the client's own DataFrames included, before
// the first byte of it is sent. So what record has written down names everything
// that may run on the server, also after this process was killed; see
// [Session.Outcome]. Several recorders on one context are all called, the outer
// first, until one fails. A nil record changes nothing.
//
// record is called from the goroutine of the caller, which waits for it, with the
// context of the call; executions that run at the same time call it at the same
// time. When it returns an error, nothing is sent, and the call fails with an
// error that wraps it. It is called once for an operation, also when that is sent
// again after a broken connection. What is no execution, such as asking for a
// schema, is not recorded.
//
// # Cost
//
// Under the context the server is not told to forget an operation that has an
// effect ([OperationKind.HasEffect]) when it has ended. It keeps the plan and the
// few answers of a command, until it gives them up by itself
// (spark.connect.execute.manager.detachedTimeout, 5 minutes by default) or the
// session is closed. That was measured as 6 kB of its memory for a small command:
// ten thousand within five minutes are 60 MB, more slowly it is less. A plan with
// local data in it costs what that data costs. Spark 4.0 keeps commands in any
// case, with a recorder or without.
func WithOperationRecorder(ctx context.Context, record func(ctx context.Context, op Operation) error) context.Context {
	if record == nil {
		return ctx
	}
	return connect.WithRecorder(ctx, func(ctx context.Context, op connect.Operation) error {
		return record(ctx, operationOf(op))
	})
}
