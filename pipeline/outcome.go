package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// settleUnknown finds out about the components of which the record does not know
// the end, before anything runs. The error joins an [*UnknownOutcomeError] for
// each of which nobody can tell.
//
// What was found out is in the store before the session is released in which it
// was: afterwards nobody could find it out again.
func (r *run) settleUnknown(ctx context.Context, record *checkpoint.Record) error {
	asked := &inquiry{run: r, session: record.Session}
	err := r.settleAll(ctx, record, asked)
	known := err == nil || errors.As(err, new(*UnknownOutcomeError))
	if known && asked.spark != nil {
		if fault := r.book.options.Store.Save(ctx, record); fault != nil {
			err, known = fault, false
		}
	}
	asked.close(ctx, known)
	return err
}

func (r *run) settleAll(ctx context.Context, record *checkpoint.Record, asked *inquiry) error {
	options := r.book.options
	var undecided []error
	for i := range r.pipeline.Steps {
		step := &r.pipeline.Steps[i]
		c := record.Component(step.Name)
		switch {
		case c == nil:
		case slices.Contains(options.Done, step.Name):
			c.State, c.Error = checkpoint.StateSucceeded, ""
			c.Outputs = outputsOf(step)
		case slices.Contains(options.Rerun, step.Name):
			c.State = checkpoint.StatePending
		case c.State == checkpoint.StateRunning && step.enabled():
			if err := asked.settle(ctx, i, c); err != nil {
				var unknown *UnknownOutcomeError
				if !errors.As(err, &unknown) {
					return err
				}
				undecided = append(undecided, err)
			}
		}
	}
	return errors.Join(undecided...)
}

// inquiry asks the server about the operations of a run whose process is gone.
type inquiry struct {
	run *run
	// session is where the operations were sent.
	session *checkpoint.Session
	// spark is that session, taken up again; lost says why it cannot be.
	spark *dataflow.Session
	own   bool
	lost  error
}

// settle finds the state of one component, or returns an [*UnknownOutcomeError].
func (q *inquiry) settle(ctx context.Context, i int, c *checkpoint.Component) error {
	step := &q.run.pipeline.Steps[i]
	lineage := step.judged()
	harmless := step.RetryUnsafe || q.run.again[i]
	unknown := func(why error) error {
		if harmless {
			c.State, c.Reason = checkpoint.StatePending, ""
			return nil
		}
		e := &UnknownOutcomeError{Component: step.Name, Operations: c.Operations, Err: why}
		for _, out := range outputsOf(step) {
			if out.Kind != checkpoint.OutputView {
				e.Outputs = append(e.Outputs, string(out.Kind)+" "+out.Name)
			}
		}
		return e
	}
	if lineage.Continues {
		c.State = checkpoint.StatePending
		return nil
	}
	if len(c.Operations) == 0 && len(c.Aside) > 0 {
		// It has published nothing. What it did beside that must be over before it is
		// done again.
		if _, err := q.ask(ctx, c.Aside[len(c.Aside)-1]); err != nil {
			return err
		}
		c.State = checkpoint.StatePending
		return nil
	}
	if len(c.Operations) == 0 {
		if c.Error == "" && (lineage.Effect != dataflow.EffectRepeats || dataflow.NeedsSession(step.Component)) {
			c.State = checkpoint.StatePending // it has not sent anything
			return nil
		}
		return unknown(nil)
	}
	out, err := q.ask(ctx, c.Operations[len(c.Operations)-1])
	if err != nil {
		return err
	}
	q.run.log().Info("asked what became of an operation", zap.String("component", step.Name),
		zap.String("operation_id", c.Operations[len(c.Operations)-1]), zap.String("outcome", string(out.State)))
	done, err := judgeOutcome(lineage, out, len(c.Operations))
	switch {
	case err != nil:
		return unknown(err)
	case done:
		c.State, c.Error, c.Outputs = checkpoint.StateSucceeded, "", outputsOf(step)
	case out.Err != nil:
		c.State, c.Error = checkpoint.StateFailed, out.Err.Error()
	default:
		c.State = checkpoint.StatePending
	}
	return nil
}

// judgeOutcome says what the outcome of the last of so many operations means for a
// component: its work is done, or it can be run again, or, with the reason as an
// error, nobody can tell.
func judgeOutcome(lineage dataflow.Lineage, out dataflow.Outcome, operations int) (done bool, err error) {
	switch {
	case lineage.Continues:
		return false, nil
	case out.State == dataflow.OutcomeUnknown:
		return false, cmp.Or(out.Err, dataflow.ErrOutcomeUnknown)
	case lineage.Opaque && (out.State == dataflow.OutcomeSucceeded || operations > 1):
		return false, fmt.Errorf("the operation %s, and what else the component does is not known", out.State)
	case out.State == dataflow.OutcomeFailed && lineage.Partial:
		return false, fmt.Errorf("it failed, and may have done a part of its work: %w", out.Err)
	}
	return out.State == dataflow.OutcomeSucceeded, nil
}

// ask blocks while the operation runs.
func (q *inquiry) ask(ctx context.Context, operation string) (dataflow.Outcome, error) {
	if err := q.open(ctx); err != nil {
		return dataflow.Outcome{}, err
	}
	if q.lost != nil {
		return dataflow.Outcome{State: dataflow.OutcomeUnknown, Err: q.lost}, nil
	}
	return q.spark.Outcome(ctx, operation)
}

// open takes up the session of the run again.
func (q *inquiry) open(ctx context.Context) error {
	if q.spark != nil || q.lost != nil {
		return nil
	}
	if q.session == nil {
		q.lost = errors.New("the record does not name its Spark session")
		return nil
	}
	spark, err := q.run.session.provide(ctx)
	if err != nil {
		return &SessionError{Op: "open", Err: err}
	}
	if spark.ID() == q.session.ID && spark.ServerSessionID() == q.session.ServerID {
		q.spark = spark
		return nil
	}
	q.spark, err = spark.Rejoin(ctx, q.session.ID, q.session.ServerID)
	if errors.Is(err, dataflow.ErrSessionLost) {
		q.spark, q.lost = nil, fmt.Errorf("the server at %s: %w", q.session.Address, err)
		return nil
	}
	q.own = err == nil
	return err
}

// close gives the session of the run that is gone back. To release it ends what it
// has left behind.
func (q *inquiry) close(ctx context.Context, release bool) {
	if !q.own {
		return
	}
	ctx, cancel := closing(ctx)
	defer cancel()
	end := q.spark.Leave
	if release {
		end = q.spark.Close
	}
	if err := end(ctx); err != nil {
		q.run.logWarning(err)
	}
}
