package audit

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// The defaults of [Config].
const (
	DefaultPath          = "/var/log/pipeline/audit"
	DefaultRetentionDays = 90
	DefaultRotateMB      = 100
)

// Config is the block hooks.audit of a configuration file.
type Config struct {
	// Enabled says whether anything is recorded.
	Enabled bool `koanf:"enabled" default:"true" doc:"whether an audit trail is written"`
	// IncludeDataSamples keeps rows and values of the data that events bring along.
	IncludeDataSamples bool `koanf:"include_data_samples" default:"false" doc:"whether events may hold rows and values of the data"`
	// Path is the folder of the log, in which [DefaultFile] is written, or a file
	// that ends in .jsonl. Default [DefaultPath].
	Path string `koanf:"audit_trail_path" default:"/var/log/pipeline/audit" doc:"folder of the log, in which audit.jsonl is written, or a file that ends in .jsonl"`
	// RetentionDays is how many days a file that was put aside is kept. Default 90.
	RetentionDays int `koanf:"retention_days" default:"90" min:"1" doc:"days that files that were put aside are kept"`
	// Required lets nothing start that cannot be recorded.
	Required bool `koanf:"required" default:"false" doc:"whether nothing starts that cannot be recorded"`
	// Fsync says when entries are made to last; default [FsyncInterval].
	Fsync Fsync `koanf:"fsync" default:"interval" enum:"always,interval,never" doc:"when entries are synced to the disk: always, every second, or when the system does"`
	// RotateMB is the size in MiB from which the file is put aside. Default 100.
	RotateMB int `koanf:"rotate_mb" default:"100" min:"1" doc:"size in MiB from which the file is put aside"`
	// RotateEvery is the age from which the file is put aside. Default a day.
	RotateEvery time.Duration `koanf:"rotate_every" default:"24h" min:"1s" doc:"age from which the file is put aside"`
	// MaxFiles is how many files that were put aside are kept; 0 keeps all.
	MaxFiles int `koanf:"max_files" default:"0" min:"0" doc:"how many files that were put aside are kept; 0 keeps all until retention_days"`
	// HMACKey signs the entries.
	HMACKey secrets.Value `koanf:"hmac_key" doc:"key that signs the entries, at least 16 bytes; without it they are hashed"`
	// Log writes the events to the log of the program, too.
	Log bool `koanf:"log" default:"false" doc:"whether events are also lines of the log"`
	// Async stores events beside the run.
	Async AsyncConfig `koanf:"async" doc:"store events beside the run, which does not wait for them"`
	// SQL is a table of a database that gets the events, too; nil is none.
	SQL *SQLConfig `koanf:"sql" doc:"table of a database that gets the events beside the file"`
	// Redact says what is hidden beside what always is.
	Redact RedactConfig `koanf:"redact" doc:"what is hidden in events"`
}

// AsyncConfig is the block async of [Config].
type AsyncConfig struct {
	// Enabled stores events in a goroutine of its own.
	Enabled bool `koanf:"enabled" default:"false" doc:"whether the run does not wait until events are stored"`
	// Queue is how many events wait at most. Default [DefaultQueue].
	Queue int `koanf:"queue" default:"1024" min:"1" doc:"how many events wait at most"`
	// Policy says what becomes of an event when the queue is full. Default
	// [PolicyBlock].
	Policy Policy `koanf:"policy" default:"block" enum:"block,drop,fail" doc:"what becomes of an event when the queue is full: wait, lose and count it, or an error"`
}

// RedactConfig is the block redact of [Config]; see [RedactOptions].
type RedactConfig struct {
	Keys        []string `koanf:"keys" doc:"further keys whose values are hidden"`
	Patterns    []string `koanf:"patterns" doc:"regular expressions of further texts that are hidden; of one with a group, what the group matches"`
	Passthrough []string `koanf:"passthrough" doc:"keys whose values are shown although they read like secrets"`
	Replacement string   `koanf:"replacement" default:"[REDACTED]" doc:"what stands in the place of a secret"`
}

// Strict reports whether a run has failed of which not everything is recorded: the
// trail is required, or its table is.
func (c *Config) Strict() bool { return c.Required || c.SQL.required(c) }

// minKey is the length of the shortest key that signs.
const minKey = 16

// Validate returns all faults of the block, joined. A zero value is the default.
func (c *Config) Validate() error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf("audit: "+format, args...)) }
	for _, n := range []struct {
		key   string
		value int64
	}{
		{"retention_days", int64(c.RetentionDays)}, {"rotate_mb", int64(c.RotateMB)}, {"rotate_every", int64(c.RotateEvery)},
		{"max_files", int64(c.MaxFiles)}, {"async.queue", int64(c.Async.Queue)},
	} {
		if n.value < 0 {
			add("%s is %d; it cannot be negative", n.key, n.value)
		}
	}
	if days := int64(c.RetentionDays); days > maxDays {
		add("retention_days is %d; at most %d", days, maxDays)
	}
	if strings.Contains(c.Path, "\x00") {
		add("audit_trail_path holds a zero byte")
	}
	if f := c.Fsync; f != "" && f != FsyncAlways && f != FsyncInterval && f != FsyncNever {
		add("fsync is %q; want always, interval or never", f)
	}
	if p := c.Async.Policy; p != "" && p != PolicyBlock && p != PolicyDrop && p != PolicyFail {
		add("async.policy is %q; want block, drop or fail", p)
	}
	if c.Required && c.Async.Enabled {
		add("required and async exclude each other: who does not wait does not know whether an event is stored")
	}
	if c.SQL != nil {
		for _, fault := range c.SQL.faults() {
			add("sql.%w", fault)
		}
		if c.Async.Enabled && !c.Required && c.SQL.required(c) {
			add("sql.required and async exclude each other: who does not wait does not know whether an event is stored")
		}
	}
	if n := len(c.HMACKey.Reveal()); n > 0 && n < minKey {
		add("hmac_key has %d bytes; want at least %d", n, minKey)
	}
	if err := c.redact().Validate(); err != nil {
		add("%w", err)
	}
	return errors.Join(faults...)
}

// maxDays is a hundred years, which a time.Duration can hold.
const maxDays = 36500

func (c *Config) redact() *RedactOptions {
	return &RedactOptions{
		Keys: c.Redact.Keys, Patterns: c.Redact.Patterns, Passthrough: c.Redact.Passthrough, Replacement: c.Redact.Replacement,
	}
}

// File returns the file that is written.
func (c *Config) File() string {
	path := cmp.Or(c.Path, DefaultPath)
	if strings.HasSuffix(path, ".jsonl") {
		return path
	}
	return filepath.Join(path, DefaultFile)
}
