package pipeline

import (
	"context"
	"errors"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// try runs the attempts of a step under its policy: Retry(Breaker(attempt)).
func (r *run) try(ctx context.Context, step *Step, index int, out *outcome) error {
	settings := step.Resilience.WithDefaults()
	trial := &trial{run: r, step: step, index: out.step}
	attempt := func(ctx context.Context) (struct{}, error) {
		return struct{}{}, trial.next(ctx, out)
	}
	if settings.Retry == nil && settings.Breaker == nil {
		_, err := attempt(ctx)
		return err
	}
	policy := resilience.Policy{
		Retry: settings.Retry, Unsafe: beyondAsking, RetryUnsafe: step.RetryUnsafe || r.again[out.step], NeverRetryIf: hopeless,
		OnRetry: func(ctx context.Context, a resilience.Attempt) {
			r.runner.hooks.OnRetryAttempt(ctx, hooks.RetryAttempt{
				Pipeline: r.result.Pipeline, RunID: r.result.RunID, Name: step.Name, Type: step.Type,
				Index: index, Total: r.total, Attempt: a.Number, MaxAttempts: a.Max, Delay: a.Delay, Err: a.Err,
			})
		},
	}
	if settings.Breaker != nil {
		breaker, err := r.runner.breakers.Breaker(step.breakerName(r.pipeline.Name), *settings.Breaker)
		if err != nil {
			return err
		}
		defer breaker.OnChange(func(c resilience.Change) {
			r.runner.hooks.OnCircuitBreakerStateChange(ctx, hooks.BreakerChange{
				Pipeline: r.result.Pipeline, RunID: r.result.RunID, Name: step.Name, Breaker: c.Name,
				From: string(c.From), To: string(c.To),
			})
		})()
		policy.Breaker = breaker
	}
	_, err := resilience.Do(ctx, policy, attempt)
	return err
}

// outcomeUnknown reports whether a write may have happened.
func outcomeUnknown(err error) bool { return errors.Is(err, dataflow.ErrOutcomeUnknown) }

// sessionLost reports whether the session of the run is gone, and with it the
// views that other components have made: no attempt on it can succeed.
func sessionLost(err error) bool { return errors.Is(err, dataflow.ErrSessionLost) }

// cancelledOnServer reports whether an operation was ended on the server by
// somebody else than its own context.
func cancelledOnServer(err error) bool {
	var spark *component.SparkError
	return errors.As(err, &spark) && spark.Class == "OPERATION_CANCELED" &&
		!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// hopeless reports whether no further attempt can succeed.
func hopeless(err error) bool { return sessionLost(err) || cancelledOnServer(err) }

// breakerName is the name that the settings give, or one that no other step of
// any pipeline has.
func (s *Step) breakerName(pipeline string) string {
	if b := s.Resilience.WithDefaults().Breaker; b != nil && b.Name != "" {
		return b.Name
	}
	return pipeline + "/" + s.Name
}

// resilienceFaults are the faults of the policies of the steps, also where two
// name the same circuit breaker and mean different ones.
func (p *Pipeline) resilienceFaults() []error {
	breakers := resilience.NewBreakers(nil)
	var faults []error
	for i := range p.Steps {
		step := &p.Steps[i]
		if step.Disabled {
			continue
		}
		settings := step.Resilience.WithDefaults()
		errs := split(step.Resilience.Validate())
		if settings.Retry != nil {
			errs = append(errs, split(settings.Retry.Validate())...)
		}
		if settings.Breaker != nil {
			_, err := breakers.Breaker(step.breakerName(p.Name), *settings.Breaker)
			errs = append(errs, split(err)...)
		}
		for _, err := range errs {
			faults = append(faults, &component.ConfigError{Component: step.Name, Type: step.Type, Err: err})
		}
	}
	return faults
}
