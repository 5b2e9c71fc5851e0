package audit_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestConfigDocumentsItself(t *testing.T) {
	t.Parallel()
	names := map[string]config.FieldDoc{}
	for _, field := range config.FieldsOf(reflect.TypeFor[audit.Config]()) {
		require.NotEmpty(t, field.Doc, field.Name)
		names[field.Name] = field
	}
	for _, key := range []string{
		"enabled", "include_data_samples", "audit_trail_path", "retention_days", "required", "fsync", "rotate_mb", "rotate_every", "max_files",
		"hmac_key", "log", "async.enabled", "async.queue", "async.policy", "redact.keys", "redact.patterns", "redact.passthrough", "redact.replacement",
		"sql", "sql.url", "sql.table", "sql.create_tables", "sql.required",
	} {
		require.Contains(t, names, key)
	}
	require.Equal(t, "90", names["retention_days"].Default)
	require.Equal(t, "1", names["retention_days"].Min)
	require.Equal(t, audit.DefaultPath, names["audit_trail_path"].Default)
}

func TestConfigTellsEveryFault(t *testing.T) {
	t.Parallel()
	require.NoError(t, new(audit.Config).Validate())
	bad := audit.Config{
		RetentionDays: -1, RotateMB: -1, RotateEvery: -1, MaxFiles: -1, Fsync: "daily", Required: true, HMACKey: secrets.NewValue("short " + "key"), Path: "a\x00",
		Async: audit.AsyncConfig{Enabled: true, Queue: -1, Policy: "lose"}, Redact: audit.RedactConfig{Patterns: []string{"("}, Replacement: "\n"},
	}
	err := bad.Validate()
	for _, want := range []string{
		"retention_days is -1", "rotate_mb is -1", "rotate_every is -1", "max_files is -1", "async.queue is -1", "zero byte", `fsync is "daily"`,
		`async.policy is "lose"`, "required and async exclude each other", "hmac_key has 9 bytes; want at least 16", "redact.patterns[0]", "redact.replacement",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "short key")
	for line := range strings.Lines(err.Error()) {
		require.True(t, strings.HasPrefix(line, "audit: ") || strings.HasPrefix(line, "redact."), line)
	}
	_, err = audit.New(bad, nil)
	require.Error(t, err)
	require.ErrorContains(t, (&audit.Config{RetentionDays: 1 << 40}).Validate(), "at most")
}

func TestConfigFile(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"": filepath.Join(audit.DefaultPath, "audit.jsonl"), "/x": "/x/audit.jsonl", "/x/": "/x/audit.jsonl", "/x/orders.jsonl": "/x/orders.jsonl",
	} {
		require.Equal(t, want, (&audit.Config{Path: path}).File())
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*audit.Config){
		"plain": func(*audit.Config) {}, "signed": func(c *audit.Config) { c.HMACKey = key() }, "async": func(c *audit.Config) { c.Async.Enabled = true },
		"required": func(c *audit.Config) { c.Required = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zapcore.InfoLevel)
			more := &audittest.Memory{}
			cfg := audit.Config{Enabled: true, Path: t.TempDir(), Log: true, Redact: audit.RedactConfig{Keys: []string{"badge"}}}
			change(&cfg)
			hook, err := audit.New(cfg, &audit.Options{Logger: zap.New(core), Targets: []audit.Target{{Name: "more", Sink: more}}})
			require.NoError(t, err)
			require.NoError(t, hook.Record(t.Context(), audit.Event{Action: "x", Metadata: map[string]string{"badge": "7", "key": cfg.HMACKey.Reveal()}}))
			require.NoError(t, hook.Close(t.Context()))
			require.Len(t, more.Events(), 1)
			require.Equal(t, 1, more.Closed())
			require.Equal(t, "[REDACTED]", more.Events()[0].Metadata["badge"])
			require.Equal(t, 1, logs.FilterLoggerName("audit").Len())
			report := verified(t, cfg.Path, &audit.VerifyOptions{Key: cfg.HMACKey})
			require.True(t, report.OK(), report.Problems)
			require.Equal(t, int64(1), report.Entries)
			if key := cfg.HMACKey.Reveal(); key != "" {
				require.NotContains(t, read(t, cfg.File()), key)
			}
		})
	}
}

func TestNewThatIsNotEnabled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none")
	hook, err := audit.New(audit.Config{Path: path, Required: true}, nil)
	require.NoError(t, err)
	require.NoError(t, hook.Record(t.Context(), audit.Event{Action: "x"}))
	require.NoError(t, hook.Close(t.Context()))
	require.NoDirExists(t, path)
}

func TestNewRequiredWithAFolderThatCannotBeMade(t *testing.T) {
	t.Parallel()
	hook, err := audit.New(audit.Config{Enabled: true, Path: "/dev/null/audit", Required: true, RotateEvery: time.Hour}, nil)
	require.NoError(t, err)
	require.ErrorIs(t, hook.Record(t.Context(), audit.Event{Action: "x"}), audit.ErrRequired)
	require.ErrorIs(t, hook.Close(t.Context()), audit.ErrUnaudited)
}
