// Package databases_test runs the checks of audit sinks on SQLite and MariaDB. It
// is a module of its own, so that the driver of SQLite stays out of the go.mod of
// the library:
//
//	cd audit/testdata/databases && go test ./...
package databases_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite" // the driver

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sink(t *testing.T, db *sql.DB, dialect audit.Dialect, table string) *audit.SQLSink {
	t.Helper()
	s, err := audit.NewSQLSink(db, dialect, &audit.SQLOptions{
		Table: table, CreateTables: true, Key: secrets.NewValue("0123456789abcdef"),
	})
	require.NoError(t, err)
	return s
}

func store(dialect audit.Dialect, open func(t *testing.T) *sql.DB, table string) audittest.Store {
	return audittest.Store{
		Open: func(t *testing.T) audit.Sink { return sink(t, open(t), dialect, table) },
		Verify: func(t *testing.T) (audit.Report, error) {
			return sink(t, open(t), dialect, table).Verify(t.Context(), nil)
		},
	}
}

// edit changes a column of a row behind the sink's back, which Verify finds.
func edit(t *testing.T, db *sql.DB, dialect audit.Dialect) {
	t.Helper()
	s := sink(t, db, dialect, "edited")
	require.NoError(t, s.CreateTables(t.Context()))
	require.NoError(t, s.CreateTables(t.Context()), "it works twice")
	for n := range 3 {
		require.NoError(t, s.Write(t.Context(), audittest.Event(n)))
	}
	_, err := db.ExecContext(t.Context(), "UPDATE edited SET status = 'success' WHERE seq = 2")
	require.NoError(t, err)
	report, err := s.Verify(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, report.Problems, 1)
	require.Equal(t, audit.KindEdited, report.Problems[0].Kind)
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, file string) *sql.DB {
		db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(20000)&_txlock=immediate&_pragma=synchronous(off)")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	audittest.Run(t, func(t *testing.T) audittest.Store {
		file := filepath.Join(t.TempDir(), "audit.db")
		return store(audit.DialectSQLite, func(t *testing.T) *sql.DB { return open(t, file) }, "")
	})
	edit(t, open(t, filepath.Join(t.TempDir(), "audit.db")), audit.DialectSQLite)
}

func TestMariaDB(t *testing.T) {
	t.Parallel()
	server := storetest.MariaDB(t)
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net, config.Addr, config.DBName = server.User, server.Password, "tcp", server.Addr, server.Name
	config.MaxAllowedPacket = 64 << 20
	connector, err := mysql.NewConnector(config)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	var number atomic.Int64
	t.Run("contract", func(t *testing.T) {
		audittest.Run(t, func(*testing.T) audittest.Store {
			return store(audit.DialectMySQL, func(*testing.T) *sql.DB { return db }, fmt.Sprintf("audit_%d", number.Add(1)))
		})
	})
	edit(t, db, audit.DialectMySQL)
}
