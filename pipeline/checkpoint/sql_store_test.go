package checkpoint_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/checkpointtest"
)

// scripted is a database that remembers statements and answers every one of them
// with the same number of rows. What the statements do is tested on a real one.
type scripted struct {
	mu     sync.Mutex
	seen   []string
	answer func(statement string) (int64, error)
}

func (s *scripted) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (s *scripted) Driver() driver.Driver                        { return nil }
func (s *scripted) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("not prepared") }
func (s *scripted) Close() error                                 { return nil }
func (s *scripted) Begin() (driver.Tx, error)                    { return s, nil }
func (s *scripted) Commit() error                                { return s.run("COMMIT") }
func (s *scripted) Rollback() error                              { return s.run("ROLLBACK") }

func (s *scripted) run(statement string) error { _, err := s.do(statement); return err }

func (s *scripted) do(statement string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, statement)
	return s.answer(statement)
}

func (s *scripted) ExecContext(_ context.Context, statement string, _ []driver.NamedValue) (driver.Result, error) {
	rows, err := s.do(statement)
	return driver.RowsAffected(rows), err
}

func (s *scripted) QueryContext(_ context.Context, statement string, _ []driver.NamedValue) (driver.Rows, error) {
	_, err := s.do(statement)
	return noRows{}, err
}

type noRows struct{}

func (noRows) Columns() []string         { return []string{"a", "b", "c"} }
func (noRows) Close() error              { return nil }
func (noRows) Next([]driver.Value) error { return io.EOF }

func sqlStore(t *testing.T, dialect checkpoint.Dialect, answer func(string) (int64, error)) (*checkpoint.SQLStore, *scripted) {
	t.Helper()
	fake := &scripted{answer: answer}
	db := sql.OpenDB(fake)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	store, err := checkpoint.NewSQLStore(db, dialect, &checkpoint.SQLOptions{Lease: checkpoint.MinLease})
	require.NoError(t, err)
	return store, fake
}

func TestNewSQLStore_refuses(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(&scripted{})
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err := checkpoint.NewSQLStore(nil, checkpoint.DialectSQLite, nil)
	require.ErrorContains(t, err, "a database is required")
	_, err = checkpoint.NewSQLStore(db, "oracle", nil)
	require.ErrorContains(t, err, `dialect "oracle" is not supported; known are sqlite and postgres`)
	for _, table := range []string{"a b", "a;b", `"a"`, "Runs", "1a", strings.Repeat("a", 49)} {
		_, err = checkpoint.NewSQLStore(db, checkpoint.DialectSQLite, &checkpoint.SQLOptions{Table: table, Lease: time.Millisecond})
		require.ErrorContains(t, err, "table \"", table)
		require.ErrorContains(t, err, "lease 1ms is below 100ms")
	}
	_, err = checkpoint.NewSQLStore(db, checkpoint.DialectPostgres, nil)
	require.NoError(t, err)
}

func TestSQLStore_dialects(t *testing.T) {
	t.Parallel()
	for dialect, test := range map[checkpoint.Dialect]struct{ place, other, clock string }{
		checkpoint.DialectSQLite:   {"?1", "$", "julianday"},
		checkpoint.DialectPostgres: {"$1", "?", "clock_timestamp"},
	} {
		store, fake := sqlStore(t, dialect, func(string) (int64, error) { return 1, nil })
		require.NoError(t, store.CreateTables(t.Context()))
		require.NoError(t, store.Save(t.Context(), checkpointtest.Record("a")))
		lock, err := store.Lock(t.Context(), "a")
		require.NoError(t, err)
		require.NoError(t, lock.Release(t.Context()))
		_, err = store.List(t.Context(), &checkpoint.Filter{Pipeline: "p", Statuses: []checkpoint.Status{"failed", "running"}})
		require.NoError(t, err)
		all := strings.Join(fake.seen, "\n")
		require.Contains(t, all, test.place)
		require.Contains(t, all, test.clock)
		require.NotContains(t, all, test.other)
		require.NotContains(t, all, "{")
		require.Contains(t, all, "COMMIT")
	}
}

func TestSQLStore_lockIsLost(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(string) (int64, error){
		"taken":            func(string) (int64, error) { return 0, nil },
		"database is gone": func(string) (int64, error) { return 0, errors.New("broken pipe") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := sqlStore(t, checkpoint.DialectSQLite, func(statement string) (int64, error) {
				if strings.HasPrefix(statement, "UPDATE") {
					return answer(statement)
				}
				return 1, nil
			})
			lock, err := store.Lock(t.Context(), "a")
			require.NoError(t, err)
			select {
			case <-lock.Lost():
			case <-t.Context().Done():
				require.Fail(t, "it is never lost")
			}
			require.NoError(t, lock.Release(t.Context()))
		})
	}
}

func TestSQLStore_databaseErrors(t *testing.T) {
	t.Parallel()
	gone := errors.New("broken pipe")
	store, _ := sqlStore(t, checkpoint.DialectPostgres, func(string) (int64, error) { return 0, gone })
	r := checkpointtest.Record("a")
	require.ErrorIs(t, store.CreateTables(t.Context()), gone)
	require.ErrorIs(t, store.Save(t.Context(), r), gone)
	require.Zero(t, r.Revision)
	require.ErrorIs(t, store.Delete(t.Context(), "a"), gone)
	_, err := store.Load(t.Context(), "a")
	require.ErrorIs(t, err, gone)
	require.NotErrorIs(t, err, checkpoint.ErrNotFound)
	_, err = store.List(t.Context(), nil)
	require.ErrorIs(t, err, gone)
	_, err = store.Lock(t.Context(), "a")
	require.ErrorIs(t, err, gone)
}
