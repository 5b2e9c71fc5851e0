package streaming

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

const (
	// startGrace is how long a start whose context has ended may still take, so
	// that the query is known and can be stopped.
	startGrace = 5 * time.Second
	// cleanupTimeout bounds the calls that stop what nobody wants any more.
	cleanupTimeout = 10 * time.Second
)

// start runs the command that starts a query. When ctx ends, the command is given
// a moment to come to its end: an interrupted one may leave a query behind that
// nobody knows. Whatever was started then is stopped.
func start(ctx context.Context, spark *dataflow.Session, op *wire.WriteStreamOperationStart) (*Query, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	h := hubOf(spark)
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		timer := time.NewTimer(startGrace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-inner.Done():
		}
	})()
	h.beginStart()
	q, event, err := send(inner, spark, h, op)
	tellStarted(ctx, q)
	alone := h.endStart(q, event)
	switch {
	case ctx.Err() == nil:
		return q, err
	case err == nil:
		return nil, errors.Join(context.Cause(ctx), abandon(ctx, q))
	case refused(err):
		return nil, err
	}
	return nil, errors.Join(context.Cause(ctx), stopUnknown(ctx, spark, h, op.GetQueryName(), alone))
}

// send runs the command and returns the query and the event of its start.
func send(ctx context.Context, spark *dataflow.Session, h *hub, op *wire.WriteStreamOperationStart) (*Query, *StartedEvent, error) {
	var result *wire.WriteStreamOperationStartResult
	err := execute(ctx, spark, &wire.Command{CommandType: &wire.Command_WriteStreamOperationStart{WriteStreamOperationStart: op}},
		func(resp *wire.ExecutePlanResponse) error {
			if got := resp.GetWriteStreamOperationStartResult(); got != nil {
				result = got
			}
			return nil
		})
	switch {
	case result.GetQueryId() != nil: // a command that was interrupted behind its result has started all the same
	case err != nil:
		return nil, nil, err
	default:
		return nil, nil, errors.New("the server did not tell which query it has started")
	}
	q := &Query{spark: spark, hub: h, id: result.GetQueryId().GetId(), runID: result.GetQueryId().GetRunId(), name: result.GetName()}
	return q, startedEvent(q, result.GetQueryStartedEventJson()), nil
}

// refused reports whether the server has said why it started nothing, other than
// that it was told to stop.
func refused(err error) bool {
	var spark *component.SparkError
	return errors.As(err, &spark) && spark.Class != "" && spark.Class != "OPERATION_CANCELED"
}

// abandon stops a query that nobody wants any more.
func abandon(ctx context.Context, q *Query) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return q.Stop(ctx, &StopOptions{Abandon: true})
}

// stopUnknown stops a query that was perhaps started by a command whose end
// nobody has heard: the one of its name, or the one that nobody else has started.
func stopUnknown(ctx context.Context, spark *dataflow.Session, h *hub, name string, alone bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	active, err := Queries(spark).Active(ctx)
	if err != nil {
		return fmt.Errorf("look for the query that may have been started: %w", err)
	}
	for _, q := range active {
		if q.name != name || h.knows(q.runID) || name == "" && !alone {
			continue
		}
		err = errors.Join(err, q.Stop(ctx, &StopOptions{Abandon: true}))
	}
	return err
}
