package audit

import (
	"context"
	"database/sql"
	"fmt"
)

// tablesLock is the number of the lock of PostgreSQL under which tables are made.
const tablesLock = 0x73706b61

// CreateStatements returns the statements that make the tables, for who has the
// right to do it and reads them first.
func (s *SQLSink) CreateStatements() []string {
	statements := []string{
		`CREATE TABLE IF NOT EXISTS {table} (seq BIGINT NOT NULL PRIMARY KEY, time VARCHAR(30) NOT NULL, ` +
			`action VARCHAR(255) {binary} NOT NULL, status VARCHAR(255) {binary} NOT NULL, actor VARCHAR(255) {binary} NOT NULL, ` +
			`resource VARCHAR(255) {binary} NOT NULL, pipeline VARCHAR(255) {binary} NOT NULL, run_id VARCHAR(255) {binary} NOT NULL, ` +
			`line {text} {binary} NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS {head} (id INTEGER NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, hash VARCHAR(128) NOT NULL, mac VARCHAR(128) NOT NULL)`,
		s.firstHead(),
	}
	for i := range statements {
		statements[i] = s.sql(statements[i])
	}
	return statements
}

// firstHead makes the row of the head where there is none.
func (s *SQLSink) firstHead() string {
	if s.dialect == DialectMySQL {
		return `INSERT IGNORE INTO {head} (id, seq, hash, mac) VALUES (1, 0, '', '')`
	}
	return `INSERT INTO {head} (id, seq, hash, mac) VALUES (1, 0, '', '') ON CONFLICT (id) DO NOTHING`
}

// CreateTables makes the tables that do not exist yet.
func (s *SQLSink) CreateTables(ctx context.Context) error {
	err := s.atomically(ctx, func(tx *sql.Tx) error {
		statements := s.CreateStatements()
		if s.dialect == DialectPostgres {
			// Two that make a table at the same moment disturb each other there, IF
			// NOT EXISTS or not.
			statements = append([]string{fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", tablesLock)}, statements...)
		}
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	return s.fault(ctx, fmt.Sprintf("make the audit tables %[1]s and %[1]s_head", s.table), err)
}

// prepare makes the tables once if that was asked for. Who may use the tables but
// not make any, can when they are there.
func (s *SQLSink) prepare(ctx context.Context) error {
	var create bool
	select {
	case create = <-s.create:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { s.create <- create }()
	if !create {
		return nil
	}
	var seq int64
	if err := s.db.QueryRowContext(ctx, s.sql(`SELECT seq FROM {head} WHERE id = 1`)).Scan(&seq); err != nil {
		if err := s.CreateTables(ctx); err != nil {
			return err
		}
	}
	create = false
	return nil
}

// Verify verifies the table: the chain, the head, and that the columns of each row
// say what its line says. The rows are read one after the other. The line of a
// [Problem] is the position of the row by its number.
func (s *SQLSink) Verify(ctx context.Context, opts *VerifyOptions) (Report, error) {
	if opts == nil {
		opts = &VerifyOptions{}
	}
	changed := *opts
	if changed.Key.IsZero() {
		changed.Key = s.signer.key
	}
	own := changed.Head == nil && !changed.Partial
	found := false
	if own {
		head, there, err := s.head(ctx)
		if err != nil {
			return Report{}, err
		}
		if found = there; found {
			changed.Head = &head
		}
	}
	v := newVerifier(&changed)
	err := s.verifyRows(ctx, v)
	if err == nil && own {
		err = s.verifyHead(ctx, v, found)
	}
	if err != nil {
		return Report{}, s.fault(ctx, "verify the audit table "+s.table, err)
	}
	return v.finish(), nil
}

// verifyHead tells of a row of the head that is gone, or that knows of no entry. One
// that knew of none when the rows were not read yet is asked again.
func (s *SQLSink) verifyHead(ctx context.Context, v *verifier, found bool) error {
	rows := v.place
	v.place = place{file: s.table + "_head", line: 1, at: rows.at}
	defer func() { v.place = rows }()
	if !found {
		v.problem(KindCut, 0, "the head of the table is missing: rows that were cut off at the end would not show")
		return nil
	}
	if v.opts.Head.Seq > 0 || v.report.Entries == 0 {
		return nil
	}
	head, _, err := s.head(ctx)
	if err == nil && head.Seq == 0 {
		v.problem(KindCut, 0, "the head of the table was set back: it knows of no entry, and there are some")
	}
	return err
}

func (s *SQLSink) verifyRows(ctx context.Context, v *verifier) error {
	rows, err := s.db.QueryContext(ctx, s.sql(`SELECT seq, time, action, status, actor, resource, pipeline, run_id, line FROM {table} ORDER BY seq`))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var seq int64
		var line string
		columns := make([]string, 7)
		if err := rows.Scan(&seq, &columns[0], &columns[1], &columns[2], &columns[3], &columns[4], &columns[5], &columns[6], &line); err != nil {
			return err
		}
		v.place = place{file: s.table, line: v.place.line + 1, at: v.place.at + 1}
		if err := v.line([]byte(line), true); err != nil {
			return err
		}
		s.compare(v, seq, columns, line)
	}
	return rows.Err()
}

// compare checks the columns of a row against its line.
func (s *SQLSink) compare(v *verifier, seq int64, columns []string, line string) {
	e, intact, err := v.signer.open([]byte(line))
	if err != nil || !intact {
		return // that was told
	}
	want := s.row(e.Seq, e, "")
	same := want[0] == seq
	for i, column := range columns {
		same = same && want[i+1] == column
	}
	if !same {
		v.problem(KindEdited, seq, "the columns of row %d were edited: they do not say what the line of entry %d says", seq, e.Seq)
	}
}
