package dataflow

import (
	"context"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

// OutcomeState says what became of an operation.
type OutcomeState string

// The states of an [Outcome].
const (
	// OutcomeSucceeded: it has run to its good end.
	OutcomeSucceeded OutcomeState = OutcomeState(connect.OutcomeSucceeded)
	// OutcomeFailed: it has ended with the error of Outcome.Err, which may be that
	// it was interrupted (the class OPERATION_CANCELED). What it had done by then
	// is done.
	OutcomeFailed OutcomeState = OutcomeState(connect.OutcomeFailed)
	// OutcomeNever: it has not begun, and never will: should it arrive after all,
	// the server refuses it.
	OutcomeNever OutcomeState = OutcomeState(connect.OutcomeNever)
	// OutcomeUnknown: nobody can tell. Outcome.Err says why.
	OutcomeUnknown OutcomeState = OutcomeState(connect.OutcomeUnknown)
)

// Outcome is what became of an operation.
type Outcome struct {
	State OutcomeState
	// Err is the operation's own error if it failed, and the reason if its outcome
	// is unknown; both have a [component.SparkError] in their chain where the
	// server has spoken. [ErrSessionLost] is among the reasons.
	Err error
}

// Outcome returns what became of an operation of this session that another
// process may have sent, see [WithOperationRecorder]. It changes nothing: what it
// sends cannot start any work. Asked again, it answers the same for as long as the
// server remembers.
//
// If the operation still runs, Outcome blocks until it has ended, attends to it,
// so that the server does not give it up, and reports its progress
// ([WithProgress]); its rows are dropped. It survives a broken connection as any
// call does. When ctx ends, the operation is interrupted on the server, as it is
// when the call that sent it is cancelled.
//
// The error is for a question that got no answer: ctx has ended, the server cannot
// be reached, or operationID is no UUID. What the server cannot tell is no error
// but [OutcomeUnknown]:
//
//   - It has given the operation up: nobody attended to it for five minutes
//     (spark.connect.execute.manager.detachedTimeout), while it ran or after its
//     end.
//   - The session is gone, with [ErrSessionLost].
//   - It does not know the operation, and that proves nothing. [OutcomeNever] needs
//     an operation with an effect of which a recorder was told, no longer than 3
//     minutes ago, or 25 from Spark 4.1 on, by a clock that agrees with the one
//     here; and a session that is surely the same, since it was opened with
//     ConnectOptions.ServerSessionID or is new. Queries and views are forgotten as
//     soon as they have ended.
func (s *Session) Outcome(ctx context.Context, operationID string) (Outcome, error) {
	out, err := s.conn.Outcome(ctx, operationID)
	return Outcome{State: OutcomeState(out.State), Err: out.Err}, err
}

// Rejoin opens a session that this server is known to have, by its [Session.ID]
// and its [Session.ServerSessionID], on the same connection; closing it releases
// it on the server, [Session.Leave] does not. It is for a process that comes after one that was killed. The
// user must be the same. It blocks for one round trip. When the server has lost
// the session, the error matches [ErrSessionLost].
func (s *Session) Rejoin(ctx context.Context, id, serverID string) (*Session, error) {
	conn, err := s.conn.Rejoin(ctx, id, serverID)
	if err != nil {
		return nil, err
	}
	return &Session{SparkSession: conn.Session(), conn: conn, inputDirs: s.inputDirs, logger: s.logger}, nil
}

// Leave is [Session.Close] that leaves the session on the server as it is, with
// what runs in it, for whoever comes back to it.
func (s *Session) Leave(ctx context.Context) error {
	s.closed.Do(func() { s.closeErr = s.conn.Leave(ctx) })
	return s.closeErr
}
