package audit

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// SQLConfig is the block sql of [Config]: a table that gets every event beside the
// file, by a [SQLSink]. What one of the two could not take it gets later; the other
// does not wait for it.
type SQLConfig struct {
	// URL is the database, such as postgres://user:password@host/database. Which
	// schemes there are say the openers of [Options].
	URL secrets.Value `koanf:"url" required:"true" doc:"URL of the database: postgres://user:password@host/database or mysql://…; best a reference to a secret"`
	// Table is the name of the table; see [SQLOptions]. Default [DefaultTable].
	Table string `koanf:"table" default:"sparkpipe_audit" doc:"name of the table: lower-case letters, digits and _, at most 48; the head is in the table of that name with _head"`
	// CreateTables makes the tables when they do not exist.
	CreateTables bool `koanf:"create_tables" default:"true" doc:"whether the tables are made when they do not exist"`
	// Required lets nothing start that is not in the table. Nil is what
	// [Config.Required] is.
	Required *bool `koanf:"required" doc:"whether nothing starts that is not in the table; without it what required of the trail says"`
}

// required is what the block says, or else the trail.
func (s *SQLConfig) required(c *Config) bool {
	switch {
	case s == nil:
		return false
	case s.Required != nil:
		return *s.Required
	}
	return c.Required
}

// Validate returns all faults of the block, joined, each with its key. The URL is
// read when it is opened.
func (s *SQLConfig) Validate() error { return errors.Join(s.faults()...) }

func (s *SQLConfig) faults() []error {
	var faults []error
	if s.URL.IsZero() {
		faults = append(faults, errors.New("url: it is empty; want a URL such as postgres://user@host/database"))
	}
	if s.Table != "" && !tableName.MatchString(s.Table) {
		faults = append(faults, fmt.Errorf("table: %q: want lower-case letters, digits and \"_\", at most 48", s.Table))
	}
	return faults
}

// open opens the table of the block, and has the redactor hide what its URL holds.
func (s *SQLConfig) open(c *Config, opts *Options, redactor *Redactor) (*SQLSink, error) {
	table, err := OpenSQLSink(s.URL, &SQLOptions{Table: s.Table, Key: c.HMACKey, CreateTables: s.CreateTables}, opts.Openers...)
	if err != nil {
		return nil, fmt.Errorf("audit: sql.url: %w", err)
	}
	redactor.Add(urlSecrets(s.URL)...)
	return table, nil
}

// lane is that of the table.
func (s *SQLConfig) lane(c *Config, opts *Options, table *SQLSink, logger *zap.Logger) (*lane, error) {
	l := &lane{sink: table, name: "sql", required: s.required(c), extra: true}
	if !c.Async.Enabled {
		return l, nil
	}
	async, err := NewAsync(table, c.async(opts, logger))
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	l.sink = async
	return l, nil
}

// async are the options of an [Async] sink of the block.
func (c *Config) async(opts *Options, logger *zap.Logger) *AsyncOptions {
	return &AsyncOptions{Queue: c.Async.Queue, Policy: c.Async.Policy, Logger: logger, Now: opts.Now}
}

// fileOptions are those of the file.
func (c *Config) fileOptions(opts *Options) *FileOptions {
	return &FileOptions{
		Key: c.HMACKey, Fsync: c.Fsync, RotateBytes: int64(c.RotateMB) << 20, RotateEvery: c.RotateEvery,
		Retention: time.Duration(c.RetentionDays) * 24 * time.Hour, MaxFiles: c.MaxFiles, Now: opts.Now,
	}
}
