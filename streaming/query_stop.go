package streaming

import (
	"context"
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// StopOptions say how a query is stopped. Nil and the zero value are the defaults.
type StopOptions struct {
	// Abandon stops the query at once: the batch that is at work is interrupted and
	// done again when the query is started again. Otherwise the batch is finished
	// first.
	Abandon bool
	// Timeout bounds how long a batch may still take before it is abandoned all
	// the same. Default 0, as long as the context of the call lasts.
	Timeout time.Duration

	_ struct{}
}

// Stop stops the query and returns when it has ended. By default it waits until no
// batch is at work; that is asked for a few times a second, so that a query which
// begins its next batch at once may be interrupted at the beginning of that one,
// which harms nothing: with a checkpoint it is done again, and nothing was written.
// When ctx ends while it waits, the query goes on and the error wraps the cause.
// A query that has ended already is no error, however it has ended.
func (q *Query) Stop(ctx context.Context, opts *StopOptions) error {
	if opts == nil {
		opts = &StopOptions{}
	}
	if !opts.Abandon {
		if err := q.idle(ctx, opts.Timeout); err != nil {
			return err
		}
	}
	_, err := q.ask(ctx, "stop", &wire.StreamingQueryCommand{Command: &wire.StreamingQueryCommand_Stop{Stop: true}})
	return err
}

const (
	idleFirst = 20 * time.Millisecond
	idleMost  = 200 * time.Millisecond
)

// idle blocks until the batch that is at work is done.
func (q *Query) idle(ctx context.Context, timeout time.Duration) error {
	outer := ctx
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	err := q.awaitIdle(ctx)
	if ctx.Err() != nil && outer.Err() == nil { // time to abandon
		return nil
	}
	if outer.Err() != nil {
		return fmt.Errorf("stop the streaming query %s: %w", q.label(), context.Cause(outer))
	}
	return err
}

func (q *Query) awaitIdle(ctx context.Context) error {
	var first int64 = -1
	for pause := idleFirst; ; pause = min(2*pause, idleMost) {
		status, err := q.Status(ctx)
		if err != nil || !status.Active || !status.TriggerActive {
			return err
		}
		done, err := q.batches(ctx)
		if err != nil {
			return err
		}
		if first < 0 {
			first = done
		} else if done > first { // the batch is done, and another has begun
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// batches returns how many batches are done, over all runs.
func (q *Query) batches(ctx context.Context) (int64, error) {
	p, err := q.LastProgress(ctx)
	if err != nil || p == nil {
		return 0, err
	}
	return p.BatchID + 1, nil
}
