package checkpoint

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Load implements [Store].
func (s *SQLStore) Load(ctx context.Context, runID string) (*Record, error) {
	if err := begin(ctx, "load", runID); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("load the checkpoint of run %q: %w", runID, err)
	}
	var text string
	var revision int64
	err := s.db.QueryRowContext(ctx, s.sql(`SELECT record, revision FROM {table} WHERE run_id = ?1`), runID).Scan(&text, &revision)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound(runID, "table "+s.table)
	}
	if err != nil {
		return nil, fmt.Errorf("load the checkpoint of run %q from table %s: %w", runID, s.table, err)
	}
	return s.parse(runID, text, revision)
}

// parse reads a row. The columns beside the record must say the same: saving
// goes by them.
func (s *SQLStore) parse(runID, text string, revision int64) (*Record, error) {
	r, err := Parse([]byte(text))
	if err != nil {
		return nil, at(s.row(runID), err)
	}
	if r.RunID != runID || r.Revision != revision {
		return nil, &CorruptError{Where: s.row(runID), Err: fmt.Errorf(
			"the record is revision %d of run %q and its row says revision %d", r.Revision, r.RunID, revision)}
	}
	return r, nil
}

// Save implements [Store].
func (s *SQLStore) Save(ctx context.Context, r *Record) error {
	if err := begin(ctx, "save", r.RunID); err != nil {
		return err
	}
	next, data, err := r.next(time.Now())
	if err != nil {
		return err
	}
	err = s.prepare(ctx)
	if err == nil {
		err = s.atomically(ctx, func(tx *sql.Tx) error { return s.write(ctx, tx, r, next, data) })
	}
	if err != nil {
		return fmt.Errorf("save in table %s: %w", s.table, err)
	}
	r.saved(next)
	return nil
}

func (s *SQLStore) write(ctx context.Context, tx *sql.Tx, r, next *Record, data []byte) error {
	args := []any{next.RunID, next.Pipeline, string(next.Status), next.Revision, next.Created.UnixMicro(), string(data)}
	statement := `INSERT INTO {table} (run_id, pipeline, status, revision, created, record) ` +
		`VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (run_id) DO NOTHING`
	if r.Revision > 0 {
		statement = `UPDATE {table} SET pipeline = ?2, status = ?3, revision = ?4, created = ?5, record = ?6 ` +
			`WHERE run_id = ?1 AND revision = ?7`
		args = append(args, r.Revision)
	}
	written, err := affected(tx.ExecContext(ctx, s.sql(statement), args...))
	if err != nil || written == 1 {
		return err
	}
	stale := &StaleError{RunID: r.RunID, Revision: r.Revision}
	err = tx.QueryRowContext(ctx, s.sql(`SELECT revision FROM {table} WHERE run_id = ?1`), r.RunID).Scan(&stale.Stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return stale
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// List implements [Store].
func (s *SQLStore) List(ctx context.Context, filter *Filter) (list []*Record, err error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("list checkpoints in table %s: %w", s.table, context.Cause(ctx))
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("list checkpoints in table %s: %w", s.table, err)
	}
	statement, args := s.selection(filter)
	rows, err := s.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("list checkpoints in table %s: %w", s.table, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var records []*Record
	var faults []error
	for rows.Next() {
		var runID, text string
		var revision int64
		if err := rows.Scan(&runID, &text, &revision); err != nil {
			return nil, fmt.Errorf("list checkpoints in table %s: %w", s.table, err)
		}
		r, err := s.parse(runID, text, revision)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		records = append(records, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list checkpoints in table %s: %w", s.table, err)
	}
	return filter.apply(records), errors.Join(faults...)
}

// selection writes the query of List. The limit is left to the filter: a row
// that cannot be read does not count.
func (s *SQLStore) selection(filter *Filter) (statement string, args []any) {
	var where []string
	if filter != nil && filter.Pipeline != "" {
		args = append(args, filter.Pipeline)
		where = append(where, "pipeline = ?1")
	}
	if filter != nil && len(filter.Statuses) > 0 {
		var places []string
		for _, status := range filter.Statuses {
			args = append(args, string(status))
			places = append(places, fmt.Sprintf("?%d", len(args)))
		}
		where = append(where, "status IN ("+strings.Join(places, ", ")+")")
	}
	statement = `SELECT run_id, record, revision FROM {table}`
	if len(where) > 0 {
		statement += " WHERE " + strings.Join(where, " AND ")
	}
	return s.sql(statement), args
}

// Delete implements [Store].
func (s *SQLStore) Delete(ctx context.Context, runID string) error {
	if err := begin(ctx, "delete", runID); err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return fmt.Errorf("delete the checkpoint of run %q: %w", runID, err)
	}
	err := s.atomically(ctx, func(tx *sql.Tx) error {
		s.mu.Lock()
		owner := s.held[runID]
		s.mu.Unlock()
		deleted, err := affected(tx.ExecContext(ctx, s.sql(`DELETE FROM {table} WHERE run_id = ?1 AND NOT EXISTS `+
			`(SELECT 1 FROM {locks} WHERE run_id = ?1 AND owner <> ?2 AND expires > {now})`), runID, owner))
		if err != nil || deleted == 1 {
			return err
		}
		var stored int64
		err = tx.QueryRowContext(ctx, s.sql(`SELECT revision FROM {table} WHERE run_id = ?1`), runID).Scan(&stored)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(runID, "table "+s.table)
		}
		if err != nil {
			return err
		}
		return s.lockedBy(ctx, tx, runID)
	})
	if err != nil {
		return fmt.Errorf("delete the checkpoint of run %q: %w", runID, err)
	}
	return nil
}
