package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/checkpointtest"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/postgres"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open returns a store and closes it when the test ends.
func open(t *testing.T, location, table string, opts *postgres.Options) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(location+"?table="+table, opts)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, store.Close())
		require.NoError(t, store.Close(), "it works twice")
	})
	return store
}

func connect(t *testing.T, location string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", location)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func exec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

func TestStore(t *testing.T) {
	t.Parallel()
	location := storetest.Postgres(t)
	var tables atomic.Int64
	t.Run("contract", func(t *testing.T) {
		checkpointtest.Run(t, func(t *testing.T) (one, other checkpoint.Store) {
			table := fmt.Sprintf("runs_%d", tables.Add(1))
			return open(t, location, table, nil), open(t, location, table, nil)
		})
	})
	t.Run("tables are made at the same moment", func(t *testing.T) { t.Parallel(); manyMakers(t, location) })
	t.Run("a corrupt row is an error", func(t *testing.T) { t.Parallel(); corruptRow(t, location) })
	t.Run("a lease runs out", func(t *testing.T) { t.Parallel(); leaseRunsOut(t, location) })
	t.Run("rights on the tables are enough", func(t *testing.T) { t.Parallel(); fewRights(t, location) })
	t.Run("no error shows the password", func(t *testing.T) { t.Parallel(); noPassword(t, location) })
	t.Run("a cancelled call ends", func(t *testing.T) { t.Parallel(); cancelled(t, location) })
}

func manyMakers(t *testing.T, location string) {
	var wg sync.WaitGroup
	faults := make([]error, 12)
	for i := range faults {
		store := open(t, location, "made_at_once", nil)
		wg.Go(func() { faults[i] = store.Save(t.Context(), checkpointtest.Record(fmt.Sprint(i))) })
	}
	wg.Wait()
	for _, err := range faults {
		require.NoError(t, err)
	}
}

func corruptRow(t *testing.T, location string) {
	store, db := open(t, location, "corrupt", nil), connect(t, location)
	for _, id := range []string{"a", "b", "c"} {
		require.NoError(t, store.Save(t.Context(), checkpointtest.Record(id)))
	}
	exec(t, db, `UPDATE corrupt SET record = substr(record, 1, 100) WHERE run_id = 'a'`)
	exec(t, db, `UPDATE corrupt SET revision = 5 WHERE run_id = 'b'`)
	for _, id := range []string{"a", "b"} {
		_, err := store.Load(t.Context(), id)
		require.ErrorIs(t, err, checkpoint.ErrCorrupt)
		require.ErrorContains(t, err, `record of run "`+id+`" in table corrupt`)
		require.ErrorIs(t, store.Save(t.Context(), checkpointtest.Record(id)), checkpoint.ErrStale)
	}
	records, err := store.List(t.Context(), nil)
	require.ErrorIs(t, err, checkpoint.ErrCorrupt)
	require.Len(t, records, 1)
	require.NoError(t, store.Delete(t.Context(), "a"))
}

func leaseRunsOut(t *testing.T, location string) {
	db := connect(t, location)
	one, other := open(t, location, "leases", &postgres.Options{Lease: checkpoint.MinLease}), open(t, location, "leases", nil)
	require.NoError(t, one.Save(t.Context(), checkpointtest.Record("a")))
	exec(t, db, `INSERT INTO leases_locks VALUES ('a', 'gone', 'etl-1', 4711, 0, 4102444800000)`)
	_, err := other.Lock(t.Context(), "a")
	require.ErrorContains(t, err, "process 4711 on etl-1 since 1970-01-01T00:00:00Z")
	require.ErrorIs(t, other.Delete(t.Context(), "a"), checkpoint.ErrLocked)
	exec(t, db, `UPDATE leases_locks SET expires = 1`)
	lock, err := one.Lock(t.Context(), "a")
	require.NoError(t, err)

	var first, later int64
	expires := func(into *int64) {
		require.NoError(t, db.QueryRowContext(t.Context(), `SELECT expires FROM leases_locks`).Scan(into))
	}
	expires(&first)
	require.Eventually(t, func() bool { expires(&later); return later > first }, 10*time.Second, 5*time.Millisecond)
	exec(t, db, `UPDATE leases_locks SET owner = 'thief', expires = 4102444800000`)
	select {
	case <-lock.Lost():
	case <-time.After(10 * time.Second):
		require.Fail(t, "the loss is not told")
	}
	require.NoError(t, lock.Release(t.Context()))
	_, err = other.Lock(t.Context(), "a")
	require.ErrorIs(t, err, checkpoint.ErrLocked)
}

// fewRights is a user who may use the tables and make none.
func fewRights(t *testing.T, location string) {
	db := connect(t, location)
	u, err := url.Parse(location)
	require.NoError(t, err)
	exec(t, db, `CREATE ROLE clerk LOGIN PASSWORD 'pw'`)
	u.User = url.UserPassword("clerk", "pw")
	store := open(t, u.String(), "rights", nil)
	err = store.Save(t.Context(), checkpointtest.Record("a"))
	require.ErrorContains(t, err, "make the checkpoint tables rights and rights_locks")
	require.ErrorContains(t, err, "permission denied")

	require.NoError(t, open(t, location, "rights", nil).Save(t.Context(), checkpointtest.Record("b")))
	exec(t, db, `GRANT SELECT, INSERT, UPDATE, DELETE ON rights, rights_locks TO clerk`)
	require.NoError(t, store.Save(t.Context(), checkpointtest.Record("a")))
	lock, err := store.Lock(t.Context(), "a")
	require.NoError(t, err)
	require.NoError(t, lock.Release(t.Context()))
}

func noPassword(t *testing.T, location string) {
	u, err := url.Parse(location)
	require.NoError(t, err)
	for name, change := range map[string]func(*url.URL){
		"wrong password":          func(*url.URL) {},
		"closed port":             func(u *url.URL) { u.Host = "127.0.0.1:1" },
		"no database":             func(u *url.URL) { u.Path = "/nowhere" },
		"password as a parameter": func(u *url.URL) { u.User, u.RawQuery = nil, "user=tester&password=canary" },
	} {
		wrong := *u
		wrong.User = url.UserPassword("tester", "canary 4711")
		change(&wrong)
		store, err := postgres.Open(wrong.String(), nil)
		require.NoError(t, err, name)
		_, err = store.Load(t.Context(), "a")
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "canary", name)
		require.NotErrorIs(t, err, checkpoint.ErrNotFound, name)
		require.NoError(t, store.Close())
	}
}

// cancelled is a save that waits for a row that somebody has.
func cancelled(t *testing.T, location string) {
	store, db := open(t, location, "cancelled", nil), connect(t, location)
	r := checkpointtest.Record("a")
	require.NoError(t, store.Save(t.Context(), r))
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), `UPDATE cancelled SET status = 'failed'`)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, store.Save(ctx, r), context.DeadlineExceeded)
	require.EqualValues(t, 1, r.Revision)
	require.NoError(t, tx.Rollback())
	require.NoError(t, store.Save(t.Context(), r), "the store works after it")
}

func TestOpen_refuses(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"":                                        "want postgres://user@host/database",
		"mysql://u:canary@h/d":                    "want postgres://user@host/database",
		"postgres://u:canary@h:port/d":            "it is not a URL",
		"postgres://u:can ary%zz@h/d":             "it is not a URL",
		"postgres://u:canary@h/d#x":               "write %23",
		"postgres://u:canary@h/d?lease=soon":      `the parameter lease is "soon"`,
		"postgres://u:canary@h/d?lease=1ms":       "lease 1ms is below",
		"postgres://u:canary@h/d?table=A%20B":     `table "A B"`,
		"postgres://u:canary@h/d?sslmode=canary2": "sslmode is invalid",
		"postgres://u:canary@h/d?a;b":             "cannot be read",
	} {
		_, err := postgres.Open(location, nil)
		require.ErrorContains(t, err, want, location)
		require.ErrorContains(t, err, "checkpoint location", location)
		require.NotContains(t, strings.ReplaceAll(err.Error(), "canary2", ""), "canary", location)
	}
}
