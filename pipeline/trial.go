package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// trial makes the attempts of one step. After one of which nobody knows whether
// its work was done, the server is asked before there is another.
type trial struct {
	run   *run
	step  *Step
	index int
	// doubt is the error of the last attempt if it leaves open what was done, and
	// operations counts what that attempt sent.
	doubt      error
	operations atomic.Int32
}

// next makes an attempt, unless it finds that the last one has done the work.
func (t *trial) next(ctx context.Context, out *outcome) error {
	if t.doubt != nil {
		if done, err := t.clarify(ctx); done || err != nil {
			return err
		}
	}
	out.result.Attempts++
	t.operations.Store(0)
	err := t.run.attempt(t.recorded(ctx), t.step, out)
	t.doubt = nil
	if outcomeUnknown(err) {
		t.doubt = err
	}
	return err
}

// recorded has the server keep the operations of a step that may be tried again,
// so that it can be asked about them.
func (t *trial) recorded(ctx context.Context) context.Context {
	retry := t.step.Resilience.WithDefaults().Retry
	if retry == nil || t.step.lineage().Effect == dataflow.EffectNone {
		return ctx
	}
	return dataflow.WithOperationRecorder(ctx, func(_ context.Context, op dataflow.Operation) error {
		if op.Kind.HasEffect() && !isAside(op) {
			t.operations.Add(1)
		}
		return nil
	})
}

// clarify asks what became of the last attempt: its work is done, or with no error
// it may be repeated.
func (t *trial) clarify(ctx context.Context) (done bool, err error) {
	id := operationOf(t.doubt)
	allowed := t.step.RetryUnsafe || t.run.again[t.index]
	if id == "" {
		return false, nil // or beyondAsking had stopped it
	}
	spark, err := t.run.provide(ctx)
	if err != nil {
		return false, err
	}
	out, err := spark.Outcome(ctx, id)
	if err != nil {
		return false, fmt.Errorf("ask what became of operation %s: %w", id, err)
	}
	t.run.log().Info("asked what became of an operation", zap.String("component", t.step.Name),
		zap.String("operation_id", id), zap.String("outcome", string(out.State)))
	done, why := judgeOutcome(t.step.judged(), out, int(t.operations.Load()))
	switch {
	case why == nil:
		return done, nil
	case !allowed:
		return false, resilience.Permanent(fmt.Errorf("%w; asked for it later: %w", t.doubt, why))
	}
	// What may be repeated must not run beside itself.
	_, err = spark.InterruptOperation(ctx, id)
	return false, err
}

// operationOf is the operation that an error is about, or empty.
func operationOf(err error) string {
	var spark *component.SparkError
	if !errors.As(err, &spark) {
		return ""
	}
	return spark.OperationID
}

// beyondAsking reports whether a write may have happened and nobody can be asked.
func beyondAsking(err error) bool { return outcomeUnknown(err) && operationOf(err) == "" }
