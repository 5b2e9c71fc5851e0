package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/quality"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// saveDelay is how long the record may wait for a save that nothing depends on:
// after a crash, what such a save would have told is found out by doing harmless
// work again.
const saveDelay = 200 * time.Millisecond

// book keeps the record of one run. A nil book keeps none. It is safe for
// concurrent use.
type book struct {
	options *CheckpointOptions
	lock    checkpoint.Lock

	mu     sync.Mutex
	record *checkpoint.Record
	// dirty tells that the record has changes that are not saved; timer saves them
	// soon.
	dirty bool
	timer *time.Timer
	// over tells that the run has ended for the book.
	over bool
}

// update changes the entry of a component and saves the record, now or soon.
func (b *book) update(ctx context.Context, name string, now bool, change func(c *checkpoint.Component)) error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.record.Component(name))
	b.dirty = true
	if now {
		return b.save(ctx)
	}
	if b.timer == nil && !b.over {
		b.timer = time.AfterFunc(saveDelay, b.saveLate)
	}
	return nil
}

// saveLate runs in a goroutine of its own. An error is not lost: the next save
// has it again, and one comes with the end of the run.
func (b *book) saveLate() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.timer = nil
	if b.dirty && !b.over {
		ctx, cancel := closing(context.Background())
		defer cancel()
		_ = b.save(ctx)
	}
}

// save writes the record, also when ctx has ended. The caller holds mu.
func (b *book) save(ctx context.Context) error {
	ctx, cancel := closing(ctx)
	defer cancel()
	if err := b.options.Store.Save(ctx, b.record); err != nil {
		return &CheckpointError{RunID: b.record.RunID, Err: err}
	}
	b.dirty = false
	return nil
}

// session notes where the run works.
func (b *book) session(ctx context.Context, s *dataflow.Session) error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := checkpoint.Session{Address: s.Address(), UserID: s.UserID(), ID: s.ID(), ServerID: s.ServerSessionID()}
	if b.record.Session != nil && *b.record.Session == now {
		return nil
	}
	b.record.Session = &now
	return b.save(ctx)
}

// starts notes that a component begins. What may have an effect is saved before.
func (b *book) starts(ctx context.Context, step *Step, at time.Time, careful bool) error {
	return b.update(ctx, step.Name, careful, func(c *checkpoint.Component) {
		c.State, c.Started, c.Ended, c.Error, c.Reason = checkpoint.StateRunning, at, time.Time{}, "", ""
		c.Operations, c.Aside = nil, nil
	})
}

// sends notes an operation before it is sent.
func (b *book) sends(ctx context.Context, name string, op dataflow.Operation) error {
	return b.update(ctx, name, op.Kind.HasEffect(), func(c *checkpoint.Component) {
		switch {
		case !op.Kind.HasEffect():
		case isAside(op):
			c.Aside = append(c.Aside, op.ID)
		default:
			c.Operations = append(c.Operations, op.ID)
		}
		if op.Kind == dataflow.OperationView {
			addOutput(c, checkpoint.Output{Kind: checkpoint.OutputView, Name: op.View})
		}
	})
}

// isAside reports whether an operation is none of the component's own work.
func isAside(op dataflow.Operation) bool { return slices.Contains(op.Tags, quality.AsideTag) }

func addOutput(c *checkpoint.Component, out checkpoint.Output) {
	for _, known := range c.Outputs {
		if known == out {
			return
		}
	}
	c.Outputs = append(c.Outputs, out)
}

// ends notes what became of a component.
func (b *book) ends(ctx context.Context, step *Step, result *component.Result, careful bool) error {
	return b.update(ctx, step.Name, careful, func(c *checkpoint.Component) {
		c.Attempts += result.Attempts
		c.Ended = result.Started.Add(result.Duration)
		if result.Err != nil {
			c.Error = result.Err.Error()
		}
		switch {
		case result.Status == component.StatusSucceeded:
			c.State = checkpoint.StateSucceeded
			for _, out := range outputsOf(step) {
				addOutput(c, out)
			}
		case outcomeUnknown(result.Err), result.Status == component.StatusCancelled && len(c.Operations) > 0 && step.lineage().Partial:
			// It stays running: nobody knows what it has done.
		default:
			c.State = checkpoint.StateFailed
		}
	})
}

// passes notes a component that did not start.
func (b *book) passes(ctx context.Context, result *component.Result) error {
	if b == nil || result.Status == component.StatusCancelled {
		return nil // it stays pending
	}
	return b.update(ctx, result.Name, false, func(c *checkpoint.Component) {
		c.State, c.Reason = checkpoint.StateSkipped, result.Reason
	})
}

// outputsOf are what the step says that it makes.
func outputsOf(step *Step) []checkpoint.Output {
	var outputs []checkpoint.Output
	for _, data := range step.lineage().Outputs {
		out := checkpoint.Output{Kind: checkpoint.OutputTable, Name: data.Name}
		switch data.Kind {
		case dataflow.DatasetView:
			out.Kind = checkpoint.OutputView
		case dataflow.DatasetPath:
			out.Kind = checkpoint.OutputPath
		case dataflow.DatasetTable, dataflow.DatasetRelation:
		}
		outputs = append(outputs, out)
	}
	return outputs
}

// finish notes the end of the run and gives it back.
func (b *book) finish(ctx context.Context, status Status, breakers *resilience.Breakers) (err error) {
	if b == nil {
		return nil
	}
	ctx, cancel := closing(ctx)
	defer cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	if b.timer != nil {
		b.timer.Stop()
	}
	defer func() {
		if fault := b.lock.Release(ctx); fault != nil && err == nil {
			err = &CheckpointError{RunID: b.record.RunID, Err: fault}
		}
	}()
	if b.record == nil {
		return nil
	}
	if b.options.DeleteOnSuccess && status == StatusSucceeded && (!b.options.KeepBreakers || quiet(breakers)) {
		if err := b.options.Store.Delete(ctx, b.record.RunID); err != nil {
			return &CheckpointError{RunID: b.record.RunID, Err: err}
		}
		return nil
	}
	b.record.Status = checkpoint.Status(status.String())
	b.record.Breakers = snapshots(breakers)
	return b.save(ctx)
}

// quiet reports whether no breaker has anything to remember.
func quiet(breakers *resilience.Breakers) bool {
	for _, s := range breakers.Snapshot() {
		if s.State != resilience.StateClosed || s.Failures > 0 {
			return false
		}
	}
	return true
}

// snapshots are the states of the circuit breakers as the record keeps them.
func snapshots(breakers *resilience.Breakers) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	for _, s := range breakers.Snapshot() {
		data, err := json.Marshal(s)
		if err != nil {
			continue // a snapshot is plain data
		}
		if out == nil {
			out = map[string]json.RawMessage{}
		}
		out[s.Name] = data
	}
	return out
}

// restore puts the breakers into the states of a record.
func restore(breakers *resilience.Breakers, record *checkpoint.Record) error {
	var kept []resilience.Snapshot
	for name, data := range record.Breakers {
		var s resilience.Snapshot
		if err := json.Unmarshal(data, &s); err != nil {
			return fmt.Errorf("circuit breaker %q: %w", name, err)
		}
		kept = append(kept, s)
	}
	return breakers.Restore(kept)
}

// step is the step in the form in which it runs.
func (r *run) step(i int) *Step {
	if r.rebuilt[i] != nil {
		return r.rebuilt[i]
	}
	return &r.pipeline.Steps[i]
}

// kept is the book for a step that does its work, and nil for one that makes views
// anew: the record says already that it is done.
func (r *run) kept(i int) *book {
	if r.rebuilt[i] != nil {
		return nil
	}
	return r.book
}

// careful reports whether what happens to the step must be saved before it goes
// on, since it may have an effect.
func (r *run) careful(i int) bool {
	return r.book != nil && r.pipeline.Steps[i].lineage().Effect != dataflow.EffectNone
}

// starts notes that a step begins, and lets its operations be noted.
func (r *run) starts(ctx context.Context, i int, at time.Time) (context.Context, error) {
	b, step := r.kept(i), &r.pipeline.Steps[i]
	if b == nil {
		return ctx, nil
	}
	careful := r.careful(i)
	if err := b.starts(ctx, step, at, careful); err != nil {
		return ctx, err
	}
	if !careful {
		return ctx, nil
	}
	return dataflow.WithOperationRecorder(ctx, func(ctx context.Context, op dataflow.Operation) error {
		return b.sends(ctx, step.Name, op)
	}), nil
}

// ends notes what became of a step. That it cannot be noted does not undo its
// work: the next step that wants to start finds out.
func (r *run) ends(ctx context.Context, out *outcome) {
	if out.result.Started.IsZero() {
		return
	}
	if err := r.kept(out.step).ends(ctx, &r.pipeline.Steps[out.step], &out.result, r.careful(out.step)); err != nil {
		r.logWarning(err)
		out.warnings = append(out.warnings, err)
	}
}

// passes notes a step that does not start. Those that are left keep their state.
func (r *run) passes(ctx context.Context, i int, out *outcome) {
	if r.left[i] != "" {
		return
	}
	if err := r.book.passes(ctx, &out.result); err != nil {
		r.logWarning(err)
		out.warnings = append(out.warnings, err)
	}
}

// watchLock ends the run when somebody else has taken it. The function that it
// returns ends the watch.
func (r *run) watchLock(ctx context.Context, stop context.CancelCauseFunc) func() {
	if r.book == nil || r.book.lock.Lost() == nil {
		return func() {}
	}
	over := make(chan struct{})
	go func() {
		select {
		case <-r.book.lock.Lost():
			stop(&CheckpointError{RunID: r.result.RunID, Err: errors.New("the lock of the run was lost; another process may have taken the run")})
		case <-over:
		case <-ctx.Done():
		}
	}()
	return func() { close(over) }
}
