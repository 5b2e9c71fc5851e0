package streaming

import (
	"context"
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect"
)

// cluster is what a supervisor needs of Spark.
type cluster interface {
	open(ctx context.Context) (clusterSession, error)
}

// clusterSession is a session.
type clusterSession interface {
	id() string
	listen(ctx context.Context, l Listener) (stop func(), err error)
	// build makes the pipeline of a query for this session.
	build(ctx context.Context, q *SupervisedQuery) (StreamingPipeline, error)
	start(ctx context.Context, p StreamingPipeline) (runningQuery, error)
	// active returns the run ids of the queries that run.
	active(ctx context.Context) (map[string]bool, error)
	close(ctx context.Context) error
}

// runningQuery is a [*Query].
type runningQuery interface {
	ID() string
	RunID() string
	Name() string
	Exception(ctx context.Context) (*QueryError, error)
	Stop(ctx context.Context, opts *StopOptions) error
}

var _ runningQuery = (*Query)(nil)

// sparkCluster is Spark.
type sparkCluster struct {
	with func(ctx context.Context) (*dataflow.Session, error)
}

func (c sparkCluster) open(ctx context.Context) (clusterSession, error) {
	spark, err := c.with(ctx)
	if err != nil {
		return nil, err
	}
	if spark == nil {
		return nil, errors.New("the function that opens it returned none")
	}
	return sparkSession{spark}, nil
}

type sparkSession struct{ spark *dataflow.Session }

func (s sparkSession) id() string                      { return s.spark.ID() }
func (s sparkSession) close(ctx context.Context) error { return s.spark.Close(ctx) }

func (s sparkSession) listen(ctx context.Context, l Listener) (func(), error) {
	return Listen(ctx, s.spark, l)
}

func (s sparkSession) build(ctx context.Context, q *SupervisedQuery) (StreamingPipeline, error) {
	if q.Build == nil {
		return q.Pipeline, nil
	}
	p, err := q.Build(ctx, s.spark)
	if err != nil {
		return StreamingPipeline{}, fmt.Errorf("build the query: %w", s.spark.Error(ctx, err))
	}
	return p, nil
}

func (s sparkSession) start(ctx context.Context, p StreamingPipeline) (runningQuery, error) {
	q, err := p.Start(ctx, s.spark)
	if err != nil {
		return nil, err // not a nil *Query in an interface
	}
	return q, nil
}

func (s sparkSession) active(ctx context.Context) (map[string]bool, error) {
	queries, err := Queries(s.spark).Active(ctx)
	if err != nil {
		return nil, err
	}
	runs := make(map[string]bool, len(queries))
	for _, q := range queries {
		runs[q.RunID()] = true
	}
	return runs, nil
}

// isLost reports whether an error says that the session is gone for sure.
func isLost(err error) bool {
	return errors.Is(err, dataflow.ErrSessionLost) || errors.Is(err, connect.ErrClosed)
}

// isUnreachable reports whether an error says that nobody answered.
func isUnreachable(err error) bool {
	var spark *component.SparkError
	return errors.As(err, &spark) && spark.Class == "" && spark.Code == "Unavailable"
}
