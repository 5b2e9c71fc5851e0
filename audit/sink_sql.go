package audit

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// DefaultTable is the table of an [SQLSink].
const DefaultTable = "sparkpipe_audit"

// Dialect is the SQL that a database speaks.
type Dialect string

// The dialects that [SQLSink] knows.
const (
	// DialectPostgres is PostgreSQL 9.5 or newer.
	DialectPostgres Dialect = "postgres"
	// DialectMySQL is MySQL 5.7 or newer, or MariaDB 10.2 or newer.
	DialectMySQL Dialect = "mysql"
	// DialectSQLite is SQLite 3.24 or newer.
	DialectSQLite Dialect = "sqlite"
)

// SQLOptions are the settings of [NewSQLSink]. Nil means defaults.
type SQLOptions struct {
	// Table is the name of the table: lower-case letters, digits and "_", at most
	// 48. The head of the chain is in the table of that name with "_head" behind
	// it. Default [DefaultTable].
	Table string
	// Key signs the entries; see [FileOptions.Key].
	Key secrets.Value
	// CreateTables makes the tables at the first Write when they do not exist.
	// Without it call [SQLSink.CreateTables] once.
	CreateTables bool

	_ struct{}
}

var tableName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,47}$`)

// SQLSink keeps each event in a row of a table, with the line that is hashed and
// the columns that one looks for. Each Write is a transaction, in which the row of
// the head is locked; so the chain goes on from process to process.
//
// Give who writes the right to insert into the table and to update the head, and
// not to update or delete in the table.
type SQLSink struct {
	db      *sql.DB
	dialect Dialect
	table   string
	signer  signer
	create  chan bool    // one element: whether tables are still to be made
	own     *ownDatabase // nil for a database of the caller's
}

var _ Sink = (*SQLSink)(nil)

// NewSQLSink returns a sink for the database, whose driver is the caller's choice.
// It sends nothing, and Close does not close db. With SQLite set a busy timeout, so
// that writers wait for each other.
func NewSQLSink(db *sql.DB, dialect Dialect, opts *SQLOptions) (*SQLSink, error) {
	if opts == nil {
		opts = &SQLOptions{}
	}
	switch {
	case db == nil:
		return nil, errors.New("new audit table: a database is required")
	case dialect != DialectPostgres && dialect != DialectMySQL && dialect != DialectSQLite:
		return nil, fmt.Errorf("new audit table: dialect %q is not supported; known are %s, %s and %s", dialect, DialectPostgres, DialectMySQL, DialectSQLite)
	case opts.Table != "" && !tableName.MatchString(opts.Table):
		return nil, fmt.Errorf("new audit table: table %q: want lower-case letters, digits and \"_\", at most 48", opts.Table)
	}
	s := &SQLSink{db: db, dialect: dialect, table: cmp.Or(opts.Table, DefaultTable), signer: signer{opts.Key}, create: make(chan bool, 1)}
	s.create <- opts.CreateTables
	return s, nil
}

// Write implements [Sink].
func (s *SQLSink) Write(ctx context.Context, e Event) error {
	if s.own != nil && s.own.closed.Load() {
		return ErrClosed
	}
	err := s.prepare(ctx)
	if err == nil {
		err = s.atomically(ctx, func(tx *sql.Tx) error { return s.insert(ctx, tx, e) })
	}
	return s.fault(ctx, "write to the audit table "+s.table, err)
}

// Close implements [Sink]. A database that [NewSQLSink] was given stays open.
func (s *SQLSink) Close(context.Context) error { return s.release() }

// release closes a database of the sink's own.
func (s *SQLSink) release() error {
	if s.own == nil {
		return nil
	}
	s.own.closed.Store(true)
	return s.db.Close()
}

// Head returns the end of the chain; zero when there is no entry.
func (s *SQLSink) Head(ctx context.Context) (Head, error) {
	head, _, err := s.head(ctx)
	return head, err
}

// head also reports whether there is a row of the head.
func (s *SQLSink) head(ctx context.Context) (head Head, found bool, err error) {
	var mac string
	err = s.db.QueryRowContext(ctx, s.sql(`SELECT seq, hash, mac FROM {head} WHERE id = 1`)).Scan(&head.Seq, &head.Hash, &mac)
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, false, nil
	}
	if err == nil {
		err = s.checkHead(head, mac)
	}
	if err != nil {
		return Head{}, false, s.fault(ctx, "read the head of the audit table "+s.table, err)
	}
	return head, true, nil
}

// insert writes one row behind the head. Counting the head up first locks its row.
func (s *SQLSink) insert(ctx context.Context, tx *sql.Tx, e Event) error {
	if _, err := tx.ExecContext(ctx, s.sql(`UPDATE {head} SET seq = seq + 1 WHERE id = 1`)); err != nil {
		return err
	}
	var last Head
	var mac string
	if err := tx.QueryRowContext(ctx, s.sql(`SELECT seq, hash, mac FROM {head} WHERE id = 1`)).Scan(&last.Seq, &last.Hash, &mac); err != nil {
		return fmt.Errorf("read the head: %w", err)
	}
	last.Seq--
	if err := s.checkHead(last, mac); err != nil {
		return err
	}
	line, head, err := s.signer.seal(e, last)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, s.sql(`INSERT INTO {table} (seq, time, action, status, actor, resource, pipeline, run_id, line) `+
		`VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`), s.row(head.Seq, e, string(bytes.TrimSuffix(line, []byte("\n"))))...); err != nil {
		return err
	}
	if !s.signer.key.IsZero() {
		mac = s.signer.sum([]byte(head.String()))
	}
	_, err = tx.ExecContext(ctx, s.sql(`UPDATE {head} SET hash = ?1, mac = ?2 WHERE id = 1`), head.Hash, mac)
	return err
}

// columnLength is the length of the longest text of a column besides the line; a
// longer one is cut there.
const columnLength = 255

// row are the values of the columns.
func (s *SQLSink) row(seq int64, e Event, line string) []any {
	values := []any{seq, At(e.Time.Time).String()}
	for _, text := range []string{string(e.Action), string(e.Status), e.Actor, e.Resource, e.Pipeline, e.RunID} {
		values = append(values, cut(strings.Map(storable, text), columnLength))
	}
	return append(values, line)
}

// storable replaces the zero, which PostgreSQL knows in no text; [strings.Map]
// itself replaces each byte that is none of UTF-8, as JSON does.
func storable(r rune) rune {
	if r == 0 {
		return utf8.RuneError
	}
	return r
}

// checkHead refuses to go on with a chain that is signed in another way.
func (s *SQLSink) checkHead(head Head, mac string) error {
	if head.Seq == 0 {
		return nil
	}
	if strings.HasPrefix(head.Hash, signedHash) == s.signer.key.IsZero() {
		return keyMismatch(s.signer)
	}
	if !s.signer.key.IsZero() && mac != s.signer.sum([]byte(head.String())) {
		return fmt.Errorf("%w: its head is signed with another key", ErrKey)
	}
	return nil
}

// sql writes a statement in the dialect. Parameters are spelled ?1 in SQLite, $1
// in PostgreSQL and ? in MySQL, where they stand in order.
func (s *SQLSink) sql(statement string) string {
	binary, text := "COLLATE BINARY", "TEXT"
	switch s.dialect {
	case DialectPostgres:
		binary = `COLLATE "C"`
		statement = strings.ReplaceAll(statement, "?", "$")
	case DialectMySQL:
		binary, text = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "LONGTEXT"
		for i := 9; i > 0; i-- {
			statement = strings.ReplaceAll(statement, "?"+strconv.Itoa(i), "?")
		}
	case DialectSQLite:
	}
	return strings.NewReplacer("{table}", s.table, "{head}", s.table+"_head", "{binary}", binary, "{text}", text).Replace(statement)
}

// atomically runs change in a transaction.
func (s *SQLSink) atomically(ctx context.Context, change func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := change(tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
		return err
	}
	return tx.Commit()
}

// cause prefers why the context ended.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}
