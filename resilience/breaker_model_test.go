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

// plainBreaker is what the doc of the package says about breakers, written down.
type plainBreaker struct {
	c                                     resilience.BreakerConfig
	state                                 resilience.State
	failures, successes, underWay, period int
	until                                 time.Time
}

func (m *plainBreaker) to(s resilience.State) {
	m.state, m.failures, m.successes, m.underWay = s, 0, 0, 0
	m.period++
	m.until = time.Now().Add(m.c.Timeout)
}

func (m *plainBreaker) look() resilience.State {
	if m.state == resilience.StateOpen && !time.Now().Before(m.until) {
		m.to(resilience.StateHalfOpen)
	}
	return m.state
}

func (m *plainBreaker) begin() (period int, ok bool) {
	s := m.look()
	if s == resilience.StateOpen || s == resilience.StateHalfOpen && m.underWay >= m.c.HalfOpenMaxCalls {
		return 0, false
	}
	m.underWay++
	return m.period, true
}

func (m *plainBreaker) end(period int, err error) {
	if period != m.period {
		return
	}
	m.underWay--
	switch {
	case err == nil:
		m.failures = 0
		m.successes++
	case resilience.Retryable(err):
		m.successes = 0
		m.failures++
	}
	half := m.state == resilience.StateHalfOpen
	switch {
	case m.failures >= m.c.FailureThreshold, half && m.failures > 0:
		m.to(resilience.StateOpen)
	case half && m.successes >= m.c.SuccessThreshold:
		m.to(resilience.StateClosed)
	}
}

// flight is a call under way.
type flight struct {
	end    chan error
	over   chan error
	period int
}

// TestBreakerFollowsTheModel begins and ends calls in random order, lets time pass
// and compares every answer with the model.
func TestBreakerFollowsTheModel(t *testing.T) {
	t.Parallel()
	results := []error{nil, nil, errPlain, errPlain, spark("", "42601", "")}
	synctest.Test(t, func(t *testing.T) {
		for seed := range uint64(10_000) {
			rnd := rand.New(rand.NewPCG(seed, 3))
			c := resilience.BreakerConfig{
				FailureThreshold: 1 + rnd.IntN(3), SuccessThreshold: 1 + rnd.IntN(3),
				HalfOpenMaxCalls: 1 + rnd.IntN(3), Timeout: time.Second,
			}
			b, m := breaker(t, c), &plainBreaker{c: c, state: resilience.StateClosed}
			var under []flight
			for step := range 30 {
				detail := fmt.Sprintf("seed %d, step %d: %+v", seed, step, c)
				switch n := rnd.IntN(10); {
				case n < 5:
					f, ok := start(t.Context(), b)
					period, want := m.begin()
					require.Equal(t, want, ok, detail)
					if f.period = period; ok {
						under = append(under, f)
					}
				case n < 9 && len(under) > 0:
					i := rnd.IntN(len(under))
					result := results[rnd.IntN(len(results))]
					under[i].end <- result
					require.Equal(t, result, <-under[i].over, detail)
					m.end(under[i].period, result)
					under = append(under[:i], under[i+1:]...)
				default:
					time.Sleep(time.Duration(rnd.IntN(4)) * 500 * time.Millisecond)
				}
				require.Equal(t, m.look(), b.State(), detail)
			}
			for _, f := range under {
				close(f.end)
				<-f.over
			}
		}
	})
}

// start begins a call and says whether it was let through.
func start(ctx context.Context, b *resilience.Breaker) (flight, bool) {
	f := flight{end: make(chan error), over: make(chan error, 1)}
	began := make(chan struct{}, 1)
	go func() {
		f.over <- b.Do(ctx, func(context.Context) error {
			began <- struct{}{}
			return <-f.end
		})
	}()
	select {
	case <-began:
		return f, true
	case err := <-f.over:
		return f, !errors.Is(err, resilience.ErrOpen)
	}
}
