package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/resilience"
)

// script returns the errors one after the other, the last one for ever.
func script(calls *int, errs ...error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		*calls++
		return *calls, errs[min(*calls, len(errs))-1]
	}
}

func quiet(c resilience.RetryConfig) *resilience.RetryConfig {
	c.Jitter = resilience.JitterNone
	return &c
}

func TestDoSucceedsAfterFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls int
		var attempts []resilience.Attempt
		start := time.Now()
		got, err := resilience.Do(t.Context(), resilience.Policy{
			Retry:   quiet(resilience.RetryConfig{}),
			OnRetry: func(_ context.Context, a resilience.Attempt) { attempts = append(attempts, a) },
		}, script(&calls, errPlain, errPlain, nil))
		require.NoError(t, err)
		require.Equal(t, 3, got)
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Equal(t, []resilience.Attempt{
			{Number: 1, Max: 3, Delay: time.Second, Err: errPlain}, {Number: 2, Max: 3, Delay: 2 * time.Second, Err: errPlain},
		}, attempts)
	})
}

func TestDoGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls int
		got, err := resilience.Do(t.Context(), resilience.Policy{Retry: quiet(resilience.RetryConfig{})}, script(&calls, errPlain))
		require.Zero(t, got)
		require.ErrorIs(t, err, resilience.ErrExhausted)
		require.ErrorIs(t, err, errPlain)
		require.EqualError(t, err, "gave up after 3 attempts in 3s: plain")
		require.Equal(t, 3, calls)

		calls = 0
		_, err = resilience.Do(t.Context(), resilience.Policy{Retry: quiet(resilience.RetryConfig{MaxAttempts: 9, MaxElapsed: 2500 * time.Millisecond})},
			script(&calls, errPlain))
		require.EqualError(t, err, "gave up after 2 attempts in 1s, the next would begin after the limit of 2.5s: plain")
		require.Equal(t, 2, calls)
	})
}

func TestDoDoesNotRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for _, p := range []resilience.Policy{
			{},
			{Retry: &resilience.RetryConfig{MaxAttempts: 1}},
			{Retry: &resilience.RetryConfig{Preset: "no-retry"}},
			{Retry: &resilience.RetryConfig{RetryOn: []string{"40001"}}},
			{Retry: &resilience.RetryConfig{}, NeverRetryIf: func(err error) bool { return errors.Is(err, errPlain) }},
			{Retry: &resilience.RetryConfig{}, Unsafe: func(err error) bool { return errors.Is(err, errPlain) }},
		} {
			var calls int
			_, err := resilience.Do(t.Context(), p, script(&calls, errPlain))
			require.Equal(t, errPlain, err, "as it is")
			require.Equal(t, 1, calls)
		}
		require.Zero(t, time.Since(start))
	})
}

func TestDoRefusesBadPolicies(t *testing.T) {
	t.Parallel()
	var calls int
	_, err := resilience.Do(t.Context(), resilience.Policy{Retry: &resilience.RetryConfig{MaxAttempts: -1}}, script(&calls, nil))
	require.EqualError(t, err, "retry: max_attempts: -1 is below 1")
	require.Zero(t, calls)
	_, err = resilience.Do[int](t.Context(), resilience.Policy{}, nil)
	require.EqualError(t, err, "there is no function to call")
}

func TestDoEndsWithItsContext(t *testing.T) {
	t.Parallel()
	cause := errors.New("stopped by hand")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var calls int
		start := time.Now()
		time.AfterFunc(1500*time.Millisecond, func() { cancel(cause) })
		_, err := resilience.Do(ctx, resilience.Policy{Retry: quiet(resilience.RetryConfig{})}, script(&calls, errPlain))
		require.Equal(t, 1500*time.Millisecond, time.Since(start))
		require.ErrorIs(t, err, cause)
		require.ErrorIs(t, err, errPlain)
		require.NotErrorIs(t, err, resilience.ErrExhausted)
		require.EqualError(t, err, "wait before attempt 3 of 3: stopped by hand; the attempt before: plain")
		require.Equal(t, 2, calls)

		_, err = resilience.Do(ctx, resilience.Policy{}, script(&calls, nil))
		require.EqualError(t, err, "before the first attempt: stopped by hand")
		require.Equal(t, 2, calls)
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := resilience.Do(ctx, resilience.Policy{Retry: &resilience.RetryConfig{}}, func(context.Context) (int, error) {
			cancel()
			return 0, errPlain
		})
		require.Equal(t, errPlain, err, "an attempt whose context ended is the last")
		got, err := resilience.Do(t.Context(), resilience.Policy{}, func(context.Context) (int, error) { return 7, nil })
		require.NoError(t, err)
		require.Equal(t, 7, got)
	})
}

func TestDoWaitsForTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker(t, resilience.BreakerConfig{FailureThreshold: 1, SuccessThreshold: 1, Timeout: time.Minute})
		var calls int
		start := time.Now()
		got, err := resilience.Do(t.Context(), resilience.Policy{Retry: quiet(resilience.RetryConfig{MaxDelay: time.Second}), Breaker: b},
			script(&calls, errPlain, nil))
		require.NoError(t, err)
		require.Equal(t, 2, got)
		require.Equal(t, time.Minute, time.Since(start), "no attempt was wasted on the open breaker")

		require.ErrorIs(t, b.Do(t.Context(), fail), errPlain)
		calls = 0
		p := resilience.Policy{Retry: quiet(resilience.RetryConfig{MaxElapsed: 30 * time.Second}), Breaker: b}
		_, err = resilience.Do(t.Context(), p, script(&calls, nil))
		require.ErrorIs(t, err, resilience.ErrOpen)
		require.ErrorIs(t, err, resilience.ErrExhausted)
		require.Zero(t, calls)

		p.Retry.MaxElapsed = 0
		start = time.Now()
		_, err = resilience.Do(t.Context(), p, script(&calls, nil))
		require.NoError(t, err)
		require.Equal(t, time.Minute, time.Since(start))
	})
}

func TestARefusalKeepsTheCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker(t, resilience.BreakerConfig{FailureThreshold: 1, Timeout: time.Minute})
		p := resilience.Policy{
			Retry: quiet(resilience.RetryConfig{MaxAttempts: 2}), Breaker: b,
			OnRetry: func(context.Context, resilience.Attempt) {
				time.AfterFunc(30*time.Second, func() {
					require.NoError(t, b.Restore(resilience.Snapshot{State: resilience.StateOpen, OpenUntil: time.Now().Add(time.Minute)}))
				})
			},
		}
		var calls int
		_, err := resilience.Do(t.Context(), p, script(&calls, errPlain))
		require.ErrorIs(t, err, errPlain)
		require.ErrorIs(t, err, resilience.ErrOpen)
		require.EqualError(t, err, `gave up after 2 attempts in 1m0s: circuit breaker "b" is open; it lets a call through in 30s; before that: plain`)
		require.Equal(t, 1, calls)
	})
}

// TestRetryFollowsTheModel runs random settings over random errors and compares
// calls, waits and result with what a few lines of arithmetic say.
func TestRetryFollowsTheModel(t *testing.T) {
	t.Parallel()
	kinds := []error{nil, errPlain, spark("", "", "Unavailable"), spark("", "42601", ""), resilience.Permanent(errPlain), own{retry: true, unknown: true}}
	jitters := []resilience.Jitter{resilience.JitterAdditive, resilience.JitterSymmetric, resilience.JitterFull, resilience.JitterNone}
	synctest.Test(t, func(t *testing.T) {
		for seed := range uint64(10_000) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			c := resilience.RetryConfig{
				MaxAttempts: 1 + rnd.IntN(8), InitialDelay: time.Duration(1 + rnd.Int64N(int64(time.Second))),
				Multiplier: 1 + 3*rnd.Float64(), Jitter: jitters[rnd.IntN(4)], JitterFraction: new(rnd.Float64()),
			}
			c.MaxDelay = c.InitialDelay + time.Duration(rnd.Int64N(int64(10*time.Second)))
			if rnd.IntN(2) == 0 {
				c.MaxElapsed = time.Duration(1 + rnd.Int64N(int64(20*time.Second)))
			}
			errs := make([]error, 9)
			for i := range errs {
				errs[i] = errPlain
				if rnd.IntN(2) == 0 {
					errs[i] = kinds[rnd.IntN(len(kinds))]
				}
			}
			work := time.Duration(rnd.Int64N(int64(time.Second)))
			luck := rand.New(rand.NewPCG(seed, 2))
			same := rand.New(rand.NewPCG(seed, 2))

			wantCalls, wantTime, wantEnd := model(c, errs, work, same.Float64)
			var calls int
			start := time.Now()
			next := script(&calls, errs...)
			_, err := resilience.Do(t.Context(), resilience.Policy{Retry: &c, Rand: luck.Float64}, func(ctx context.Context) (int, error) {
				time.Sleep(work)
				return next(ctx)
			})
			detail := fmt.Sprintf("seed %d: %+v over %v", seed, c, errs)
			require.Equal(t, wantCalls, calls, detail)
			require.InDelta(t, float64(wantTime), float64(time.Since(start)), 100, detail)
			require.Equal(t, wantEnd == "exhausted", errors.Is(err, resilience.ErrExhausted), detail)
			require.Equal(t, wantEnd == "ok", err == nil, detail)
			if err != nil {
				require.ErrorIs(t, err, errs[calls-1], detail)
			}
		}
	})
}

func model(c resilience.RetryConfig, errs []error, work time.Duration, random func() float64) (int, time.Duration, string) {
	elapsed, base := time.Duration(0), float64(c.InitialDelay)
	for n := 1; ; n++ {
		elapsed += work
		err := errs[n-1]
		switch {
		case err == nil:
			return n, elapsed, "ok"
		case c.MaxAttempts == 1, !resilience.Retryable(err):
			return n, elapsed, "as it is"
		case n == c.MaxAttempts:
			return n, elapsed, "exhausted"
		}
		wait, u := min(base, float64(c.MaxDelay)), random()
		switch c.Jitter {
		case resilience.JitterAdditive:
			wait += wait * *c.JitterFraction * u
		case resilience.JitterSymmetric:
			wait += wait * *c.JitterFraction * (2*u - 1)
		case resilience.JitterFull:
			wait *= u
		}
		wait = min(wait, float64(c.MaxDelay))
		if c.MaxElapsed > 0 && elapsed+time.Duration(wait) > c.MaxElapsed {
			return n, elapsed, "exhausted"
		}
		elapsed += time.Duration(wait)
		base *= c.Multiplier
	}
}
