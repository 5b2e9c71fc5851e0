package checkpoint_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/checkpointtest"
)

// memory is a bucket in memory. The functions, where set, stand in for an
// operation or spoil its answer; real storages are tested in package objectstore.
type memory struct {
	mu      sync.Mutex
	objects map[string]checkpoint.Object
	writes  int

	put     func(key string, w *checkpoint.Write, store func() (string, error)) (string, error)
	get     func(key string) error
	removes bool // it removes on a condition
}

func (m *memory) String() string { return "mem://test" }

func (m *memory) Get(ctx context.Context, key string, limit int64) (*checkpoint.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if m.get != nil {
		if err := m.get(key); err != nil {
			return nil, err
		}
	}
	obj, ok := m.objects[key]
	if !ok {
		return nil, checkpoint.ErrNoObject
	}
	obj.Data = slices.Clone(obj.Data[:min(int64(len(obj.Data)), limit+1)])
	obj.Now = time.Now().Truncate(time.Second)
	return &obj, nil
}

func (m *memory) Put(ctx context.Context, key string, w *checkpoint.Write) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	store := func() (string, error) {
		if m.objects[key].Tag != w.Tag {
			return "", checkpoint.ErrPrecondition
		}
		return m.write(key, w), nil
	}
	if m.put != nil {
		return m.put(key, w, store)
	}
	return store()
}

func (m *memory) write(key string, w *checkpoint.Write) string {
	m.writes++
	tag := fmt.Sprintf("tag %d", m.writes)
	m.objects[key] = checkpoint.Object{
		Data: slices.Clone(w.Data), Mark: w.Mark, Tag: tag, Modified: time.Now().Truncate(time.Second),
	}
	return tag
}

func (m *memory) Remove(_ context.Context, key, tag string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if tag != "" && m.removes && m.objects[key].Tag != tag {
		return checkpoint.ErrPrecondition
	}
	delete(m.objects, key)
	return nil
}

func (m *memory) List(_ context.Context, prefix string) iter.Seq2[string, error] {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := m.keys(prefix)
	return func(yield func(string, error) bool) {
		for _, key := range keys {
			if !yield(key, nil) {
				return
			}
		}
	}
}

func (m *memory) keys(prefix string) []string {
	var keys []string
	for key := range m.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func newMemory() *memory { return &memory{objects: map[string]checkpoint.Object{}, removes: true} }

func objectStore(t *testing.T, bucket checkpoint.Bucket, lease time.Duration) *checkpoint.ObjectStore {
	t.Helper()
	store, err := checkpoint.NewObjectStore(bucket, &checkpoint.ObjectOptions{Lease: lease})
	require.NoError(t, err)
	return store
}

func TestObjectStore(t *testing.T) {
	t.Parallel()
	for name, removes := range map[string]bool{"removes on a condition": true, "removes always": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkpointtest.Run(t, func(t *testing.T) (one, other checkpoint.Store) {
				bucket := newMemory()
				bucket.removes = removes
				return objectStore(t, bucket, 0), objectStore(t, bucket, 0)
			})
		})
	}
}

// An answer that is lost on its way makes the library send the request again,
// which is then refused because of itself.
func TestObjectStore_ownWriteIsKnown(t *testing.T) {
	t.Parallel()
	bucket := newMemory()
	bucket.put = func(_ string, _ *checkpoint.Write, store func() (string, error)) (string, error) {
		if _, err := store(); err != nil {
			return "", err
		}
		return "", checkpoint.ErrPrecondition
	}
	store := objectStore(t, bucket, 0)
	r := checkpointtest.Record("a")
	require.NoError(t, store.Save(t.Context(), r))
	require.NoError(t, store.Save(t.Context(), r))
	require.EqualValues(t, 2, r.Revision)
	lock, err := store.Lock(t.Context(), "a")
	require.NoError(t, err)
	require.NoError(t, store.Save(t.Context(), r))
	require.NoError(t, store.Save(t.Context(), r))
	require.NoError(t, lock.Release(t.Context()))
	lock, err = store.Lock(t.Context(), "a")
	require.NoError(t, err)
	require.NoError(t, lock.Release(t.Context()))
	stored, err := store.Load(t.Context(), "a")
	require.NoError(t, err)
	require.EqualValues(t, 4, stored.Revision)
}

func TestObjectStore_refusesAStorageWithoutConditions(t *testing.T) {
	t.Parallel()
	for name, ignores := range map[string]func(tag string) bool{
		"all":           func(string) bool { return true },
		"If-None-Match": func(tag string) bool { return tag == "" },
		"If-Match":      func(tag string) bool { return tag != "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bucket := newMemory()
			bucket.put = func(key string, w *checkpoint.Write, store func() (string, error)) (string, error) {
				if ignores(w.Tag) {
					return bucket.write(key, w), nil
				}
				return store()
			}
			store := objectStore(t, bucket, 0)
			err := store.Save(t.Context(), checkpointtest.Record("a"))
			require.ErrorIs(t, err, checkpoint.ErrUnconditional)
			require.ErrorContains(t, err, "mem://test")
			_, err = store.Lock(t.Context(), "a")
			require.ErrorIs(t, err, checkpoint.ErrUnconditional)
			require.ErrorIs(t, store.Delete(t.Context(), "a"), checkpoint.ErrUnconditional)
			require.Empty(t, bucket.keys(""), "nothing stays")
		})
	}
}

func TestObjectStore_triesTheStorageAgainAfterAnError(t *testing.T) {
	t.Parallel()
	bucket := newMemory()
	gone := errors.New("broken pipe")
	bucket.put = func(string, *checkpoint.Write, func() (string, error)) (string, error) { return "", gone }
	store := objectStore(t, bucket, 0)
	r := checkpointtest.Record("a")
	require.ErrorIs(t, store.Save(t.Context(), r), gone)
	require.Zero(t, r.Revision)
	bucket.put = nil
	require.NoError(t, store.Save(t.Context(), r))
	bucket.get = func(string) error { return gone }
	_, err := store.Load(t.Context(), "a")
	require.ErrorIs(t, err, gone)
	require.NotErrorIs(t, err, checkpoint.ErrNotFound)
	_, err = store.List(t.Context(), nil)
	require.ErrorIs(t, err, gone)
	require.ErrorIs(t, store.Delete(t.Context(), "a"), gone)
	require.NotEmpty(t, bucket.keys("runs/"))
}

func TestObjectStore_damagedObjectIsAnError(t *testing.T) {
	t.Parallel()
	bucket := newMemory()
	store := objectStore(t, bucket, 0)
	for _, id := range []string{"good", "torn", "moved", "big"} {
		require.NoError(t, store.Save(t.Context(), checkpointtest.Record(id)))
	}
	spoil := func(id string, change func([]byte) []byte) {
		obj := bucket.objects["runs/run-"+id+".json"]
		obj.Data = change(slices.Clone(obj.Data))
		bucket.objects["runs/run-"+id+".json"] = obj
	}
	spoil("torn", func(data []byte) []byte { return data[:100] })
	spoil("moved", func([]byte) []byte { return bucket.objects["runs/run-good.json"].Data })
	spoil("big", func(data []byte) []byte { return append(data, make([]byte, checkpoint.MaxSize)...) })
	for _, id := range []string{"torn", "moved", "big"} {
		_, err := store.Load(t.Context(), id)
		require.ErrorIs(t, err, checkpoint.ErrCorrupt, id)
		require.ErrorContains(t, err, "mem://test/runs/run-"+id+".json")
		require.ErrorIs(t, store.Save(t.Context(), checkpointtest.Record(id)), checkpoint.ErrCorrupt, "it is not overwritten")
	}
	bucket.objects["runs/notes.txt"] = checkpoint.Object{}
	records, err := store.List(t.Context(), nil)
	require.ErrorIs(t, err, checkpoint.ErrCorrupt)
	require.Len(t, records, 1)
	for _, id := range []string{"torn", "moved", "big"} {
		require.NoError(t, store.Delete(t.Context(), id))
		require.NoError(t, store.Save(t.Context(), checkpointtest.Record(id)))
	}
}

func TestObjectStore_damagedLockIsNobodys(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "{", `{"version": 9}`, `{"version": 1, "owner": "x", "lease_ms": -1}`, strings.Repeat(" ", 5000)} {
		bucket := newMemory()
		bucket.objects["locks/run-a.json"] = checkpoint.Object{Data: []byte(content), Tag: "t"}
		_, err := objectStore(t, bucket, 0).Lock(t.Context(), "a")
		require.ErrorContains(t, err, "lock mem://test/locks/run-a.json cannot be read", content)
		require.ErrorContains(t, err, "remove it when no process has the run")
	}
}

func TestObjectStore_keysAreSafe(t *testing.T) {
	t.Parallel()
	bucket := newMemory()
	store := objectStore(t, bucket, 0)
	folded := map[string]bool{}
	for _, id := range checkpointtest.HostileIDs() {
		require.NoError(t, store.Save(t.Context(), checkpointtest.Record(id)))
		lock, err := store.Lock(t.Context(), id)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, lock.Release(context.Background())) })
	}
	for _, key := range bucket.keys("") {
		require.Regexp(t, `^(runs|locks)/run-[a-z0-9_.~-]+\.json$`, key)
		require.NotContains(t, key, "..")
		require.LessOrEqual(t, len(key), 250)
		require.False(t, folded[strings.ToLower(key)])
		folded[strings.ToLower(key)] = true
	}
	require.Len(t, folded, 2*len(checkpointtest.HostileIDs()))
}

func TestObjectStore_leaseRunsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bucket := newMemory()
		one, other := objectStore(t, bucket, 30*time.Second), objectStore(t, bucket, 30*time.Second)
		lock, err := one.Lock(t.Context(), "a")
		require.NoError(t, err)
		time.Sleep(time.Hour)
		synctest.Wait()
		_, err = other.Lock(t.Context(), "a")
		require.ErrorIs(t, err, checkpoint.ErrLocked, "it is renewed")

		bucket.mu.Lock()
		bucket.put = func(string, *checkpoint.Write, func() (string, error)) (string, error) {
			return "", errors.New("no route to host")
		}
		bucket.mu.Unlock()
		cut := time.Now()
		<-lock.Lost()
		require.LessOrEqual(t, time.Since(cut), 41*time.Second, "its owner hears of it first")
		bucket.mu.Lock()
		bucket.put = nil
		bucket.mu.Unlock()
		_, err = other.Lock(t.Context(), "a")
		require.ErrorIs(t, err, checkpoint.ErrLocked, "others wait for a moment more")
		time.Sleep(4 * time.Second)
		taken, err := other.Lock(t.Context(), "a")
		require.NoError(t, err)
		require.NoError(t, lock.Release(t.Context()))
		_, err = one.Lock(t.Context(), "a")
		require.ErrorIs(t, err, checkpoint.ErrLocked, "a lock that was lost releases nothing")
		require.NoError(t, taken.Release(t.Context()))
	})
}

// A process that slept through its lease finds the run taken.
func TestObjectStore_lockIsStolen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bucket := newMemory()
		store := objectStore(t, bucket, 3*time.Second)
		lock, err := store.Lock(t.Context(), "a")
		require.NoError(t, err)
		require.NoError(t, store.Save(t.Context(), checkpointtest.Record("a")))
		bucket.mu.Lock()
		bucket.write("locks/run-a.json", &checkpoint.Write{Data: []byte(`{"version":1,"owner":"thief","lease_ms":60000,"host":"h","pid":7}`)})
		bucket.mu.Unlock()
		<-lock.Lost()
		require.ErrorIs(t, store.Delete(t.Context(), "a"), checkpoint.ErrLocked, "the run is not ours any more")
		require.NoError(t, lock.Release(t.Context()))
		_, err = store.Lock(t.Context(), "a")
		require.ErrorContains(t, err, "process 7 on h")
	})
}

func TestObjectStore_renewalOfWhichNothingWasHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bucket := newMemory()
		store := objectStore(t, bucket, 30*time.Second)
		lock, err := store.Lock(t.Context(), "a")
		require.NoError(t, err)
		bucket.mu.Lock()
		bucket.put = func(_ string, _ *checkpoint.Write, write func() (string, error)) (string, error) {
			bucket.put = nil
			_, err := write()
			return "", errors.Join(err, errors.New("connection reset"))
		}
		bucket.mu.Unlock()
		time.Sleep(time.Hour)
		select {
		case <-lock.Lost():
			require.Fail(t, "it is ours")
		default:
		}
		require.NoError(t, lock.Release(t.Context()))
	})
}

func TestNewObjectStore_refuses(t *testing.T) {
	t.Parallel()
	_, err := checkpoint.NewObjectStore(nil, nil)
	require.ErrorContains(t, err, "a bucket is required")
	_, err = checkpoint.NewObjectStore(newMemory(), &checkpoint.ObjectOptions{Lease: time.Second})
	require.ErrorContains(t, err, "lease 1s is below 3s")
}
