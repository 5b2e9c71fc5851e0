package checkpointtest

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

func lock(t *testing.T, one, other checkpoint.Store) {
	held, err := one.Lock(t.Context(), "a")
	require.NoError(t, err)
	for _, store := range []checkpoint.Store{one, other} {
		var locked *checkpoint.LockedError
		_, err = store.Lock(t.Context(), "a")
		require.ErrorIs(t, err, checkpoint.ErrLocked)
		require.ErrorAs(t, err, &locked)
		require.Equal(t, "a", locked.RunID)
		require.Equal(t, os.Getpid(), locked.Holder.PID)
		require.NotEmpty(t, locked.Holder.Host)
		require.False(t, locked.Holder.Since.IsZero())
		require.ErrorContains(t, err, locked.Holder.Host)
	}
	apart, err := other.Lock(t.Context(), "b")
	require.NoError(t, err, "another run is another lock")
	require.NoError(t, apart.Release(t.Context()))

	save(t, other, Record("a")) // a lock is for runners; saves have their revision
	require.NoError(t, held.Release(t.Context()))
	require.NoError(t, held.Release(t.Context()), "it works twice")
	next, err := other.Lock(t.Context(), "a")
	require.NoError(t, err)
	require.NoError(t, held.Release(t.Context()), "it does not release the lock of others")
	_, err = one.Lock(t.Context(), "a")
	require.ErrorIs(t, err, checkpoint.ErrLocked)
	require.NoError(t, next.Release(t.Context()))
	select {
	case <-held.Lost():
		require.Fail(t, "a lock that was released is not lost")
	default:
	}
}

// manyLockers checks that at no time two have the lock.
func manyLockers(t *testing.T, one, other checkpoint.Store) {
	const lockers, rounds = 8, 20
	var wg sync.WaitGroup
	var inside sync.Mutex
	faults := make(chan error, lockers)
	for i := range lockers {
		store := one
		if i%2 == 1 {
			store = other
		}
		wg.Go(func() {
			faults <- func() error {
				for range rounds {
					held, err := store.Lock(t.Context(), "a")
					if errors.Is(err, checkpoint.ErrLocked) {
						continue
					}
					if err != nil {
						return err
					}
					if !inside.TryLock() {
						return errors.New("two have the lock")
					}
					runtime.Gosched()
					inside.Unlock()
					if err := held.Release(t.Context()); err != nil {
						return err
					}
				}
				return nil
			}()
		})
	}
	wg.Wait()
	for range lockers {
		require.NoError(t, <-faults)
	}
	held, err := one.Lock(t.Context(), "a")
	require.NoError(t, err, "nothing stays locked")
	require.NoError(t, held.Release(t.Context()))
}

func deleteLocked(t *testing.T, one, other checkpoint.Store) {
	save(t, one, Record("a"))
	held, err := one.Lock(t.Context(), "a")
	require.NoError(t, err)
	require.ErrorIs(t, other.Delete(t.Context(), "a"), checkpoint.ErrLocked)
	load(t, other, "a")
	require.NoError(t, one.Delete(t.Context(), "a"), "who has the lock may")
	_, err = other.Lock(t.Context(), "a")
	require.ErrorIs(t, err, checkpoint.ErrLocked, "the lock stays")
	require.NoError(t, held.Release(t.Context()))
}
