package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/quality"
)

// run is the state of one run. One goroutine works on it; those of components
// use what is above mu for reading alone.
type run struct {
	runner   *SimplePipelineRunner
	pipeline *Pipeline
	session  *session
	result   *Result
	// total counts the enabled steps.
	total int
	// errs are the causes of the error of the run.
	errs []error
	// stoppedBy is the component that ended a fail-fast run.
	stoppedBy string
	// stopped tells that this was what cancelled components.
	stopped bool
	// unsound tells that a check after the pipeline failed.
	unsound bool
	// timeout is that of the run as a whole, when it ended the run.
	timeout *TimeoutError
	// ended is what ended the run from outside, other than its context.
	ended error
	// inspector makes the checks of the run; nil before they are prepared.
	inspector *inspector
	// vault has the secrets of the run.
	vault *vault
	// book keeps the record of the run, or is nil.
	book *book
	// left says of each step why it is left as it is, though those that depend on
	// it run; empty for the others.
	left []string
	// again tells which steps leave the same data when they run twice.
	again []bool
	// rebuilt are the steps that only make their views anew, in the form that does.
	rebuilt []*Step

	mu sync.Mutex
	// hookErrors is filled by hooks, which may have goroutines of their own.
	hookErrors []error
}

func (r *run) start() hooks.PipelineStart {
	return hooks.PipelineStart{
		Pipeline: r.pipeline.Name, Version: r.pipeline.Version, Environment: r.pipeline.Environment,
		Tags: r.pipeline.Tags, RunID: r.result.RunID, Total: r.total, Started: r.result.Started,
	}
}

// components checks the pipeline and gives every step a result.
func (r *run) components(ctx context.Context) {
	defer func() {
		if err := errors.Join(r.session.close(ctx), r.vault.close(ctx)); err != nil {
			warning := &SessionError{Op: "close", Err: err}
			r.logWarning(warning)
			r.result.Warnings = append(r.result.Warnings, warning)
		}
	}()
	g, err := r.unlocked(ctx)
	if err != nil {
		r.abort(ctx, err, "the pipeline is not valid")
		return
	}
	for _, found := range g.contracts {
		r.logWarning(&ContractMismatchError{found})
	}
	r.again = g.again
	if err := r.begin(ctx, g); err != nil {
		r.abort(ctx, err, "the run cannot be resumed")
		return
	}
	if err := r.choose(g); err != nil {
		r.abort(ctx, err, "the selection is not valid")
		return
	}
	fates := newFates(r.pipeline, g, r.left)
	if err := r.openSession(ctx, fates); err != nil {
		r.abort(ctx, err, "the Spark session could not be opened")
		return
	}
	if r.inspector, err = r.inspect(); err != nil {
		r.abort(ctx, err, "the quality checks cannot be made")
		return
	}
	ctx, cancel := limited(ctx, "", r.pipeline.Timeout)
	defer cancel()
	if err := r.inspector.check(ctx, quality.MomentBeforePipeline, ""); err != nil {
		r.abort(ctx, fmt.Errorf("before the pipeline: %w", err), "the checks before the pipeline failed")
		return
	}
	r.schedule(ctx, fates)
	if err := r.inspector.end(ctx); err != nil {
		r.errs = append(r.errs, err)
		r.unsound = true
	}
}

// unlocked checks the pipeline, and once more when it has its secrets.
func (r *run) unlocked(ctx context.Context) (*graph, error) {
	g, err := r.pipeline.check()
	if err != nil {
		return nil, err
	}
	unlocked, err := r.vault.unlock(ctx, r.pipeline)
	if err != nil || unlocked == r.pipeline {
		return g, err
	}
	r.pipeline = unlocked
	g, err = unlocked.check()
	return g, r.vault.hide(err)
}

// openSession opens the session when a step that is going to run is known to
// need it. Others open it at their first use.
func (r *run) openSession(ctx context.Context, fates *fates) error {
	for _, i := range fates.graph.order {
		step := &r.pipeline.Steps[i]
		if !fates.planned(i) || !dataflow.NeedsSession(step.Component) {
			continue
		}
		if ctx.Err() != nil {
			return nil // the steps will be cancelled one by one
		}
		if _, err := r.provide(ctx); err != nil {
			return &SessionError{Op: "open", Component: step.Name, Err: err}
		}
		return nil
	}
	return nil
}

// provide is a [dataflow.Provider] that notes the session in the record.
func (r *run) provide(ctx context.Context) (*dataflow.Session, error) {
	spark, err := r.session.provide(ctx)
	if err != nil {
		return nil, r.vault.hide(err)
	}
	return spark, r.book.session(ctx, spark)
}

// decide reports whether a step runs; if not, it fills the result.
func (r *run) decide(ctx context.Context, i int, fates *fates, result *component.Result) bool {
	step := &r.pipeline.Steps[i]
	result.Name, result.Type = step.Name, step.Type
	if !step.enabled() {
		result.Status, result.Reason = component.StatusDisabled, disabledReason(step)
		return false
	}
	if r.left[i] != "" && r.rebuilt[i] == nil {
		result.Status, result.Reason = component.StatusSkipped, r.left[i]
		return false
	}
	switch reason := fates.blocked(i); {
	case stoppedBy(ctx) != nil:
		result.Status, result.Reason = component.StatusSkipped, context.Cause(ctx).Error()
	case ctx.Err() != nil:
		result.Status, result.Reason = component.StatusCancelled, cancelledReason(ctx)
	case reason != "":
		result.Status, result.Reason = component.StatusSkipped, reason
	default:
		return true
	}
	return false
}

// abort ends a run before its first component, for one reason.
func (r *run) abort(ctx context.Context, err error, reason string) {
	status := component.StatusSkipped
	if ctx.Err() != nil && isCancel(ctx, err) {
		status, reason = component.StatusCancelled, cancelledReason(ctx)
	}
	r.errs = append(r.errs, err)
	for i := range r.pipeline.Steps {
		step := &r.pipeline.Steps[i]
		result := component.Result{Name: step.Name, Type: step.Type, Status: status, Reason: reason}
		if !step.enabled() {
			result.Status, result.Reason = component.StatusDisabled, disabledReason(step)
		}
		r.result.Components = append(r.result.Components, result)
	}
}

// settle finds the status and the error of the run.
func (r *run) settle(ctx context.Context) {
	var succeeded, cancelled int
	for i := range r.result.Components {
		switch r.result.Components[i].Status {
		case component.StatusSucceeded:
			succeeded++
		case component.StatusCancelled:
			cancelled++
		case component.StatusFailed, component.StatusSkipped, component.StatusDisabled:
		}
	}
	switch {
	case r.timeout != nil:
		r.result.Status = StatusFailed
		r.errs = slices.Insert(r.errs, 0, error(r.timeout))
	case r.ended != nil:
		r.result.Status = StatusInterrupted
		r.errs = slices.Insert(r.errs, 0, r.ended)
	case cancelled > 0 && !r.stopped:
		r.result.Status = StatusInterrupted
		r.errs = slices.Insert(r.errs, 0, interrupted(ctx))
	case len(r.errs) == 0:
		r.result.Status = StatusSucceeded
	case succeeded > 0 && r.stoppedBy == "" && !r.unsound:
		r.result.Status = StatusPartlyFailed
	default:
		r.result.Status = StatusFailed
	}
	r.result.Duration = r.runner.now().Sub(r.result.Started)
	r.result.Err = r.err()
}

// err returns the error of the run, or nil.
func (r *run) err() error {
	if len(r.errs) == 0 {
		return nil
	}
	return &RunError{
		Pipeline: r.result.Pipeline, RunID: r.result.RunID, Status: r.result.Status, Errs: r.errs,
	}
}

// tellEnd calls the last hook.
func (r *run) tellEnd(ctx context.Context) {
	ctx, cancel := closing(ctx)
	defer cancel()
	r.runner.hooks.AfterPipeline(ctx, hooks.PipelineEnd{
		Pipeline: r.result.Pipeline, RunID: r.result.RunID, Total: r.total, Status: r.result.Status,
		Results: r.result.Components, Duration: r.result.Duration, Err: r.result.Err,
		Warnings: r.result.Warnings,
	})
}

// conclude hands the result over.
func (r *run) conclude() (*Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.HookErrors = slices.Clone(r.hookErrors)
	r.result.Quality = r.inspector.all()
	return r.result, r.result.Err
}

// hookPanicked keeps the panic of a hook.
func (r *run) hookPanicked(err error) {
	r.mu.Lock()
	r.hookErrors = append(r.hookErrors, err)
	r.mu.Unlock()
	fields := []zap.Field{zap.String("error", err.Error())}
	var panicked *component.PanicError
	if errors.As(err, &panicked) {
		fields = append(fields, zap.ByteString("panic_stack", panicked.Stack))
	}
	r.log().Error("hook panicked", fields...)
}

// logWarning tells of a fault that does not make the run fail.
func (r *run) logWarning(err error) {
	r.log().Warn("pipeline warning", zap.String("error", err.Error()))
}

func (r *run) log() *zap.Logger {
	return r.runner.logger.With(zap.String("run_id", r.result.RunID), zap.String("pipeline", r.result.Pipeline))
}

func disabledReason(step *Step) string {
	if step.Disabled {
		return "disabled in the pipeline"
	}
	return "no sequence reads it"
}

func cancelledReason(ctx context.Context) string {
	switch cause := context.Cause(ctx).(type) { //nolint:errorlint // these are set as they are
	case *stopError, *TimeoutError:
		return cause.Error()
	default:
		return fmt.Sprintf("the run was interrupted: %v", cause)
	}
}

// isCancel reports whether err says that ctx, which has ended, ended.
func isCancel(ctx context.Context, err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, context.Cause(ctx))
}
