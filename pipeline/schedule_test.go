package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// sleeps returns a step that works for a while and stops when it is told to.
func sleeps(name string, d time.Duration, deps ...string) pipeline.Step {
	return does(name, func(ctx context.Context, _ component.Runtime) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}, deps...)
}

func TestComponentsRunAtTheSameTime(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]time.Duration{0: 10 * time.Second, 1: 10 * time.Second, 3: 4 * time.Second, 10: time.Second, 99: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			var steps []pipeline.Step
			var names []string
			for i := range 10 {
				steps = append(steps, sleeps(fmt.Sprintf("c%d", i), time.Second))
				names = append(names, fmt.Sprintf("c%d", i))
			}
			p := newPipeline(t, steps...)
			p.MaxParallel = limit
			result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
			require.NoError(t, err)
			require.Equal(t, want, result.Duration, "at most %d at a time", limit)
			require.Equal(t, names, namesOf(result), "in the order of the declaration")
		})
	}
}

func namesOf(result *pipeline.Result) []string {
	var names []string
	for i := range result.Components {
		names = append(names, result.Components[i].Name)
	}
	return names
}

// TestStartAsSoonAsPossible has a short and a long branch that meet.
func TestStartAsSoonAsPossible(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPipeline(t,
			sleeps("long", 5*time.Second),
			sleeps("short", time.Second),
			sleeps("after short", time.Second, "short"),
			sleeps("last", time.Second, "long", "after short"),
		)
		p.MaxParallel = 2
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, 6*time.Second, result.Duration)
		began := map[string]time.Duration{}
		for _, c := range result.Components {
			began[c.Name] = c.Started.Sub(result.Started)
		}
		require.Equal(t, map[string]time.Duration{"long": 0, "short": 0, "after short": time.Second, "last": 5 * time.Second}, began)
	})
}

func TestFailFastStopsWhatRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPipeline(t,
			sleeps("long", time.Hour),
			does("broken", func(context.Context, component.Runtime) error { time.Sleep(time.Second); return errBroken }),
			works("never"),
			works("behind long", "long"),
		)
		p.MaxParallel = 2
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
		require.Equal(t, time.Second, result.Duration)
		require.ErrorIs(t, err, errBroken)
		require.Equal(t, "pipeline \"p\" failed: component \"broken\": broken", err.Error(), "what was stopped is no cause")
		require.Equal(t, pipeline.StatusFailed, result.Status)
		require.Equal(t, []string{
			"long cancelled: ", "broken failed: ", `never skipped: the run stopped after "broken" failed`,
			`behind long skipped: the run stopped after "broken" failed`,
		}, statuses(result))
		stopped, _ := result.Component("long")
		require.EqualError(t, stopped.Err, `the run stopped after "broken" failed`)
		require.ErrorIs(t, stopped.Err, context.Canceled)
	})
}

func statuses(result *pipeline.Result) []string {
	var out []string
	for _, c := range result.Components {
		out = append(out, fmt.Sprintf("%s %s: %s", c.Name, c.Status, c.Reason))
	}
	return out
}

func TestWithoutFailFastTheRestGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPipeline(t, breaks("a"), sleeps("b", time.Second), works("behind a", "a"), works("behind both", "behind a", "b"), works("behind b", "b"))
		p.MaxParallel, p.FailFast = 8, false
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
		require.ErrorIs(t, err, errBroken)
		require.Equal(t, pipeline.StatusPartlyFailed, result.Status)
		require.Equal(t, []string{
			"a failed: ", "b succeeded: ", `behind a skipped: depends on "a", which failed`, "behind b succeeded: ",
			`behind both skipped: depends on "behind a", which was skipped because "a" failed`,
		}, statuses(result))
	})
}

func TestInterruptionStopsAllThatRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPipeline(t, sleeps("a", time.Hour), sleeps("b", time.Hour), works("c", "a"))
		p.MaxParallel = 2
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New("enough")) })
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(ctx, p)
		require.ErrorContains(t, err, "enough")
		require.Equal(t, pipeline.StatusInterrupted, result.Status)
		require.Equal(t, []string{"a cancelled: ", "b cancelled: ", "c cancelled: the run was interrupted: enough"}, statuses(result))
	})
}

func TestTimeoutOfAComponent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := sleeps("slow", time.Hour)
		slow.Timeout = time.Minute
		quick := sleeps("quick", time.Second)
		quick.Timeout = time.Minute
		p := newPipeline(t, slow, quick)
		p.FailFast = false
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
		require.EqualError(t, err, `pipeline "p" partly failed: component "slow": took longer than its timeout of 1m0s`)
		var timeout *pipeline.TimeoutError
		require.ErrorAs(t, err, &timeout)
		require.Equal(t, "slow", timeout.Component)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 61*time.Second, result.Duration)
		require.Equal(t, []string{"slow failed: ", "quick succeeded: "}, statuses(result))
	})
}

func TestTimeoutKeepsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		step := does("a", func(ctx context.Context, _ component.Runtime) error {
			<-ctx.Done()
			return fmt.Errorf("%w: %w", errBroken, ctx.Err())
		})
		step.Timeout = time.Second
		_, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), newPipeline(t, step))
		require.ErrorIs(t, err, errBroken)

		step = does("a", func(ctx context.Context, _ component.Runtime) error { <-ctx.Done(); return errBroken })
		step.Timeout = time.Second
		_, err = newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), newPipeline(t, step))
		require.EqualError(t, err, `pipeline "p" failed: component "a": broken`)
	})
}

func TestTimeoutOfTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPipeline(t, sleeps("a", time.Second), sleeps("b", time.Hour, "a"), works("c", "b"))
		p.Timeout = time.Minute
		result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
		require.ErrorContains(t, err, "pipeline \"p\" failed: the run took longer than its timeout of 1m0s")
		require.Equal(t, pipeline.StatusFailed, result.Status)
		require.Equal(t, []string{"a succeeded: ", "b cancelled: ", "c cancelled: the run took longer than its timeout of 1m0s"}, statuses(result))

		p.Timeout = 2 * time.Hour
		_, err = newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
		require.NoError(t, err)
	})
}

// TestMomentsOfComponentsDoNotOverlap watches random graphs: the dependencies of
// a component have ended before it starts, no more run than may, its own moments
// come one after the other, and the results stand in the order of one at a time.
func TestMomentsOfComponentsDoNotOverlap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test that can be repeated
			p := randomPipeline(t, random)
			alone, _ := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
			p.MaxParallel = 2 + random.IntN(4)
			watch := &overlaps{t: t, limit: p.MaxParallel, ended: map[string]bool{}, deps: map[string][]string{}}
			for _, s := range p.Steps {
				watch.deps[s.Name] = s.DependsOn
			}
			result, _ := newRunner(t, pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{watch}}).Run(t.Context(), p)
			require.Equal(t, namesOf(alone), namesOf(result))
			require.Equal(t, statuses(alone), statuses(result))
			require.LessOrEqual(t, result.Duration, alone.Duration)
			require.Zero(t, watch.running)
		})
	}
}

func randomPipeline(t *testing.T, random *rand.Rand) *pipeline.Pipeline {
	t.Helper()
	var steps []pipeline.Step
	for i := range 1 + random.IntN(20) {
		step := sleeps(fmt.Sprintf("c%d", i), time.Duration(random.IntN(1000))*time.Millisecond)
		switch random.IntN(8) {
		case 0:
			step = breaks(step.Name)
		case 1:
			step = off(step)
		}
		for range random.IntN(3) {
			if i > 0 {
				step.DependsOn = append(step.DependsOn, fmt.Sprintf("c%d", random.IntN(i)))
			}
		}
		steps = append(steps, step)
	}
	random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	p := newPipeline(t, steps...)
	p.FailFast = false
	return p
}

type overlaps struct {
	hooks.Base
	t       *testing.T
	limit   int
	deps    map[string][]string
	mu      sync.Mutex
	running int
	ended   map[string]bool
}

func (o *overlaps) BeforeComponent(ctx context.Context, e hooks.ComponentStart) (context.Context, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running++
	require.LessOrEqual(o.t, o.running, o.limit)
	for _, dep := range o.deps[e.Name] {
		require.True(o.t, o.ended[dep], "%s starts before %s has ended", e.Name, dep)
	}
	return ctx, nil
}

func (o *overlaps) AfterComponent(_ context.Context, e hooks.ComponentEnd)         { o.end(e.Name) }
func (o *overlaps) OnComponentFailure(_ context.Context, e hooks.ComponentFailure) { o.end(e.Name) }

func (o *overlaps) end(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running--
	require.False(o.t, o.ended[name])
	o.ended[name] = true
}
