package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/quality"
)

// inspector makes the checks of one run. It is safe for concurrent use.
type inspector struct {
	run      *run
	plan     *Quality
	reporter quality.Reporter
	history  quality.History

	mu      sync.Mutex
	reports []*quality.Report
}

// inspect prepares the checks of the run: who is told, and what they are compared
// with.
func (r *run) inspect() (*inspector, error) {
	in := &inspector{run: r, plan: r.pipeline.Quality}
	if in.plan == nil {
		in.plan = &Quality{}
	}
	reporter, err := in.plan.Reports.Reporter(r.provide, r.log())
	if err != nil {
		return nil, fmt.Errorf("quality.reports: %w", err)
	}
	in.history, err = in.plan.History.History(r.provide, r.runner.now)
	if err != nil {
		return nil, fmt.Errorf("quality.history: %w", err)
	}
	in.reporter = quality.JoinReporters(quality.ReporterFunc(in.keep), reporter, r.runner.quality)
	return in, nil
}

// keep puts a report into the result of the run; of a stream, which has batches
// without end, that on all of them.
func (in *inspector) keep(_ context.Context, report *quality.Report) error {
	if report.Batch != nil && report.Batch.Sum == 0 {
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.reports = append(in.reports, report)
	return nil
}

// all are the reports so far.
func (in *inspector) all() []*quality.Report {
	if in == nil {
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.reports[:len(in.reports):len(in.reports)]
}

// check makes the checks of a moment; name is the component, or empty. All of them
// are made, whatever the first ones say.
func (in *inspector) check(ctx context.Context, moment quality.Moment, name string) error {
	groups := quality.GroupMoments(in.plan.Checks, moment, name)
	if len(groups) == 0 {
		return nil
	}
	spark, err := in.run.provide(ctx)
	if err != nil {
		return &SessionError{Op: "open", Component: name, Err: err}
	}
	ctx = withTags(ctx, in.run.result.RunID, name)
	var faults []error
	for _, group := range groups {
		_, err := quality.CheckRows(ctx, spark, group.Suite, group.Subject, &quality.CheckOptions{
			Pipeline: in.run.result.Pipeline, RunID: in.run.result.RunID, Component: name,
			Moment: moment, Reporter: in.reporter, History: in.history, Warn: in.warn, Now: in.run.runner.now,
		})
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", group.Subject, spark.Error(ctx, err)))
		}
	}
	return in.run.vault.hide(errors.Join(faults...))
}

// warn tells that a report could not be written, which changes nothing else.
func (in *inspector) warn(err error) { in.run.logWarning(err) }

// gates puts what stands before the end of the step's rows into its runtime, for
// one attempt. What it returns is asked when the attempt has succeeded.
func (in *inspector) gates(rt component.Runtime, step *Step) (component.Runtime, func() error, error) {
	asked := func() error { return nil }
	if contract, ok := step.contract(in.run.pipeline); ok {
		rt = withContract(rt, step, contract)
	}
	if step.Quality == nil {
		return rt, asked, nil
	}
	if isStream(step.Component) {
		return in.streamGate(rt, step)
	}
	opts := quality.GateOptions{}
	if step.Quality.Options != nil {
		opts = *step.Quality.Options
	}
	opts.Reporter = quality.JoinReporters(in.reporter, opts.Reporter)
	if opts.History == nil {
		opts.History = in.history
	}
	if opts.Warn == nil {
		opts.Warn = in.warn
	}
	gate, err := quality.NewGate(step.Quality.Suite, &opts)
	if err != nil {
		return rt, nil, fmt.Errorf("quality: %w", err)
	}
	return dataflow.WithGate(rt, gate), func() error {
		if gate.Passed() {
			return nil
		}
		return fmt.Errorf("%w: the component has handed no rows to them; check what it makes by quality.checks at the root of the file, with component_name: %s", ErrNotChecked, step.Name)
	}, nil
}

// ErrNotChecked is the error of a component whose rows should have been checked and
// were not, because its type knows nothing of checks.
var ErrNotChecked = errors.New("the quality checks were not made")

// before makes the checks before a component and holds what it reads against its
// contract.
func (in *inspector) before(ctx context.Context, step *Step) error {
	if err := in.check(ctx, quality.MomentBeforeComponent, step.Name); err != nil {
		return err
	}
	contract, ok := step.contract(in.run.pipeline)
	if !ok || len(contract.Inputs) == 0 {
		return nil
	}
	spark, err := in.run.provide(ctx)
	if err != nil {
		return &SessionError{Op: "open", Component: step.Name, Err: err}
	}
	rt := in.run.runtime(step, 0)
	return spark.Error(ctx, contract.CheckInputs(ctx, spark, rt))
}

// end makes the checks after the pipeline, unless it has failed and nobody wants
// them then.
func (in *inspector) end(ctx context.Context) error {
	failed := len(in.run.errs) > 0 || ctx.Err() != nil
	if failed && !in.plan.AfterFailedRun {
		if left := len(quality.GroupMoments(in.plan.Checks, quality.MomentAfterPipeline, "")); left > 0 {
			in.run.log().Info("the checks after the pipeline are left out, because the run has failed", zap.Int("subjects", left))
		}
		return nil
	}
	if err := in.check(alive(ctx), quality.MomentAfterPipeline, ""); err != nil {
		return fmt.Errorf("after the pipeline: %w", err)
	}
	return nil
}
