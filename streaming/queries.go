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

// SessionQueries are the streaming queries of a session. It is safe for concurrent
// use.
type SessionQueries struct{ spark *dataflow.Session }

// Queries returns the streaming queries of a session, with no round trip.
func Queries(spark *dataflow.Session) SessionQueries { return SessionQueries{spark} }

// Active returns the queries that run, whoever in the session has started them. It
// blocks for one round trip.
func (s SessionQueries) Active(ctx context.Context) ([]*Query, error) {
	got, err := s.ask(ctx, &wire.StreamingQueryManagerCommand{Command: &wire.StreamingQueryManagerCommand_Active{Active: true}})
	if err != nil {
		return nil, fmt.Errorf("list the streaming queries: %w", err)
	}
	var out []*Query
	for _, one := range got.GetActive().GetActiveQueries() {
		out = append(out, s.query(one))
	}
	return out, nil
}

// Get returns a running query by its id, or [ErrNoQuery]. It blocks for one round
// trip.
func (s SessionQueries) Get(ctx context.Context, id string) (*Query, error) {
	active, err := s.Active(ctx)
	if err != nil {
		return nil, err
	}
	for _, q := range active {
		if q.id == id {
			return q, nil
		}
	}
	return nil, fmt.Errorf("%w running with the id %s", ErrNoQuery, id)
}

// ByName returns the running query of that name, or [ErrNoQuery]. It blocks for one
// round trip.
func (s SessionQueries) ByName(ctx context.Context, name string) (*Query, error) {
	if name == "" {
		return nil, errors.New("look for a streaming query: the name is empty")
	}
	active, err := s.Active(ctx)
	if err != nil {
		return nil, err
	}
	for _, q := range active {
		if q.name == name {
			return q, nil
		}
	}
	return nil, fmt.Errorf("%w running with the name %q", ErrNoQuery, name)
}

// AwaitAny blocks until any query of the session has ended since the session began
// or [SessionQueries.ResetTerminated] was called; it returns at once when one has.
// It returns a [*QueryError] when a query has failed.
func (s SessionQueries) AwaitAny(ctx context.Context) error {
	return rounds(ctx, func(ctx context.Context, limit time.Duration) (bool, error) {
		millis := limit.Milliseconds()
		got, err := s.ask(ctx, &wire.StreamingQueryManagerCommand{Command: &wire.StreamingQueryManagerCommand_AwaitAnyTermination{
			AwaitAnyTermination: &wire.StreamingQueryManagerCommand_AwaitAnyTerminationCommand{TimeoutMs: &millis},
		}})
		if err != nil {
			return false, s.failure(ctx, err)
		}
		return got.GetAwaitAnyTermination().GetTerminated(), nil
	})
}

// ResetTerminated makes [SessionQueries.AwaitAny] forget the queries that have
// ended. It blocks for one round trip.
func (s SessionQueries) ResetTerminated(ctx context.Context) error {
	_, err := s.ask(ctx, &wire.StreamingQueryManagerCommand{Command: &wire.StreamingQueryManagerCommand_ResetTerminated{ResetTerminated: true}})
	if err != nil {
		return fmt.Errorf("forget the streaming queries that have ended: %w", err)
	}
	return nil
}

// failure says which query has failed, as far as the server tells.
func (s SessionQueries) failure(ctx context.Context, err error) error {
	var spark *component.SparkError
	if !errors.As(err, &spark) || spark.Class != classStreamFailed {
		return fmt.Errorf("wait for any streaming query: %w", err)
	}
	q := &Query{id: spark.Parameters["id"], runID: spark.Parameters["runId"]}
	q.name = hubOf(s.spark).nameOf(q.runID)
	return q.failure(ctx, err)
}

func (s SessionQueries) query(one *wire.StreamingQueryManagerCommandResult_StreamingQueryInstance) *Query {
	return &Query{spark: s.spark, hub: hubOf(s.spark), id: one.GetId().GetId(), runID: one.GetId().GetRunId(), name: one.GetName()}
}

func (s SessionQueries) ask(ctx context.Context, cmd *wire.StreamingQueryManagerCommand) (*wire.StreamingQueryManagerCommandResult, error) {
	result := &wire.StreamingQueryManagerCommandResult{}
	err := execute(ctx, s.spark, &wire.Command{CommandType: &wire.Command_StreamingQueryManagerCommand{StreamingQueryManagerCommand: cmd}},
		func(resp *wire.ExecutePlanResponse) error {
			if got := resp.GetStreamingQueryManagerCommandResult(); got != nil {
				result = got
			}
			return nil
		})
	return result, err
}
