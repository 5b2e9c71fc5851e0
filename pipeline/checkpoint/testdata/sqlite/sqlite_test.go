// Package sqlite_test runs the checks of checkpoint stores on SQLite. It is a
// module of its own, so that the driver stays out of the library's go.mod:
//
//	cd pipeline/checkpoint/testdata/sqlite && go test ./...
package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite" // the driver

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/checkpointtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, file string, opts *checkpoint.SQLOptions) (*checkpoint.SQLStore, *sql.DB) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(20000)&_txlock=immediate&_pragma=synchronous(off)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	store, err := checkpoint.NewSQLStore(db, checkpoint.DialectSQLite, opts)
	require.NoError(t, err)
	require.NoError(t, store.CreateTables(t.Context()))
	require.NoError(t, store.CreateTables(t.Context()), "it works twice")
	return store, db
}

func TestSQLStore(t *testing.T) {
	t.Parallel()
	checkpointtest.Run(t, func(t *testing.T) (one, other checkpoint.Store) {
		file := filepath.Join(t.TempDir(), "runs.db")
		one, _ = open(t, file, nil)
		other, _ = open(t, file, nil)
		return one, other
	})
}

func TestSQLStore_corruptRowIsAnError(t *testing.T) {
	t.Parallel()
	store, db := open(t, filepath.Join(t.TempDir(), "runs.db"), &checkpoint.SQLOptions{Table: "runs"})
	for _, id := range []string{"a", "b", "c"} {
		require.NoError(t, store.Save(t.Context(), checkpointtest.Record(id)))
	}
	_, err := db.ExecContext(t.Context(), `UPDATE runs SET record = substr(record, 1, 100) WHERE run_id = 'a'`)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `UPDATE runs SET revision = 5 WHERE run_id = 'b'`)
	require.NoError(t, err)
	for _, id := range []string{"a", "b"} {
		_, err = store.Load(t.Context(), id)
		require.ErrorIs(t, err, checkpoint.ErrCorrupt)
		require.ErrorContains(t, err, `record of run "`+id+`" in table runs`)
		require.ErrorIs(t, store.Save(t.Context(), checkpointtest.Record(id)), checkpoint.ErrStale)
	}
	records, err := store.List(t.Context(), nil)
	require.ErrorIs(t, err, checkpoint.ErrCorrupt)
	require.Len(t, records, 1)
	require.NoError(t, store.Delete(t.Context(), "a"))
}

func TestSQLStore_leaseRunsOut(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "runs.db")
	one, db := open(t, file, &checkpoint.SQLOptions{Lease: checkpoint.MinLease})
	other, _ := open(t, file, nil)
	require.NoError(t, one.Save(t.Context(), checkpointtest.Record("a")))

	// A process that was killed leaves its row behind.
	_, err := db.ExecContext(t.Context(), `INSERT INTO sparkpipe_checkpoints_locks VALUES ('a', 'gone', 'etl-1', 4711, 0, 4102444800000)`)
	require.NoError(t, err)
	_, err = other.Lock(t.Context(), "a")
	require.ErrorContains(t, err, "process 4711 on etl-1 since 1970-01-01T00:00:00Z")
	require.ErrorIs(t, other.Delete(t.Context(), "a"), checkpoint.ErrLocked)
	_, err = db.ExecContext(t.Context(), `UPDATE sparkpipe_checkpoints_locks SET expires = 1`)
	require.NoError(t, err)
	require.NoError(t, other.Delete(t.Context(), "a"), "a lease that ran out holds nothing")
	lock, err := one.Lock(t.Context(), "a")
	require.NoError(t, err)

	// A sign of life moves the end on.
	var first, later int64
	expires := func(into *int64) {
		require.NoError(t, db.QueryRowContext(t.Context(), `SELECT expires FROM sparkpipe_checkpoints_locks`).Scan(into))
	}
	expires(&first)
	require.Eventually(t, func() bool { expires(&later); return later > first }, 10*time.Second, 5*time.Millisecond)

	// Somebody else took the run: its owner hears of it and releases nothing.
	_, err = db.ExecContext(t.Context(), `UPDATE sparkpipe_checkpoints_locks SET owner = 'thief', expires = 4102444800000`)
	require.NoError(t, err)
	select {
	case <-lock.Lost():
	case <-time.After(10 * time.Second):
		require.Fail(t, "the loss is not told")
	}
	require.NoError(t, lock.Release(t.Context()))
	_, err = other.Lock(t.Context(), "a")
	require.ErrorIs(t, err, checkpoint.ErrLocked)
}
