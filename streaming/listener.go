package streaming

import (
	"context"
	"errors"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// StartedEvent says that a query has been started by this process.
type StartedEvent struct {
	// ID is the id of the query and RunID that of the run. Name may be empty.
	ID, RunID, Name string
	// Timestamp is when the query was started, of the server's clock.
	Timestamp time.Time
}

// IdleEvent says that a query has had nothing to do for a while.
type IdleEvent struct {
	// ID is the id of the query and RunID that of the run.
	ID, RunID string
	// Timestamp is when that was, of the server's clock.
	Timestamp time.Time
}

// TerminatedEvent says that a query has ended.
type TerminatedEvent struct {
	// ID is the id of the query and RunID that of the run. Name is empty for a query
	// that was not started by this process.
	ID, RunID, Name string
	// Err is set when the query has failed.
	Err *QueryError
}

// Listener hears of the queries of a session. Its functions are called one after the
// other, in the order of the server, from a goroutine of the listener's own, so that
// a slow one holds up nobody else. Functions that are nil are not called. They must
// not close the session.
//
// Events wait for a slow listener, at most [ListenerBacklog] of progress and idle;
// then the oldest of these is left out, and Fault is told. Started and terminated
// events, of which a run has two, are never left out.
type Listener struct {
	// Started is called for queries that this process starts.
	Started func(StartedEvent)
	// Progress is called when a batch is done; a continuous query has none.
	Progress func(Progress)
	// Idle is called when a query has had nothing to do for ten seconds, or what
	// spark.sql.streaming.noDataProgressEventInterval says.
	Idle func(IdleEvent)
	// Terminated is called when a query has ended.
	Terminated func(TerminatedEvent)
	// Fault is called for what goes wrong with the listening itself: a panic of
	// another function ([*component.PanicError]), events that were left out
	// ([*DroppedError]), a server that pushes no events ([*PollingError]), and a
	// session that is lost (dataflow.ErrSessionLost).
	Fault func(error)
}

// ListenerBacklog is how many progress and idle events wait for a slow [Listener].
const ListenerBacklog = 1024

// errListenerClosed is returned for a session that is closed.
var errListenerClosed = errors.New("listen to streaming queries: the session is closed")

// Listen has the server push the events of all queries of the session to a
// listener. All listeners of a session share one stream of events, which survives
// broken connections. A server that refuses it is polled instead, once a second;
// Fault is told so.
//
// It blocks until the server has agreed, in one round trip, or none when somebody
// listens already; no event after that is missed. The listening ends with stop,
// which works twice and does not wait for a function that is being called, with
// ctx, or with the session.
func Listen(ctx context.Context, spark *dataflow.Session, l Listener) (stop func(), err error) {
	return hubOf(spark).listen(ctx, l)
}
