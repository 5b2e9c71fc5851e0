package resilience_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/resilience"
)

func TestBreakersAreShared(t *testing.T) {
	t.Parallel()
	all := resilience.NewBreakers(nil)
	a, err := all.Breaker("a", resilience.BreakerConfig{})
	require.NoError(t, err)
	again, err := all.Breaker("a", resilience.BreakerConfig{Name: "x", Preset: "default", FailureThreshold: 5})
	require.NoError(t, err)
	require.Same(t, a, again)
	_, err = all.Breaker("a", resilience.BreakerConfig{FailureThreshold: 6})
	require.ErrorIs(t, err, resilience.ErrConflict)
	require.EqualError(t, err, `circuit breaker "a": the circuit breaker has other settings: 5 failures open it for 1m0s, 2 successes close it, 1 at a time, `+
		`and not 6 failures open it for 1m0s, 2 successes close it, 1 at a time; give it one set of settings, or another name`)
	_, err = all.Breaker("a", resilience.BreakerConfig{Timeout: -1})
	require.ErrorContains(t, err, "timeout_seconds")
	_, err = all.Breaker("bad", resilience.BreakerConfig{Timeout: -1})
	require.ErrorContains(t, err, "timeout_seconds")
	require.Equal(t, []string{"a"}, all.Names())
}

func TestSnapshotsSurvive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := resilience.BreakerConfig{FailureThreshold: 2, SuccessThreshold: 1, Timeout: time.Minute}
		first := resilience.NewBreakers(nil)
		for name, failures := range map[string]int{"fine": 0, "shaky": 1, "open": 2} {
			b, err := first.Breaker(name, cfg)
			require.NoError(t, err)
			for range failures {
				require.Error(t, b.Do(t.Context(), fail))
			}
		}
		stored, err := json.Marshal(first.Snapshot())
		require.NoError(t, err)
		require.JSONEq(t, `[{"name":"fine","state":"closed"},{"name":"open","state":"open","open_until":"2000-01-01T00:01:00Z"},
			{"name":"shaky","state":"closed","failures":1}]`, toUTC(t, stored))

		time.Sleep(20 * time.Second)
		var snapshots []resilience.Snapshot
		require.NoError(t, json.Unmarshal(stored, &snapshots))
		var changes []resilience.Change
		second := resilience.NewBreakers(&resilience.BreakerOptions{OnChange: func(c resilience.Change) { changes = append(changes, c) }})
		fine, err := second.Breaker("fine", cfg)
		require.NoError(t, err)
		require.NoError(t, second.Restore(snapshots))
		require.Len(t, second.Snapshot(), 3, "those that nobody asked for are kept")
		require.Equal(t, resilience.StateClosed, fine.State())

		open, err := second.Breaker("open", cfg)
		require.NoError(t, err)
		require.Len(t, changes, 1)
		var refused *resilience.OpenError
		require.ErrorAs(t, open.Do(t.Context(), succeed), &refused)
		require.Equal(t, 40*time.Second, refused.After)
		time.Sleep(refused.After)
		require.NoError(t, open.Do(t.Context(), succeed))
		require.Equal(t, resilience.StateClosed, open.State())
		require.Error(t, open.Do(t.Context(), fail))
		require.Error(t, open.Do(t.Context(), fail))
		require.ErrorAs(t, open.Do(t.Context(), succeed), &refused)
		require.Equal(t, time.Minute, refused.After, "the next time it is open for as long as it should")

		shaky, err := second.Breaker("shaky", cfg)
		require.NoError(t, err)
		require.Error(t, shaky.Do(t.Context(), fail))
		require.Equal(t, resilience.StateOpen, shaky.State())
	})
}

// toUTC makes the times of the JSON independent of the zone of this machine.
func toUTC(t *testing.T, stored []byte) string {
	t.Helper()
	var snapshots []resilience.Snapshot
	require.NoError(t, json.Unmarshal(stored, &snapshots))
	for i := range snapshots {
		snapshots[i].OpenUntil = snapshots[i].OpenUntil.UTC()
	}
	out, err := json.Marshal(snapshots)
	require.NoError(t, err)
	return string(out)
}

func TestRestore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker(t, resilience.BreakerConfig{FailureThreshold: 3, SuccessThreshold: 1, Timeout: time.Minute})
		restore := func(s resilience.Snapshot) {
			t.Helper()
			require.NoError(t, b.Restore(s))
		}
		restore(resilience.Snapshot{State: resilience.StateOpen, OpenUntil: time.Now().Add(time.Hour)})
		require.Equal(t, time.Now().Add(time.Minute).UTC(), b.Snapshot().OpenUntil.UTC(), "the clocks differ")
		restore(resilience.Snapshot{State: resilience.StateClosed, Failures: 99})
		require.Equal(t, 2, b.Snapshot().Failures)
		require.NoError(t, b.Do(t.Context(), succeed))
		for _, state := range []resilience.State{resilience.StateOpen, resilience.StateHalfOpen} {
			restore(resilience.Snapshot{Name: "b", State: state, OpenUntil: time.Now().Add(-time.Hour)})
			time.Sleep(2 * time.Nanosecond)
			require.Equal(t, resilience.StateHalfOpen, b.Snapshot().State)
			require.NoError(t, b.Do(t.Context(), succeed))
			require.Equal(t, resilience.StateClosed, b.State())
		}
		for want, s := range map[string]resilience.Snapshot{
			`restore circuit breaker "b": the snapshot is of "c"`:                                  {Name: "c", State: resilience.StateClosed},
			`restore circuit breaker "b": unknown state "ajar"; known are closed, open, half-open`: {State: "ajar"},
			`restore circuit breaker "b": -1 failures are below 0`:                                 {State: resilience.StateClosed, Failures: -1},
		} {
			require.EqualError(t, b.Restore(s), want)
		}
		all := resilience.NewBreakers(nil)
		err := all.Restore([]resilience.Snapshot{{Name: "x"}, {Name: "y", State: resilience.StateClosed}})
		require.EqualError(t, err, `restore circuit breaker "x": unknown state ""; known are closed, open, half-open`)
		require.Len(t, all.Snapshot(), 1)
	})
}
