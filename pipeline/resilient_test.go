package pipeline_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// passing is an error that goes away by itself.
var errPassing = &component.SparkError{Code: "Unavailable", Message: "the server is busy"}

// flaky returns a step that fails so often before it succeeds.
func flaky(name string, failures int, err error, config resilience.Config) (pipeline.Step, *[]int) {
	var attempts []int
	step := does(name, func(_ context.Context, rt component.Runtime) error {
		attempts = append(attempts, rt.Attempt)
		if len(attempts) <= failures {
			return err
		}
		return nil
	})
	step.Resilience = config
	return step, &attempts
}

func retries(n int) resilience.Config {
	return resilience.Config{Retry: &resilience.RetryConfig{MaxAttempts: n, Jitter: resilience.JitterNone}}
}

// moments writes down what it hears between the ends of components.
func moments(out *[]string) hooks.PipelineHooks {
	return hooks.Funcs{
		OnRetryAttemptFunc: func(_ context.Context, e hooks.RetryAttempt) {
			*out = append(*out, fmt.Sprintf("%s %d/%d wait %s: %v", e.Name, e.Attempt, e.MaxAttempts, e.Delay, e.Err))
		},
		OnCircuitBreakerStateChangeFunc: func(_ context.Context, e hooks.BreakerChange) {
			*out = append(*out, fmt.Sprintf("%s: breaker %s %s -> %s", e.Name, e.Breaker, e.From, e.To))
		},
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		step, attempts := flaky("a", 2, errPassing, retries(3))
		var heard []string
		runner := newRunner(t, pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{moments(&heard)}})
		result, err := runner.Run(t.Context(), newPipeline(t, step))
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 3}, *attempts)
		require.Equal(t, 3, result.Components[0].Attempts)
		require.Equal(t, 3*time.Second, result.Duration, "waits of 1 s and 2 s")
		require.Equal(t, []string{
			"a 1/3 wait 1s: [Unavailable] the server is busy", "a 2/3 wait 2s: [Unavailable] the server is busy",
		}, heard)
	})
}

func TestRetryThatIsUsedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		step, _ := flaky("a", 9, errPassing, retries(3))
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), newPipeline(t, step))
		require.ErrorIs(t, err, resilience.ErrExhausted)
		var spark *component.SparkError
		require.ErrorAs(t, err, &spark)
		require.Equal(t, 3, result.Components[0].Attempts)
		require.Equal(t, component.StatusFailed, result.Components[0].Status)
	})
}

// TestOnlyWhatMayPassIsTriedAgain has errors that no second attempt mends.
func TestOnlyWhatMayPassIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"syntax":            &component.SparkError{Code: "Internal", Class: "PARSE_SYNTAX_ERROR", SQLState: "42601"},
		"an unknown write":  fmt.Errorf("write: %w", dataflow.ErrOutcomeUnknown),
		"a lost session":    fmt.Errorf("%w: %w", dataflow.ErrSessionLost, errPassing),
		"marked by someone": resilience.Permanent(errBroken),
	} {
		synctest.Test(t, func(t *testing.T) {
			step, attempts := flaky("a", 9, err, retries(5))
			_, got := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), newPipeline(t, step))
			require.ErrorIs(t, got, err, name)
			require.Equal(t, []int{1}, *attempts, name)
		})
	}
}

func TestRetryOfAnUnknownWriteOnRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		step, attempts := flaky("a", 1, fmt.Errorf("%w: %w", dataflow.ErrOutcomeUnknown, errPassing), retries(2))
		step.RetryUnsafe = true
		_, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), newPipeline(t, step))
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, *attempts)
	})
}

// TestEachAttemptIsWhole opens and closes the component for each.
func TestEachAttemptIsWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &lifecycle{failures: 1}
		p := newPipeline(t, pipeline.Step{Name: "a", Component: c, Resilience: retries(2)})
		_, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, []string{"open", "run", "close", "open", "run", "close"}, c.calls)
	})
}

type lifecycle struct {
	failures int
	calls    []string
}

func (l *lifecycle) Name() string { return "lifecycle" }

func (l *lifecycle) Open(context.Context, component.Runtime) error {
	l.calls = append(l.calls, "open")
	return nil
}

func (l *lifecycle) Close(context.Context) error { l.calls = append(l.calls, "close"); return nil }

func (l *lifecycle) Run(context.Context, component.Runtime) error {
	l.calls = append(l.calls, "run")
	if l.failures--; l.failures >= 0 {
		return errPassing
	}
	return nil
}

// TestBreakerLivesFromRunToRun opens in one run and refuses in the next.
func TestBreakerLivesFromRunToRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := resilience.Config{Breaker: &resilience.BreakerConfig{Name: "db", FailureThreshold: 2, SuccessThreshold: 1, Timeout: time.Minute}}
		first, attempts := flaky("first", 2, errPassing, config)
		second, others := flaky("second", 0, nil, config)
		p := newPipeline(t, first, second)
		p.FailFast = false
		var heard []string
		runner := newRunner(t, pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{moments(&heard)}})

		result, err := runner.Run(t.Context(), p)
		require.ErrorIs(t, err, errPassing)
		require.Equal(t, []string{"first failed: ", "second succeeded: "}, statuses(result), "a success in between")
		p.Steps = p.Steps[:1]
		for range 2 {
			_, err = runner.Run(t.Context(), p)
		}
		require.NoError(t, err, "failed twice, but not in a row")

		*attempts = nil
		_, _ = runner.Run(t.Context(), p)
		_, _ = runner.Run(t.Context(), p)
		result, err = runner.Run(t.Context(), p)
		require.ErrorIs(t, err, resilience.ErrOpen)
		require.Zero(t, result.Components[0].Attempts, "refused at the door")
		require.Len(t, *attempts, 2)
		require.Equal(t, []string{"first: breaker db closed -> open"}, heard)

		time.Sleep(time.Minute)
		p.Steps = append(p.Steps, second)
		*others = nil
		result, err = runner.Run(t.Context(), p)
		require.NoError(t, err)
		require.Len(t, result.Succeeded(), 2)
		require.Equal(t, []string{"first: breaker db closed -> open", "first: breaker db open -> half-open", "first: breaker db half-open -> closed"}, heard)
	})
}

func TestTimeoutIsOfAllAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		step, attempts := flaky("a", 99, errPassing, retries(99))
		step.Timeout = 10 * time.Second
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), newPipeline(t, step))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errPassing, "and why it was tried again")
		require.Equal(t, 10*time.Second, result.Duration)
		require.Equal(t, []int{1, 2, 3, 4}, *attempts)
	})
}

func TestInterruptionEndsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		step, _ := flaky("a", 99, errPassing, retries(99))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(500*time.Millisecond, cancel)
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(ctx, newPipeline(t, step))
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, pipeline.StatusInterrupted, result.Status)
		require.Equal(t, 500*time.Millisecond, result.Duration)
	})
}

func TestResilienceFaults(t *testing.T) {
	t.Parallel()
	_, err := pipeline.New("p",
		pipeline.Step{Name: "a", Component: component.Func("a", nil), Resilience: resilience.Config{
			Retry: &resilience.RetryConfig{Multiplier: 0.5}, Breaker: &resilience.BreakerConfig{Name: "db"},
		}},
		pipeline.Step{Name: "b", Component: component.Func("b", nil), Resilience: resilience.Config{
			Preset: "heroic", Breaker: &resilience.BreakerConfig{Name: "db", FailureThreshold: 9},
		}},
	)
	require.ErrorContains(t, err, `component "a": backoff_multiplier: 0.5 is not a number of at least 1`)
	require.ErrorContains(t, err, `component "b": preset: "heroic" is not known`)
	require.ErrorContains(t, err, `component "b": circuit breaker "db": the circuit breaker has other settings`)
}
