package streaming

import (
	"context"
	"errors"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// awaitRound is how long one call waits for the end of a query. The server answers
// the moment that it ends; the rounds keep the calls short for what lies between.
const awaitRound = 10 * time.Second

// rounds calls wait until it says that what it waits for has happened.
func rounds(ctx context.Context, wait func(ctx context.Context, limit time.Duration) (bool, error)) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		done, err := wait(ctx, awaitRound)
		if err != nil || done {
			return err
		}
	}
}

// AwaitTermination blocks until the query has ended. It returns nil for a query that
// was stopped or is done, a [*QueryError] for one that has failed, and an error that
// wraps the cause of ctx when that ends first; the query then goes on.
func (q *Query) AwaitTermination(ctx context.Context) error {
	return rounds(ctx, func(ctx context.Context, limit time.Duration) (bool, error) {
		millis := limit.Milliseconds()
		got, err := q.ask(ctx, "wait for the end", &wire.StreamingQueryCommand{Command: &wire.StreamingQueryCommand_AwaitTermination{
			AwaitTermination: &wire.StreamingQueryCommand_AwaitTerminationCommand{TimeoutMs: &millis},
		}})
		return got.GetAwaitTermination().GetTerminated(), err
	})
}

// Exception returns what made the query fail, or nil when it has not failed. It
// blocks for one round trip; err is of the asking.
func (q *Query) Exception(ctx context.Context) (failure *QueryError, err error) {
	got, err := q.ask(ctx, "ask for the failure", &wire.StreamingQueryCommand{Command: &wire.StreamingQueryCommand_Exception{Exception: true}})
	if err != nil {
		if errors.As(err, &failure) {
			return failure, nil
		}
		return nil, err
	}
	e := got.GetException()
	if e.GetExceptionMessage() == "" && e.GetErrorClass() == "" && e.GetStackTrace() == "" {
		return nil, nil
	}
	return q.failed(parseStack(q.spark.Concealed(e.GetStackTrace())), component.SparkError{
		Class: e.GetErrorClass(), Message: firstLine(q.spark.Concealed(e.GetExceptionMessage())),
	}), nil
}
