package audit_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// talkative is a database that nobody reaches, and whose driver repeats the URL.
type talkative struct {
	url   string
	asked *atomic.Int64
}

func (d talkative) Connect(context.Context) (driver.Conn, error) {
	d.asked.Add(1)
	u, err := url.Parse(d.url)
	if err != nil {
		return nil, err
	}
	password, _ := u.User.Password()
	return nil, fmt.Errorf("cannot reach %s with %q: %w", d.url, password, errDown)
}
func (talkative) Driver() driver.Driver { return nil }

const talkativeURL = "db://etl:" + canary + "%2F@host/ops?sslpassword=" + canary + "2"

// opener opens databases that are down, and counts how often one is asked.
func opener(asked *atomic.Int64) audit.Opener {
	return audit.Opener{Schemes: []string{"db"}, Open: func(location secrets.Value) (*sql.DB, audit.Dialect, error) {
		return sql.OpenDB(talkative{location.Reveal(), asked}), audit.DialectPostgres, nil
	}}
}

// audited returns a hook with a table that is down.
func audited(t *testing.T, cfg audit.Config, opts audit.Options) (*audit.Hook, *observer.ObservedLogs, *atomic.Int64) {
	t.Helper()
	asked := new(atomic.Int64)
	core, logs := observer.New(zapcore.InfoLevel)
	cfg.Enabled = true
	if cfg.Path == "" {
		cfg.Path = t.TempDir()
	}
	if cfg.SQL.URL.IsZero() {
		cfg.SQL.URL = secrets.NewValue(talkativeURL)
	}
	opts.Logger, opts.Openers = zap.New(core), []audit.Opener{opener(asked)}
	hook, err := audit.New(cfg, &opts)
	require.NoError(t, err)
	return hook, logs, asked
}

func TestSQLConfigTellsEveryFault(t *testing.T) {
	t.Parallel()
	yes := true
	err := (&audit.Config{Async: audit.AsyncConfig{Enabled: true}, SQL: &audit.SQLConfig{Table: "A b", Required: &yes}}).Validate()
	for _, want := range []string{"audit: sql.url: it is empty", `audit: sql.table: "A b": want lower-case letters`, "audit: sql.required and async exclude each other"} {
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, (&audit.Config{Async: audit.AsyncConfig{Enabled: true}, SQL: &audit.SQLConfig{URL: key()}}).Validate())
	for location, want := range map[string]string{
		"oracle://u:" + canary + "@h/d": "audit: sql.url: there is no database for oracle://; known are db://…",
		canary:                          "audit: sql.url: it is not a URL of a database; known are db://…",
		"fine://x":                      "audit: sql.url: there is no database for fine://",
	} {
		_, err := audit.New(audit.Config{Enabled: true, Path: t.TempDir(), SQL: &audit.SQLConfig{URL: secrets.NewValue(location)}},
			&audit.Options{Openers: []audit.Opener{opener(new(atomic.Int64))}})
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), canary)
		_, err = audit.New(audit.Config{Enabled: true, Path: t.TempDir(), SQL: &audit.SQLConfig{URL: secrets.NewValue(location)}}, nil)
		require.ErrorContains(t, err, "this program opens no databases; give audit.Options an Opener")
	}
	none := audit.Opener{Schemes: []string{"none"}, Open: func(secrets.Value) (*sql.DB, audit.Dialect, error) { return nil, audit.DialectSQLite, nil }}
	_, _, err = audit.OpenDatabase(secrets.NewValue("NONE://x"), none)
	require.ErrorContains(t, err, "gave no database")
	_, err = audit.OpenSQLSink(secrets.NewValue(talkativeURL), &audit.SQLOptions{Table: "A"}, opener(new(atomic.Int64)))
	require.ErrorContains(t, err, `table "A"`)
}

// TestTableThatIsRequired goes through who requires what while the table is down: the
// file has every event all the same.
func TestTableThatIsRequired(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, test := range map[string]struct {
		trail  bool
		table  *bool
		vetoed bool
	}{
		"neither":             {},
		"the trail":           {trail: true, vetoed: true},
		"the table alone":     {table: &yes, vetoed: true},
		"the file alone":      {trail: true, table: &no},
		"neither, said twice": {table: &no},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := audit.Config{Path: t.TempDir(), Required: test.trail, SQL: &audit.SQLConfig{Required: test.table}}
			require.Equal(t, test.trail || test.vetoed, cfg.Strict())
			hook, logs, _ := audited(t, cfg, audit.Options{})
			result := runs(t.Context(), t, "r1", []hooks.PipelineHooks{hook}, step{"read", fine})
			if test.vetoed {
				require.ErrorIs(t, result.Err, audit.ErrRequired)
				require.ErrorIs(t, result.Err, errDown)
				require.ErrorIs(t, hook.Err("r1"), audit.ErrUnaudited)
				require.ErrorContains(t, hook.Err("r1"), "2 events are not stored: write to the audit table sparkpipe_audit")
				require.ErrorIs(t, hook.Record(t.Context(), audit.Event{Action: "x"}), audit.ErrRequired)
				require.ErrorIs(t, hook.Close(t.Context()), audit.ErrUnaudited)
			} else {
				require.NoError(t, result.Err)
				require.NoError(t, hook.Err("r1"))
				require.NoError(t, hook.Record(t.Context(), audit.Event{Action: "x"}))
				require.NoError(t, hook.Flush(t.Context()))
				require.NoError(t, hook.Close(t.Context()))
				require.Equal(t, 1, logs.FilterMessage("audit events lost").FilterField(zap.String("sink", "sql")).Len())
			}
			require.Equal(t, 1, logs.FilterMessage("audit events cannot be stored").FilterField(zap.String("sink", "sql")).Len())
			report := verified(t, cfg.Path, nil)
			require.True(t, report.OK(), report.Problems)
			want := int64(5) // two of the run, two of the component, one more
			if test.vetoed {
				want = 3
			}
			require.Equal(t, want, report.Entries)
			for _, entry := range logs.All() {
				require.NotContains(t, fmt.Sprint(entry.ContextMap()), canary)
			}
			if result.Err != nil {
				require.NotContains(t, result.Err.Error(), canary)
				require.Contains(t, result.Err.Error(), "cannot reach [REDACTED]")
			}
			require.NoError(t, hook.Close(t.Context()), "it works twice")
		})
	}
}

func TestFileThatIsDownBesideATable(t *testing.T) {
	t.Parallel()
	no := false
	hook, _, _ := audited(t, audit.Config{Path: "/dev/null/audit", Required: true, SQL: &audit.SQLConfig{Required: &no}}, audit.Options{})
	err := hook.Record(t.Context(), audit.Event{Action: "x"})
	require.ErrorIs(t, err, audit.ErrRequired)
	require.NotErrorIs(t, err, errDown)
	require.ErrorIs(t, hook.Close(t.Context()), audit.ErrUnaudited)
}

// TestTableThatIsNotRequiredRests: a run does not wait for it again and again.
func TestTableThatIsNotRequiredRests(t *testing.T) {
	t.Parallel()
	now := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	hook, _, asked := audited(t, audit.Config{SQL: &audit.SQLConfig{}}, audit.Options{Now: now.Now})
	record := func() int64 {
		before := asked.Load()
		require.NoError(t, hook.Record(t.Context(), audit.Event{Action: "x"}))
		return asked.Load() - before
	}
	require.Positive(t, record())
	require.Zero(t, record())
	now.now = now.now.Add(9 * time.Second)
	require.Zero(t, record())
	now.now = now.now.Add(time.Second)
	require.Positive(t, record())
	require.Zero(t, record(), "it rests anew")
	require.NoError(t, hook.Close(t.Context()))
}

func TestTableBehindAQueue(t *testing.T) {
	t.Parallel()
	hook, logs, asked := audited(t, audit.Config{Async: audit.AsyncConfig{Enabled: true}, SQL: &audit.SQLConfig{}}, audit.Options{})
	require.NoError(t, hook.Record(t.Context(), audit.Event{Action: "x"}))
	err := hook.Close(t.Context())
	require.ErrorContains(t, err, "1 were not stored")
	require.NotContains(t, err.Error(), canary)
	require.Positive(t, asked.Load())
	require.NotEmpty(t, logs.FilterMessage("audit event lost").All())
	require.NotContains(t, fmt.Sprint(logs.All()), canary)
}

func TestSinkOfAURL(t *testing.T) {
	t.Parallel()
	sink, err := audit.OpenSQLSink(secrets.NewValue(talkativeURL), nil, opener(new(atomic.Int64)))
	require.NoError(t, err)
	_, headErr := sink.Head(t.Context())
	_, verifyErr := sink.Verify(t.Context(), nil)
	for _, err := range []error{headErr, verifyErr, sink.CreateTables(t.Context()), sink.Write(t.Context(), audit.Event{Action: "x"})} {
		require.ErrorIs(t, err, errDown)
		require.ErrorContains(t, err, "[REDACTED]")
		require.NotContains(t, err.Error(), canary)
	}
	require.NoError(t, sink.Close(t.Context()))
	require.NoError(t, sink.Close(t.Context()))
	require.ErrorIs(t, sink.Write(t.Context(), audit.Event{Action: "x"}), audit.ErrClosed)
	require.False(t, errors.Is(headErr, sql.ErrNoRows))
}
