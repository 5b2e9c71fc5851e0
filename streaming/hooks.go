package streaming

import (
	"context"
	"time"
)

// StreamHooks hears of the moments of the queries that a [Supervisor] looks after.
// The moments of one query come one after the other, in order; those of several
// queries may come at the same time. A hook that is slow holds up the next moments,
// not the queries; one that does not return holds up the end of its query, so it must
// not wait for [Supervisor.Stop]. A panic of a hook is caught and logged. Embed
// [BaseStreamHooks] to write only some of the methods, so that your type keeps
// compiling when this interface grows.
type StreamHooks interface {
	// OnQueryStart is called when a run of a query has begun, the first and each
	// that follows a restart.
	OnQueryStart(ctx context.Context, e QueryStart)
	// OnBatchProgress is called when a batch is done.
	OnBatchProgress(ctx context.Context, e BatchProgress)
	// OnQueryIdle is called when a query has had nothing to do for a while.
	OnQueryIdle(ctx context.Context, e QueryIdle)
	// OnQueryTerminated is called once for every OnQueryStart, when the run has
	// ended in whatever way.
	OnQueryTerminated(ctx context.Context, e QueryEnd)
	// OnQueryRestart is called when a query will be started again, before the wait.
	OnQueryRestart(ctx context.Context, e QueryRestart)
	// OnSessionLost is called when the server has lost the session, or cannot be
	// reached any more, and another one will be opened. It comes from a goroutine of
	// its own.
	OnSessionLost(ctx context.Context, e SessionLoss)
}

// QueryRun says of which run of which query a moment is.
type QueryRun struct {
	// Query is the name under which it is supervised.
	Query string
	// ID is the id of the query and RunID that of the run.
	ID, RunID string
	// Restarts is how often the query was started again until now.
	Restarts int
}

// QueryStart is a run that has begun.
type QueryStart struct {
	QueryRun
	// QueryName is the name on the server, or "".
	QueryName string
	// CheckpointLocation is where Spark keeps how far the query is, or "".
	CheckpointLocation string
	// At is when it began, of this machine's clock.
	At time.Time
}

// BatchProgress is a batch that is done.
type BatchProgress struct {
	QueryRun
	Progress Progress
}

// QueryIdle is a query with nothing to do.
type QueryIdle struct {
	QueryRun
	// Timestamp is when that was, of the server's clock.
	Timestamp time.Time
}

// EndReason says why a run of a query has ended.
type EndReason string

// The reasons.
const (
	// EndDone means that the query came to its end, as those with the triggers
	// once and available now do.
	EndDone EndReason = "done"
	// EndStopped means that the supervisor has stopped it, as it was told.
	EndStopped EndReason = "stopped"
	// EndFailed means that the query failed, or that somebody else has stopped it
	// ([ErrStoppedElsewhere]).
	EndFailed EndReason = "failed"
	// EndSessionLost means that the query went with its session.
	EndSessionLost EndReason = "session_lost"
)

// QueryEnd is a run that has ended.
type QueryEnd struct {
	QueryRun
	// Reason says why.
	Reason EndReason
	// Err is what went wrong: set for EndFailed and EndSessionLost, and for
	// EndStopped when it could not be stopped in order.
	Err error
	// Duration is how long the run lasted.
	Duration time.Duration
}

// QueryRestart is a query that will be started again.
type QueryRestart struct {
	// Query is the name under which it is supervised.
	Query string
	// Restarts counts the restarts of the query, this one included.
	Restarts int
	// Attempt counts the failures since the query was healthy, from 1; 0 when it
	// went with its session.
	Attempt int
	// Delay is how long it will be waited; 0 means until there is a session.
	Delay time.Duration
	// Reason is EndFailed or EndSessionLost.
	Reason EndReason
	// Err is why it has ended, or could not be started.
	Err error
}

// SessionLoss is a session that is lost.
type SessionLoss struct {
	// SessionID is its id.
	SessionID string
	// Queries are the names of the queries that ran in it.
	Queries []string
	// Err is how it was noticed.
	Err error
}

// BaseStreamHooks does nothing at every moment. Embed it.
type BaseStreamHooks struct{}

var _ StreamHooks = BaseStreamHooks{}

// OnQueryStart does nothing.
func (BaseStreamHooks) OnQueryStart(context.Context, QueryStart) {}

// OnBatchProgress does nothing.
func (BaseStreamHooks) OnBatchProgress(context.Context, BatchProgress) {}

// OnQueryIdle does nothing.
func (BaseStreamHooks) OnQueryIdle(context.Context, QueryIdle) {}

// OnQueryTerminated does nothing.
func (BaseStreamHooks) OnQueryTerminated(context.Context, QueryEnd) {}

// OnQueryRestart does nothing.
func (BaseStreamHooks) OnQueryRestart(context.Context, QueryRestart) {}

// OnSessionLost does nothing.
func (BaseStreamHooks) OnSessionLost(context.Context, SessionLoss) {}
