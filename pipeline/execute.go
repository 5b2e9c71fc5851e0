package pipeline

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/quality"
)

// execute runs one component between its hooks and fills its outcome.
func (r *run) execute(ctx context.Context, index int, out *outcome) {
	step, result := r.step(out.step), &out.result
	inner, err := r.runner.hooks.BeforeComponent(withTags(ctx, r.result.RunID, step.Name), hooks.ComponentStart{
		Pipeline: r.result.Pipeline, RunID: r.result.RunID, Name: step.Name, Type: step.Type,
		Index: index, Total: r.total, Attempt: 1,
	})
	if err == nil && ctx.Err() != nil {
		err = interrupted(ctx)
	}
	if err == nil {
		result.Started = r.runner.now()
		inner, err = r.starts(inner, out.step, result.Started)
	}
	if err == nil {
		limited, cancel := limited(inner, step.Name, step.Timeout)
		err = ranOut(limited, step.Name, r.checked(limited, step, index, out))
		cancel()
		result.Duration = r.runner.now().Sub(result.Started)
	}
	r.judge(ctx, err, result)
	r.ends(inner, out)
	r.tellComponentEnd(alive(inner), index, result)
}

// checked makes the attempts of a component between the checks before and after it.
func (r *run) checked(ctx context.Context, step *Step, index int, out *outcome) error {
	if err := r.inspector.before(ctx, step); err != nil {
		return err
	}
	if err := r.try(ctx, step, index, out); err != nil {
		return err
	}
	return r.inspector.check(ctx, quality.MomentAfterComponent, step.Name)
}

// judge turns the error of a component into its status.
func (r *run) judge(ctx context.Context, err error, result *component.Result) {
	result.Err = err
	if err == nil {
		result.Status = component.StatusSucceeded
		return
	}
	result.Status = component.StatusFailed
	if ctx.Err() != nil && isCancel(ctx, err) || cancelledOnServer(err) {
		result.Status = component.StatusCancelled
	}
}

func (r *run) tellComponentEnd(ctx context.Context, index int, result *component.Result) {
	if result.Err == nil {
		r.runner.hooks.AfterComponent(ctx, hooks.ComponentEnd{
			Pipeline: r.result.Pipeline, RunID: r.result.RunID, Name: result.Name, Type: result.Type,
			Index: index, Total: r.total, Attempt: result.Attempts, Duration: result.Duration, Result: *result,
		})
		return
	}
	r.runner.hooks.OnComponentFailure(ctx, hooks.ComponentFailure{
		Pipeline: r.result.Pipeline, RunID: r.result.RunID, Name: result.Name, Type: result.Type,
		Index: index, Total: r.total, Attempt: result.Attempts, Duration: result.Duration,
		Err: result.Err, Result: *result,
	})
}

// runtime is what the component gets.
func (r *run) runtime(step *Step, attempt int) component.Runtime {
	rt := component.Runtime{
		Pipeline: r.result.Pipeline, Component: step.Name, RunID: r.result.RunID, Attempt: attempt,
	}
	rt = rt.WithLogger(r.runner.logger.WithLazy(zap.String("run_id", r.result.RunID),
		zap.String("pipeline", r.result.Pipeline), zap.String("component", step.Name)))
	return dataflow.WithSession(rt.WithOutput(r.runner.output), r.provide)
}

// attempt opens, runs and closes a component. A fault of closing is part of the
// error when the run failed, and a warning when it succeeded: what the component
// was there for is done, and running it again could do it twice.
func (r *run) attempt(ctx context.Context, step *Step, out *outcome) (err error) {
	rt, passed, err := r.inspector.gates(r.runtime(step, out.result.Attempts), step)
	if err != nil {
		return err
	}
	ctx, ended := r.beginAttempt(ctx, step, out.result.Attempts)
	defer func() {
		err = r.vault.hide(err)
		ended(err)
	}()
	if step.Remake != nil && out.result.Attempts > 1 {
		renewed := *step
		if err := renewed.renew(ctx, r.vault); err != nil {
			return err
		}
		step = &renewed
	}
	ctx = r.withOperations(ctx, step)
	ctx, told := r.withProgress(ctx, step, out.result.Attempts)
	defer told()
	if closer, ok := step.Component.(component.Closer); ok {
		defer func() {
			fault := r.vault.hide(r.close(ctx, closer))
			switch {
			case fault == nil:
			case err == nil:
				warning := &ComponentError{Component: step.Name, Type: step.Type, Err: fmt.Errorf("close: %w", fault)}
				r.logWarning(warning)
				out.warnings = append(out.warnings, warning)
			default:
				err = fmt.Errorf("%w; close: %w", err, fault)
			}
		}()
	}
	if opener, ok := step.Component.(component.Opener); ok {
		if err := guard(func() error { return opener.Open(ctx, rt) }); err != nil {
			return fmt.Errorf("open: %w", err)
		}
	}
	if err := guard(func() error { return step.Component.Run(ctx, rt) }); err != nil {
		return err
	}
	return passed()
}

func (r *run) close(ctx context.Context, closer component.Closer) error {
	ctx, cancel := closing(ctx)
	defer cancel()
	return guard(func() error { return closer.Close(ctx) })
}
