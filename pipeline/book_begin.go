package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// openBook finds the id of the run and takes the run, so that nobody else has it.
func (r *run) openBook(ctx context.Context) error {
	options := r.runner.checkpoint
	if options == nil {
		return nil
	}
	if r.runner.runID == "" && options.Resume == ResumeLatest {
		if id := r.latest(ctx); id != "" {
			switch lock, err := options.Store.Lock(ctx, id); {
			case err == nil:
				r.result.RunID, r.book = id, &book{options: options, lock: lock}
				return nil
			case !errors.Is(err, checkpoint.ErrLocked):
				return &CheckpointError{RunID: id, Err: err}
			}
		}
	}
	lock, err := options.Store.Lock(ctx, r.result.RunID)
	if err != nil {
		return &CheckpointError{RunID: r.result.RunID, Err: err}
	}
	r.book = &book{options: options, lock: lock}
	return nil
}

// latest is the id of the latest run of the pipeline, if that can go on.
func (r *run) latest(ctx context.Context) string {
	records, err := r.runner.checkpoint.Store.List(ctx, &checkpoint.Filter{Pipeline: r.pipeline.Name, Limit: 1})
	if err != nil {
		r.log().Warn("list the checkpoints", zap.Error(err))
	}
	if len(records) == 0 || records[0].Status == checkpoint.StatusSucceeded {
		return ""
	}
	return records[0].RunID
}

// begin reads the record of the run, or makes one, and decides what is left to
// do. When it fails, the record is as it was.
func (r *run) begin(ctx context.Context, g *graph) error {
	b := r.book
	if b == nil {
		return nil
	}
	steps, whole, err := r.pipeline.recordSteps(g)
	if err == nil {
		err = r.load(ctx, steps, whole)
	}
	var told *CheckpointError
	var undecided *UnknownOutcomeError
	var session *SessionError
	if err == nil || errors.As(err, &told) || errors.As(err, &undecided) || errors.As(err, &session) {
		return err
	}
	return &CheckpointError{RunID: r.result.RunID, Err: err}
}

func (r *run) load(ctx context.Context, steps []checkpoint.Step, whole string) error {
	b, id := r.book, r.result.RunID
	record, err := b.options.Store.Load(ctx, id)
	switch {
	case errors.Is(err, checkpoint.ErrNotFound) && b.options.Resume != ResumeOnly:
		return r.fresh(ctx, steps, whole)
	case err != nil:
		return err
	case b.options.Resume == ResumeNever:
		return fmt.Errorf("%w; resume it, delete it, or give this run another id", ErrRunExists)
	case record.Pipeline != r.pipeline.Name:
		return fmt.Errorf("the run is one of the pipeline %q, not of %q", record.Pipeline, r.pipeline.Name)
	}
	if err := r.resume(ctx, record, steps); err != nil {
		return err
	}
	record.Fingerprint = whole
	r.locate(record)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.record = record
	return b.save(ctx)
}

// fresh begins a run that has no record.
func (r *run) fresh(ctx context.Context, steps []checkpoint.Step, whole string) error {
	b := r.book
	if b.options.KeepBreakers {
		r.restoreBreakers(ctx)
	}
	record, err := checkpoint.New(r.result.RunID, r.pipeline.Name, whole, steps)
	if err != nil {
		return err
	}
	r.locate(record)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.record = record
	return b.save(ctx)
}

// restoreBreakers takes over the states in which the latest run left the circuit
// breakers. A record that cannot be read is no reason not to run.
func (r *run) restoreBreakers(ctx context.Context) {
	records, err := r.book.options.Store.List(ctx, &checkpoint.Filter{Pipeline: r.pipeline.Name, Limit: 1})
	if err == nil && len(records) > 0 {
		err = restore(r.runner.breakers, records[0])
	}
	if err != nil {
		r.log().Warn("restore the circuit breakers of the latest run", zap.Error(err))
	}
}

// locate notes the file of the pipeline, for whoever resumes the run.
func (r *run) locate(record *checkpoint.Record) {
	if r.pipeline.File == "" {
		return
	}
	record.File = r.pipeline.File
	if path, err := filepath.Abs(r.pipeline.File); err == nil {
		record.File = path
	}
}

// resume decides about every step of a run that has a record.
func (r *run) resume(ctx context.Context, record *checkpoint.Record, steps []checkpoint.Step) error {
	options := r.book.options
	for _, name := range slices.Concat(options.Rerun, options.Done) {
		if record.Component(name) == nil {
			return fmt.Errorf("the run has no component %q", name)
		}
	}
	if options.KeepBreakers {
		if err := restore(r.runner.breakers, record); err != nil {
			return err
		}
	}
	// What has changed is told before anybody is asked.
	if _, err := record.Resume(steps, &checkpoint.ResumeOptions{AllowChanges: options.AllowChanges}); err != nil {
		return err
	}
	if err := r.settleUnknown(ctx, record); err != nil {
		return err
	}
	decisions, err := record.Resume(steps, &checkpoint.ResumeOptions{AllowChanges: options.AllowChanges})
	if err != nil {
		return err
	}
	for i, d := range decisions {
		switch d.Action {
		case checkpoint.ActionSkip:
			r.left[i] = "it succeeded before in this run"
		case checkpoint.ActionRebuild:
			if err := r.rebuilds(i, record.Component(d.Name), d.Reason); err != nil {
				return err
			}
		case checkpoint.ActionRun:
		}
	}
	record.Restart(steps, decisions)
	return nil
}

// rebuilds has a step that is done make its views anew.
func (r *run) rebuilds(i int, c *checkpoint.Component, why string) error {
	step := r.pipeline.Steps[i]
	views, ok := step.onlyViews()
	switch {
	case ok:
		step = views
	case step.RetryUnsafe, r.again[i], len(c.Operations) == 0,
		slices.Contains(r.book.options.Rerun, step.Name):
	default:
		return fmt.Errorf("component %q would have to run again, since %s, and that could do its work twice; "+
			"resume with --rerun %[1]s if it may", step.Name, why)
	}
	r.rebuilt[i] = &step
	return nil
}

// newID is the id that a run has at first.
func (r *SimplePipelineRunner) newID() string {
	if r.runID != "" {
		return r.runID
	}
	return uuid.NewString()
}

// closeBook notes the outcome of the run. That it cannot be noted does not change
// the outcome.
func (r *run) closeBook(ctx context.Context) {
	if err := r.book.finish(ctx, r.result.Status, r.runner.breakers); err != nil {
		r.logWarning(err)
		r.result.Warnings = append(r.result.Warnings, err)
	}
}
