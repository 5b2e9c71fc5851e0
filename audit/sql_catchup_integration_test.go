package audit_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// barrier is a way to a database that is closed at times.
type barrier struct {
	driver.Connector
	closed atomic.Bool
}

func (g *barrier) Connect(ctx context.Context) (driver.Conn, error) {
	if g.closed.Load() {
		return nil, errDown
	}
	return g.Connector.Connect(ctx)
}

// TestTableGetsWhatItHasMissed: the events of the time in which the table was down are
// in it before later ones, and the file has each of them once.
func TestTableGetsWhatItHasMissed(t *testing.T) {
	t.Parallel()
	location := storetest.Postgres(t)
	config, err := pgx.ParseConfig(location)
	require.NoError(t, err)
	for name, required := range map[string]bool{"required_table": true, "other_table": false} {
		way := &barrier{Connector: stdlib.GetConnector(*config)}
		opener := audit.Opener{Schemes: []string{"postgres"}, Open: func(secrets.Value) (*sql.DB, audit.Dialect, error) {
			return sql.OpenDB(way), audit.DialectPostgres, nil
		}}
		cfg := audit.Config{Enabled: true, Path: t.TempDir(), SQL: &audit.SQLConfig{
			URL: secrets.NewValue(location), Table: name, CreateTables: true, Required: &required,
		}}
		now := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		hook, err := audit.New(cfg, &audit.Options{Openers: []audit.Opener{opener}, Now: now.Now})
		require.NoError(t, err)
		way.closed.Store(true)
		for _, action := range []audit.Action{"a", "b", "c"} {
			err := hook.Record(t.Context(), audit.Event{Action: action, RunID: "r1"})
			if required {
				require.ErrorIs(t, err, audit.ErrRequired)
				require.ErrorContains(t, hook.Err("r1"), "events are not stored")
			} else {
				require.NoError(t, err)
				require.NoError(t, hook.Err("r1"))
			}
		}
		way.closed.Store(false)
		now.now = now.now.Add(time.Minute)
		require.NoError(t, hook.Record(t.Context(), audit.Event{Action: "d", RunID: "r1"}))
		require.NoError(t, hook.Err("r1"))
		require.NoError(t, hook.Close(t.Context()))

		report := verified(t, cfg.Path, nil)
		require.True(t, report.OK(), report.Problems)
		require.Equal(t, int64(4), report.Entries)
		db := sql.OpenDB(stdlib.GetConnector(*config))
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		var actions string
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT string_agg(action, ' ' ORDER BY seq) FROM "+name).Scan(&actions))
		require.Equal(t, "a b c d", actions)
		report, err = table(t, db, name, audit.SQLOptions{}).Verify(t.Context(), nil)
		require.NoError(t, err)
		require.True(t, report.OK(), report.Problems)
	}
}
