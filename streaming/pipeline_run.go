package streaming

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// DefaultStopTimeout is how long a batch may still take when the context of
// [StreamingPipeline.Run] has ended.
const DefaultStopTimeout = 30 * time.Second

// Run implements [dataflow.DataFlow]. It starts the query and waits for its end: of
// itself with the triggers once and available now, when somebody stops it, or when
// it fails, which is a [*QueryError]. When ctx ends, the query is stopped once its
// batch is done, or after StopTimeout, and the error wraps the cause of ctx. A
// [Watcher] among the transforms, or in rt, hears of the batches and the end.
func (p StreamingPipeline) Run(ctx context.Context, spark *dataflow.Session, rt component.Runtime) error {
	p.Transforms = append(p.Transforms[:len(p.Transforms):len(p.Transforms)], transformsOf(rt)...)
	w, err := newWatch(ctx, spark, p.watchers())
	if err != nil {
		return err
	}
	defer w.close()
	q, err := p.Start(w.starting(ctx), spark)
	if err != nil {
		return w.finish(ctx, nil, err)
	}
	log := rt.Logger().With(zap.String("query", q.Name()), zap.String("query_id", q.ID()), zap.String("query_run_id", q.RunID()))
	log.Info("streaming query started", zap.Stringer("trigger", p.Trigger), zap.String("checkpoint_location", p.CheckpointLocation))
	begun := time.Now()
	err = q.AwaitTermination(ctx)
	if ctx.Err() != nil {
		err = p.wind(ctx, q)
	}
	err = w.finish(ctx, q, err)
	log.Info("streaming query ended", zap.Duration("duration", time.Since(begun)), zap.Bool("failed", err != nil))
	return err
}

// wind stops the query after the context of Run has ended.
func (p StreamingPipeline) wind(ctx context.Context, q *Query) error {
	timeout := cmp.Or(p.StopTimeout, DefaultStopTimeout)
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(timeout, 0)+cleanupTimeout)
	defer cancel()
	err := q.Stop(limited, &StopOptions{Abandon: timeout < 0, Timeout: max(timeout, 0)})
	if failed, _ := q.Exception(limited); failed != nil { // that came first
		return failed
	}
	return errors.Join(fmt.Errorf("the streaming query %s was stopped: %w", q.label(), context.Cause(ctx)), err)
}
