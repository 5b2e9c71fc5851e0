package checkpoint

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// DefaultTable is the table of an [SQLStore].
	DefaultTable = "sparkpipe_checkpoints"
	// DefaultLease is how long a lock of an [SQLStore] outlives its process.
	DefaultLease = 30 * time.Second
	// MinLease is the shortest lease.
	MinLease = 100 * time.Millisecond
)

// Dialect is the SQL that a database speaks.
type Dialect string

// The dialects that [SQLStore] knows.
const (
	// DialectSQLite is SQLite 3.24 or newer.
	DialectSQLite Dialect = "sqlite"
	// DialectPostgres is PostgreSQL 9.5 or newer.
	DialectPostgres Dialect = "postgres"
)

// SQLOptions are the options of [NewSQLStore].
type SQLOptions struct {
	// Table is the name of the table: lower-case letters, digits and "_", at
	// most 48. Empty means [DefaultTable]. Locks are kept in the table of that
	// name with "_locks" behind it.
	Table string
	// Lease is how long a lock stays without a sign of life from its process;
	// one comes every third of it. At least [MinLease]; 0 means [DefaultLease].
	// The clock is that of the database.
	Lease time.Duration
	// CreateTables makes the tables that do not exist when the store is used
	// first. Without it call [SQLStore.CreateTables] once.
	CreateTables bool

	_ struct{}
}

var tableName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,47}$`)

// Validate returns all faults of the options, joined.
func (o *SQLOptions) Validate() error {
	var faults []error
	if o.Table != "" && !tableName.MatchString(o.Table) {
		faults = append(faults, fmt.Errorf("table %q: want lower-case letters, digits and \"_\", at most 48", o.Table))
	}
	if o.Lease != 0 && o.Lease < MinLease {
		faults = append(faults, fmt.Errorf("lease %s is below %s", o.Lease, MinLease))
	}
	return errors.Join(faults...)
}

// SQLStore keeps each record in a row of a table. Call [SQLStore.CreateTables]
// once, or set the option of that name.
//
// A lock is a row with an owner and an end, which a goroutine moves on until the
// lock is released. That of a killed process is free when its lease has run out.
// Watch [Lock.Lost]: a process that was stopped for longer than the lease, or
// could not reach the database, may find its run taken by another.
type SQLStore struct {
	db      *sql.DB
	dialect Dialect
	table   string
	locks   string
	lease   time.Duration

	creating chan struct{} // held by who makes the tables
	mu       sync.Mutex
	ready    bool
	held     map[string]string // run id to owner
}

var _ Store = (*SQLStore)(nil)

// NewSQLStore returns the store of the database, whose driver is the caller's
// choice. It sends nothing and does not close db. With SQLite set a busy timeout,
// so that writers wait for each other.
func NewSQLStore(db *sql.DB, dialect Dialect, opts *SQLOptions) (*SQLStore, error) {
	if opts == nil {
		opts = &SQLOptions{}
	}
	if db == nil {
		return nil, errors.New("checkpoint store: a database is required")
	}
	if dialect != DialectSQLite && dialect != DialectPostgres {
		return nil, fmt.Errorf("checkpoint store: dialect %q is not supported; known are %s and %s", dialect, DialectSQLite, DialectPostgres)
	}
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("checkpoint store: %w", err)
	}
	table := cmp.Or(opts.Table, DefaultTable)
	return &SQLStore{
		db: db, dialect: dialect, table: table, locks: table + "_locks",
		lease: cmp.Or(opts.Lease, DefaultLease), held: make(map[string]string),
		creating: make(chan struct{}, 1), ready: !opts.CreateTables,
	}, nil
}

// sql writes a statement in the dialect. Parameters are spelled ?1 in SQLite and
// $1 in PostgreSQL; {now} is the database's time in milliseconds.
func (s *SQLStore) sql(statement string) string {
	now, binary := "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", "COLLATE BINARY"
	if s.dialect == DialectPostgres {
		now, binary = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)", `COLLATE "C"`
		statement = strings.ReplaceAll(statement, "?", "$")
	}
	return strings.NewReplacer("{table}", s.table, "{locks}", s.locks, "{now}", now, "{binary}", binary).Replace(statement)
}

// row names the place of a record in errors.
func (s *SQLStore) row(runID string) string {
	return "of run " + strconv.Quote(runID) + " in table " + s.table
}

// atomically runs change in a transaction.
func (s *SQLStore) atomically(ctx context.Context, change func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := change(tx); err != nil {
		return errors.Join(err, rollback(tx))
	}
	return tx.Commit()
}

func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}
