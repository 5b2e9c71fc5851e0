package pipeline

import (
	"context"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// beginAttempt tells the hooks of the beginning of an attempt. It returns the
// context of the attempt and what tells them its end. When no hook wants to hear
// it costs nothing.
func (r *run) beginAttempt(ctx context.Context, step *Step, attempt int) (context.Context, func(error)) {
	observer, ok := r.runner.hooks.(hooks.AttemptObserver)
	if !ok || !hooks.ObservesAttempts(r.runner.hooks) {
		return ctx, func(error) {}
	}
	start := hooks.AttemptStart{
		Pipeline: r.result.Pipeline, RunID: r.result.RunID, Name: step.Name, Type: step.Type,
		Attempt: attempt, Started: r.runner.now(),
	}
	ctx = observer.BeforeAttempt(ctx, start)
	return ctx, func(err error) {
		observer.AfterAttempt(alive(ctx), hooks.AttemptEnd{
			AttemptStart: start, Duration: r.runner.now().Sub(start.Started), Err: err,
		})
	}
}
