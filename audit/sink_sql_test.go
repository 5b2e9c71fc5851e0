package audit_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
)

// down is a database that nobody reaches.
type down struct{}

func (down) Connect(context.Context) (driver.Conn, error) { return nil, errDown }
func (down) Driver() driver.Driver                        { return nil }

var errDown = errors.New("connection refused")

func TestNewSQLSink(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(down{})
	t.Cleanup(func() { _ = db.Close() })
	for want, make := range map[string]func() (*audit.SQLSink, error){
		"a database is required":            func() (*audit.SQLSink, error) { return audit.NewSQLSink(nil, audit.DialectPostgres, nil) },
		`dialect "oracle" is not supported`: func() (*audit.SQLSink, error) { return audit.NewSQLSink(db, "oracle", nil) },
		`table "a; drop"`: func() (*audit.SQLSink, error) {
			return audit.NewSQLSink(db, audit.DialectMySQL, &audit.SQLOptions{Table: "a; drop"})
		},
	} {
		_, err := make()
		require.ErrorContains(t, err, want)
	}
	for _, create := range []bool{true, false} {
		sink, err := audit.NewSQLSink(db, audit.DialectSQLite, &audit.SQLOptions{CreateTables: create})
		require.NoError(t, err)
		err = sink.Write(t.Context(), audittest.Event(1))
		require.ErrorIs(t, err, errDown)
		require.ErrorContains(t, err, "write to the audit table sparkpipe_audit")
		ctx, cancel := context.WithCancelCause(t.Context())
		stopped := errors.New("stopped")
		cancel(stopped)
		require.ErrorIs(t, sink.Write(ctx, audittest.Event(1)), stopped)
		require.NoError(t, sink.Close(t.Context()))
	}
}

func TestSQLStatements(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(down{})
	t.Cleanup(func() { _ = db.Close() })
	for dialect, want := range map[audit.Dialect][]string{
		audit.DialectPostgres: {`COLLATE "C"`, "line TEXT", "ON CONFLICT (id) DO NOTHING"},
		audit.DialectMySQL:    {"COLLATE utf8mb4_bin", "line LONGTEXT", "INSERT IGNORE"},
		audit.DialectSQLite:   {"COLLATE BINARY", "line TEXT", "ON CONFLICT (id) DO NOTHING"},
	} {
		sink, err := audit.NewSQLSink(db, dialect, nil)
		require.NoError(t, err)
		all := strings.Join(sink.CreateStatements(), ";\n")
		for _, text := range append(want, "CREATE TABLE IF NOT EXISTS sparkpipe_audit ", "CREATE TABLE IF NOT EXISTS sparkpipe_audit_head ") {
			require.Contains(t, all, text)
		}
		require.NotContains(t, all, "{")
	}
}
