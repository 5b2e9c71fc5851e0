package hookstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
)

// Run checks the hooks that newHooks returns. newHooks is called once a subtest
// and must return a fresh value each time, one that vetoes nothing. Run the test
// with -race: the suite calls the moments of different components at the same
// time, as a runner may.
func Run(t *testing.T, newHooks func() hooks.PipelineHooks) {
	t.Helper()
	for _, check := range checks {
		t.Run(check.name, func(t *testing.T) {
			t.Parallel()
			if err := attempt(t.Context(), newHooks(), check.run); err != nil {
				t.Fatal(err)
			}
		})
	}
}

type checkFunc func(ctx context.Context, h hooks.PipelineHooks) error

// checks are functions that return an error, so that the suite itself can be
// tested with hooks that break the contract.
var checks = []struct {
	name string
	run  checkFunc
}{
	{"hears a run that succeeds", checkSuccess},
	{"hears a run that fails", checkFailure},
	{"hears a run that is vetoed before it starts", checkNothingRan},
	{"hears a cancelled run", checkCancelled},
	{"can hear a second run", checkTwice},
	{"hears components at the same time", checkConcurrent},
}

// attempt turns a panic of the hook into an error.
func attempt(ctx context.Context, h hooks.PipelineHooks, check checkFunc) (err error) {
	defer func() {
		if value := recover(); value != nil {
			caught := component.NewPanicError(value)
			err = fmt.Errorf("the hook panicked: %w\n%s", caught, caught.Stack)
		}
	}()
	return check(ctx, h)
}

func checkSuccess(ctx context.Context, h hooks.PipelineHooks) error {
	return play(ctx, h, "run-1", nil, "read", "clean")
}

func checkFailure(ctx context.Context, h hooks.PipelineHooks) error {
	return play(ctx, h, "run-1", errors.New("table or view not found"), "read", "clean")
}

func checkNothingRan(ctx context.Context, h hooks.PipelineHooks) error {
	return play(ctx, h, "run-1", errors.New("vetoed"))
}

func checkCancelled(ctx context.Context, h hooks.PipelineHooks) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return play(ctx, h, "run-1", context.Canceled, "read")
}

func checkTwice(ctx context.Context, h hooks.PipelineHooks) error {
	if err := play(ctx, h, "run-1", nil, "read"); err != nil {
		return err
	}
	return play(ctx, h, "run-2", nil, "read")
}

func checkConcurrent(ctx context.Context, h hooks.PipelineHooks) error {
	ctx, err := start(ctx, h, "run-1", concurrency)
	if err != nil {
		return err
	}
	faults := make([]error, concurrency)
	var group sync.WaitGroup
	for i := range concurrency {
		group.Go(func() {
			faults[i] = attempt(ctx, h, func(ctx context.Context, h hooks.PipelineHooks) error {
				return playComponent(ctx, h, "run-1", fmt.Sprintf("c%d", i), i, concurrency, nil)
			})
		})
	}
	group.Wait()
	end(ctx, h, "run-1", nil, nil)
	return errors.Join(faults...)
}

const concurrency = 8

// play tells the moments of a whole run; failure is the fate of the last
// component.
func play(ctx context.Context, h hooks.PipelineHooks, runID string, failure error, names ...string) error {
	ctx, err := start(ctx, h, runID, len(names))
	if err != nil {
		return err
	}
	var results []component.Result
	for i, name := range names {
		var fate error
		if i == len(names)-1 {
			fate = failure
		}
		if err := playComponent(ctx, h, runID, name, i, len(names), fate); err != nil {
			return err
		}
		results = append(results, resultOf(name, fate))
	}
	results = append(results, component.Result{
		Name: "late", Status: component.StatusSkipped, Reason: `depends on "clean", which failed`,
	})
	end(ctx, h, runID, failure, results)
	return nil
}

type markKey struct{}

// derived checks the context that a before-hook returned.
func derived(given, returned context.Context, err error, method string) (context.Context, error) {
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s vetoed a valid run: %w", method, err)
	case returned == nil:
		return given, nil
	case returned.Value(markKey{}) != given.Value(markKey{}):
		return nil, fmt.Errorf("%s returned a context that is not derived from the one it was given", method)
	}
	return returned, nil
}

func start(ctx context.Context, h hooks.PipelineHooks, runID string, total int) (context.Context, error) {
	ctx = context.WithValue(ctx, markKey{}, "pipeline")
	next, err := h.BeforePipeline(ctx, hooks.PipelineStart{
		Pipeline: "contract", RunID: runID, Total: total, Started: time.Now(),
	})
	return derived(ctx, next, err, "BeforePipeline")
}

func end(ctx context.Context, h hooks.PipelineHooks, runID string, failure error, results []component.Result) {
	e := hooks.PipelineEnd{
		Pipeline: "contract", RunID: runID, Total: len(results), Status: hooks.StatusSucceeded,
		Results: results, Duration: time.Second, Err: failure,
	}
	if failure != nil {
		e.Status = hooks.StatusFailed
	}
	if errors.Is(failure, context.Canceled) {
		e.Status = hooks.StatusInterrupted
	}
	h.AfterPipeline(ctx, e)
}

func resultOf(name string, failure error) component.Result {
	r := component.Result{Name: name, Type: "sql", Status: component.StatusSucceeded, Attempts: 2, Err: failure}
	if failure != nil {
		r.Status = component.StatusFailed
	}
	if errors.Is(failure, context.Canceled) {
		r.Status = component.StatusCancelled
	}
	return r
}

// playComponent tells the moments of a component that is tried twice.
func playComponent(
	ctx context.Context, h hooks.PipelineHooks, runID, name string, index, total int, failure error,
) error {
	ctx = context.WithValue(ctx, markKey{}, name)
	next, err := h.BeforeComponent(ctx, hooks.ComponentStart{
		Pipeline: "contract", RunID: runID, Name: name, Type: "sql", Index: index, Total: total, Attempt: 1,
	})
	ctx, err = derived(ctx, next, err, "BeforeComponent")
	if err != nil {
		return err
	}
	h.OnRetryAttempt(ctx, hooks.RetryAttempt{
		Pipeline: "contract", RunID: runID, Name: name, Type: "sql", Index: index, Total: total,
		Attempt: 1, MaxAttempts: 2, Delay: time.Second, Err: errors.New("unavailable"),
	})
	h.OnCircuitBreakerStateChange(ctx, hooks.BreakerChange{
		Pipeline: "contract", RunID: runID, Name: name, From: "closed", To: "open",
	})
	result := resultOf(name, failure)
	if failure != nil {
		h.OnComponentFailure(ctx, hooks.ComponentFailure{
			Pipeline: "contract", RunID: runID, Name: name, Type: "sql", Index: index, Total: total,
			Attempt: 2, Duration: time.Second, Err: failure, Result: result,
		})
		return nil
	}
	h.AfterComponent(ctx, hooks.ComponentEnd{
		Pipeline: "contract", RunID: runID, Name: name, Type: "sql", Index: index, Total: total,
		Attempt: 2, Duration: time.Second, Result: result,
	})
	return nil
}
