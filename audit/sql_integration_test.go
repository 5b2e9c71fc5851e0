package audit_test

import (
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// postgres opens a database of the test's own.
func postgres(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", storetest.Postgres(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func table(t *testing.T, db *sql.DB, name string, opts audit.SQLOptions) *audit.SQLSink {
	t.Helper()
	opts.Table, opts.CreateTables = name, true
	sink, err := audit.NewSQLSink(db, audit.DialectPostgres, &opts)
	require.NoError(t, err)
	return sink
}

func TestSQLSinkOnPostgres(t *testing.T) {
	t.Parallel()
	db := postgres(t)
	var number atomic.Int64
	for name, opts := range map[string]audit.SQLOptions{"hashed": {}, "signed": {Key: key()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			audittest.Run(t, func(*testing.T) audittest.Store {
				name := fmt.Sprintf("audit_%d", number.Add(1))
				return audittest.Store{
					Open:   func(t *testing.T) audit.Sink { return table(t, db, name, opts) },
					Verify: func(t *testing.T) (audit.Report, error) { return table(t, db, name, opts).Verify(t.Context(), nil) },
				}
			})
		})
	}
	t.Run("finds what was done to the table", func(t *testing.T) { t.Parallel(); checkTampering(t, db) })
	t.Run("goes on only with its key", func(t *testing.T) { t.Parallel(); checkKeys(t, db) })
}

func checkTampering(t *testing.T, db *sql.DB) {
	t.Helper()
	for i, test := range []struct {
		statement string
		want      audit.Kind
	}{
		{"UPDATE %s SET line = replace(line, 'failure', 'success') WHERE seq = 3", audit.KindEdited},
		{"UPDATE %s SET status = 'success' WHERE seq = 3", audit.KindEdited},
		{"UPDATE %s SET run_id = '' WHERE seq = 5", audit.KindEdited},
		{"DELETE FROM %s WHERE seq = 3", audit.KindDeleted},
		{"DELETE FROM %s WHERE seq = 1", audit.KindCut},
		{"DELETE FROM %s WHERE seq > 3", audit.KindCut},
		{"DELETE FROM %s", audit.KindCut},
		{"UPDATE %s SET line = 'x' WHERE seq = 4", audit.KindUnreadable},
	} {
		name := fmt.Sprintf("tampered_%d", i)
		sink := table(t, db, name, audit.SQLOptions{})
		for n := range 5 {
			require.NoError(t, sink.Write(t.Context(), audittest.Event(n)))
		}
		report, err := sink.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.True(t, report.OK(), report.Problems)
		_, err = db.ExecContext(t.Context(), fmt.Sprintf(test.statement, name))
		require.NoError(t, err)
		report, err = sink.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, []audit.Kind{test.want}, kinds(report), "%s: %v", test.statement, report.Problems)
	}
}

func checkKeys(t *testing.T, db *sql.DB) {
	t.Helper()
	require.NoError(t, table(t, db, "keyed", audit.SQLOptions{Key: key()}).Write(t.Context(), audittest.Event(1)))
	for _, other := range []secrets.Value{{}, secrets.NewValue("another key of the owner")} {
		err := table(t, db, "keyed", audit.SQLOptions{Key: other}).Write(t.Context(), audittest.Event(2))
		require.ErrorIs(t, err, audit.ErrKey)
		require.ErrorContains(t, err, "write to the audit table keyed")
	}
	head, err := table(t, db, "keyed", audit.SQLOptions{Key: key()}).Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), head.Seq)
	_, err = db.ExecContext(t.Context(), "DELETE FROM keyed_head")
	require.NoError(t, err)
	require.Error(t, table(t, db, "keyed", audit.SQLOptions{Key: key()}).Write(t.Context(), audittest.Event(3)), "a head that is gone is not made up")
}
