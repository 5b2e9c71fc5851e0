package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// OutcomeState says what became of an operation.
type OutcomeState string

// The states of an [Outcome].
const (
	OutcomeSucceeded OutcomeState = "succeeded"
	OutcomeFailed    OutcomeState = "failed"
	OutcomeNever     OutcomeState = "never"
	OutcomeUnknown   OutcomeState = "unknown"
)

// Outcome is what became of an operation.
type Outcome struct {
	State OutcomeState
	// Err is the operation's own error if it failed, the reason if the outcome is
	// unknown.
	Err error
}

// fence is the text of a query that no parser takes. Sent under the id of an
// operation that the server does not know, it occupies the id: the operation
// itself, should it still be on its way, is refused from then on. It never
// starts a job.
const fence = "sparkpipe_never_begun"

// Outcome returns what became of an operation of the session, which another
// process may have sent. It blocks while the operation runs, and interrupts it
// when ctx ends. The error is for a question that has no answer: ctx has ended,
// or the server cannot be reached.
//
// The server is asked for the end of the operation. If it does not know the
// operation and would, had that ever begun ([Conn.wouldKnow]), the id is occupied
// with a fence, which the server refuses if it has seen the id after all.
func (c *Conn) Outcome(ctx context.Context, operationID string) (Outcome, error) {
	if uuid.Validate(operationID) != nil {
		return Outcome{}, fmt.Errorf("ask for the outcome of a Spark operation: the id %q is no UUID", operationID)
	}
	err := c.follow(ctx, "ReattachExecute", &wire.ReattachExecuteRequest{SessionId: c.sessionID, OperationId: operationID})
	if ctx.Err() == nil && isClass(err, classNotFound) && c.wouldKnow(operationID, time.Now()) {
		err = c.occupy(ctx, operationID)
	}
	out, err := judge(ctx, err)
	if err != nil {
		err = fmt.Errorf("ask for the outcome of the Spark operation %s: %w", operationID, err)
	}
	return out, err
}

// occupy sends the fence. When the operation has arrived in the meantime, it is
// followed instead.
func (c *Conn) occupy(ctx context.Context, operationID string) error {
	root, err := proto.Marshal(&wire.Relation{RelType: &wire.Relation_Sql{Sql: &wire.SQL{Query: fence}}})
	if err != nil {
		return err
	}
	return c.follow(ctx, "ExecutePlan", &wire.ExecutePlanRequest{
		SessionId: c.sessionID, UserContext: c.userContext(), ClientType: &c.agent,
		OperationId: &operationID, Plan: &wire.Plan{OpType: &wire.Plan_Root{Root: root}},
	})
}

type followKey struct{}

// follow reads an execution to its end and drops what it answers. It is not
// released: whoever asks next shall hear the same.
func (c *Conn) follow(ctx context.Context, method string, req any) error {
	ctx = context.WithValue(ctx, followKey{}, true)
	s, err := c.grpc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, servicePrefix+method)
	if err != nil {
		return err
	}
	if err := s.SendMsg(req); err != nil {
		return err
	}
	for {
		err := s.RecvMsg(new(wire.ExecutePlanResponse))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// follows reports whether the execution is of [Conn.follow].
func follows(ctx context.Context) bool { return ctx.Value(followKey{}) != nil }

// judge says what the end of a followed execution means.
func judge(ctx context.Context, err error) (Outcome, error) {
	var spark *component.SparkError
	var rpc *rpcError
	switch {
	case err == nil:
		return Outcome{State: OutcomeSucceeded}, nil
	case ctx.Err() != nil || !errors.As(err, &rpc) || !errors.As(err, &spark) || !hasVerdict(rpc.status):
		return Outcome{}, err
	case spark.Class == classExists || spark.Class == classDisconnected:
		return Outcome{}, err // somebody else follows it, again and again
	case isFence(spark):
		return Outcome{State: OutcomeNever}, nil
	case errors.Is(err, ErrOutcomeUnknown):
		return Outcome{State: OutcomeUnknown, Err: err}, nil
	case slices.Contains(forgottenClasses, spark.Class) || strings.HasPrefix(spark.Class, "INVALID_HANDLE."):
		return Outcome{State: OutcomeUnknown, Err: fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)}, nil
	default:
		return Outcome{State: OutcomeFailed, Err: err}, nil
	}
}

func isFence(spark *component.SparkError) bool {
	return spark.Class == "PARSE_SYNTAX_ERROR" && spark.Parameters["error"] == "'"+fence+"'"
}

func isClass(err error, class string) bool {
	var spark *component.SparkError
	return errors.As(err, &spark) && spark.Class == class
}

// How long after an operation was recorded a server is sure to know it, if it
// has ever begun and nobody has released it: Spark keeps it for five minutes
// after its end (spark.connect.execute.manager.detachedTimeout), and from 4.1 on
// a note of it for another 30 (spark.connect.session.inactiveOperations.cacheExpiration).
// After that it has a note among the last 10,000 of all sessions
// (spark.connect.execute.manager.abandonedTombstonesSize), which is no proof. The
// times here leave room for clocks that differ.
const (
	knownFor      = 3 * time.Minute
	knownForNoted = 25 * time.Minute
)

// wouldKnow reports whether the server would know the operation, had it begun:
// the session is surely the one that the operation was sent in, and its id says
// that it was recorded a short time ago.
func (c *Conn) wouldKnow(operationID string, now time.Time) bool {
	recorded, ok := recordedAt(operationID)
	limit := knownForNoted
	if c.Hazards().LateExecuteAccepted {
		limit = knownFor
	}
	age := now.Sub(recorded)
	return ok && c.sameSession && age < limit && age > -knownFor/2
}

// recordedID makes an id for an operation that is recorded and will not be
// released. It is a UUID of version 7, which has the time in it.
func recordedID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString() // without a time, so that nothing is concluded from it
	}
	return id.String()
}

// recordedAt is the time of an id of recordedID.
func recordedAt(operationID string) (time.Time, bool) {
	id, err := uuid.Parse(operationID)
	if err != nil || id.Version() != 7 {
		return time.Time{}, false
	}
	return time.Unix(id.Time().UnixTime()), true
}
