package resilience_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/resilience"
)

func fail(context.Context) error    { return errPlain }
func succeed(context.Context) error { return nil }

func breaker(t *testing.T, c resilience.BreakerConfig) *resilience.Breaker {
	t.Helper()
	b, err := resilience.NewBreaker("b", c, nil)
	require.NoError(t, err)
	return b
}

func TestBreakerConfig(t *testing.T) {
	t.Parallel()
	require.Equal(t, resilience.BreakerConfig{FailureThreshold: 5, SuccessThreshold: 2, Timeout: time.Minute, HalfOpenMaxCalls: 1},
		resilience.BreakerConfig{}.WithDefaults())
	require.NoError(t, resilience.BreakerConfig{}.Validate())
	for want, c := range map[string]resilience.BreakerConfig{
		`preset: "x" is not known; known are default, sensitive, resilient`: {Preset: "x"},
		"failure_threshold: -1 is not between 1 and 1000000":                {FailureThreshold: -1},
		"success_threshold: 1000001 is not between 1 and 1000000":           {SuccessThreshold: 1000001},
		"half_open_max_calls: -2 is not between 1 and 1000000":              {HalfOpenMaxCalls: -2},
		"timeout_seconds: 1ns is below 1ms":                                 {Timeout: 1},
	} {
		require.EqualError(t, c.Validate(), want)
		_, err := resilience.NewBreaker("b", c, nil)
		require.EqualError(t, err, `circuit breaker "b": `+want)
	}
	b := breaker(t, resilience.BreakerConfig{Preset: "sensitive", SuccessThreshold: 7})
	require.Equal(t, "b", b.Name())
	require.Equal(t, 3, b.Config().FailureThreshold)
	require.Equal(t, 7, b.Config().SuccessThreshold)
	require.EqualError(t, b.Do(t.Context(), nil), "there is no function to call")
}

func TestBreakerGoesAround(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The defaults: one place and two successes.
		b := breaker(t, resilience.BreakerConfig{})
		var changes []resilience.Change
		remove := b.OnChange(func(c resilience.Change) { changes = append(changes, c) })
		for range 4 {
			require.ErrorIs(t, b.Do(t.Context(), fail), errPlain)
		}
		require.NoError(t, b.Do(t.Context(), succeed), "a success forgets the failures")
		for range 5 {
			require.Equal(t, resilience.StateClosed, b.State())
			require.ErrorIs(t, b.Do(t.Context(), fail), errPlain)
		}
		opened := time.Now()
		time.Sleep(time.Minute - 1)
		var open *resilience.OpenError
		require.ErrorAs(t, b.Do(t.Context(), fail), &open)
		require.Equal(t, &resilience.OpenError{Name: "b", State: resilience.StateOpen, After: 1}, open)
		time.Sleep(time.Nanosecond)
		require.ErrorIs(t, b.Do(t.Context(), fail), errPlain, "exactly when it said")
		time.Sleep(time.Minute)
		require.Equal(t, resilience.StateHalfOpen, b.State())
		require.NoError(t, b.Do(t.Context(), succeed))
		require.Equal(t, resilience.StateHalfOpen, b.State())
		require.NoError(t, b.Do(t.Context(), succeed), "the place was given back")
		require.Equal(t, resilience.StateClosed, b.State())

		const closed, opn, half = resilience.StateClosed, resilience.StateOpen, resilience.StateHalfOpen
		require.Equal(t, []resilience.Change{
			{Name: "b", From: closed, To: opn, At: opened},
			{Name: "b", From: opn, To: half, At: opened.Add(time.Minute)},
			{Name: "b", From: half, To: opn, At: opened.Add(time.Minute)},
			{Name: "b", From: opn, To: half, At: opened.Add(2 * time.Minute)},
			{Name: "b", From: half, To: closed, At: opened.Add(2 * time.Minute)},
		}, changes)
		remove()
		remove()
		for range 5 {
			require.Error(t, b.Do(t.Context(), fail))
		}
		require.Len(t, changes, 5)
		b.Reset()
		require.Equal(t, closed, b.State())
		require.NoError(t, b.Do(t.Context(), succeed))
	})
}

func TestWhatIsNoFailure(t *testing.T) {
	t.Parallel()
	b := breaker(t, resilience.BreakerConfig{FailureThreshold: 1})
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Do(ctx, func(context.Context) error { cancel(); return errPlain })
	require.ErrorIs(t, err, errPlain)
	require.Error(t, b.Do(t.Context(), func(context.Context) error { return spark("", "42601", "") }))
	require.Error(t, b.Do(t.Context(), func(context.Context) error { return resilience.Permanent(errPlain) }))
	require.Error(t, b.Do(t.Context(), func(context.Context) error { return context.Canceled }))
	require.PanicsWithValue(t, "boom", func() { _ = b.Do(t.Context(), func(context.Context) error { panic("boom") }) })
	require.Equal(t, resilience.Snapshot{Name: "b", State: resilience.StateClosed}, b.Snapshot())

	late, cancel := context.WithTimeout(t.Context(), -1)
	defer cancel()
	_, err = resilience.Do(late, resilience.Policy{Breaker: b}, func(context.Context) (int, error) { return 0, nil })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, resilience.StateClosed, b.State(), "it was not called")
	require.Error(t, b.Do(t.Context(), func(context.Context) error { return context.DeadlineExceeded }))
	require.Equal(t, resilience.StateOpen, b.State())

	mine, err := resilience.NewBreaker("b", resilience.BreakerConfig{FailureThreshold: 1},
		&resilience.BreakerOptions{IsFailure: func(err error) bool { return !errors.Is(err, errPlain) }})
	require.NoError(t, err)
	require.Error(t, mine.Do(t.Context(), fail))
	require.Equal(t, resilience.StateClosed, mine.State())
	require.Error(t, mine.Do(t.Context(), func(context.Context) error { return resilience.Permanent(errors.New("other")) }))
	require.Equal(t, resilience.StateOpen, mine.State())
}

// However a probe ends, its place is free again.
func TestProbesCannotWedge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker(t, resilience.BreakerConfig{FailureThreshold: 1, Timeout: time.Second})
		require.Error(t, b.Do(t.Context(), fail))
		time.Sleep(time.Second)
		for range 100 {
			require.Error(t, b.Do(t.Context(), func(context.Context) error { return resilience.Permanent(errPlain) }))
			require.Panics(t, func() { _ = b.Do(t.Context(), func(context.Context) error { panic("boom") }) })
			var wg sync.WaitGroup
			wg.Go(func() { _ = b.Do(t.Context(), func(context.Context) error { runtime.Goexit(); return nil }) })
			wg.Wait()
		}
		require.Equal(t, resilience.StateHalfOpen, b.State())
		require.NoError(t, b.Do(t.Context(), succeed))
		require.NoError(t, b.Do(t.Context(), succeed))
		require.Equal(t, resilience.StateClosed, b.State())
	})
}

func TestHalfOpenLetsExactlyNThrough(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3, 10} {
		synctest.Test(t, func(t *testing.T) {
			b := breaker(t, resilience.BreakerConfig{FailureThreshold: 1, SuccessThreshold: 2, HalfOpenMaxCalls: n, Timeout: time.Second})
			require.Error(t, b.Do(t.Context(), fail))
			time.Sleep(time.Second)
			var inside, refused atomic.Int32
			release := make(chan struct{})
			for range 64 {
				go func() {
					err := b.Do(t.Context(), func(context.Context) error {
						inside.Add(1)
						<-release
						return nil
					})
					if errors.Is(err, resilience.ErrOpen) {
						refused.Add(1)
					}
				}()
			}
			synctest.Wait()
			require.EqualValues(t, n, inside.Load())
			require.EqualValues(t, 64-n, refused.Load())
			close(release)
			synctest.Wait()
			if n > 1 {
				require.Equal(t, resilience.StateClosed, b.State())
			}
		})
	}
}

func TestLateResultsAreIgnored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker(t, resilience.BreakerConfig{FailureThreshold: 1, SuccessThreshold: 1, Timeout: time.Second})
		release := make(chan struct{})
		go func() { _ = b.Do(t.Context(), func(context.Context) error { <-release; return errPlain }) }()
		synctest.Wait()
		require.Error(t, b.Do(t.Context(), fail))
		time.Sleep(time.Second)
		require.NoError(t, b.Do(t.Context(), succeed))
		close(release)
		synctest.Wait()
		require.Equal(t, resilience.StateClosed, b.State())
	})
}

func TestListeners(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.ErrorLevel)
	var b *resilience.Breaker
	var heard []resilience.State
	b, err := resilience.NewBreaker("b", resilience.BreakerConfig{FailureThreshold: 1}, &resilience.BreakerOptions{
		Logger: zap.New(core),
		OnChange: func(c resilience.Change) {
			// No lock is held, and a change made here is heard after this one.
			heard = append(heard, b.State(), c.To)
			b.Reset()
		},
	})
	require.NoError(t, err)
	b.OnChange(func(resilience.Change) { panic("listener") })
	require.Error(t, b.Do(t.Context(), fail))
	require.Equal(t, []resilience.State{resilience.StateOpen, resilience.StateOpen, resilience.StateClosed, resilience.StateClosed}, heard)
	require.Equal(t, 2, logs.Len())

	var wg sync.WaitGroup
	stop := b.OnChange(func(resilience.Change) { runtime.Goexit() })
	wg.Go(func() { _ = b.Do(t.Context(), fail) })
	wg.Wait()
	stop()
	b.State()
	require.Equal(t, resilience.StateClosed, heard[len(heard)-1], "a listener that ends its goroutine stops nobody else")
}

func TestBreakerUnderLoad(t *testing.T) {
	t.Parallel()
	b := breaker(t, resilience.BreakerConfig{FailureThreshold: 3, Timeout: time.Millisecond})
	last := resilience.StateClosed
	var broken atomic.Int32
	b.OnChange(func(c resilience.Change) {
		if c.From != last {
			broken.Add(1)
		}
		last = c.To
	})
	var wg sync.WaitGroup
	for worker := range 64 {
		wg.Go(func() {
			for i := range 500 {
				_ = b.Do(t.Context(), func(context.Context) error {
					if (i+worker)%3 == 0 {
						return errPlain
					}
					return nil
				})
				if i%100 == 0 {
					b.Snapshot()
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, broken.Load(), "every change begins where the last one ended")
}
