package checkpoint

import (
	"context"
	"database/sql"
	"fmt"
)

// tablesLock is the number of the lock of PostgreSQL under which tables are made.
const tablesLock = 0x73706b70

// CreateTables makes the tables that do not exist yet.
func (s *SQLStore) CreateTables(ctx context.Context) error {
	err := s.atomically(ctx, func(tx *sql.Tx) error {
		statements := []string{
			`CREATE TABLE IF NOT EXISTS {table} (run_id TEXT {binary} NOT NULL PRIMARY KEY, pipeline TEXT NOT NULL, ` +
				`status TEXT NOT NULL, revision BIGINT NOT NULL, created BIGINT NOT NULL, record TEXT NOT NULL)`,
			`CREATE TABLE IF NOT EXISTS {locks} (run_id TEXT {binary} NOT NULL PRIMARY KEY, owner TEXT NOT NULL, ` +
				`host TEXT NOT NULL, pid BIGINT NOT NULL, since BIGINT NOT NULL, expires BIGINT NOT NULL)`,
		}
		if s.dialect == DialectPostgres {
			// Two that make a table at the same moment disturb each other there, IF
			// NOT EXISTS or not.
			statements = append([]string{fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", tablesLock)}, statements...)
		}
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, s.sql(statement)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make the checkpoint tables %s and %s: %w", s.table, s.locks, cause(ctx, err))
	}
	return nil
}

// prepare makes the tables once if that was asked for. Who may use the tables
// but not make any, can when they are there.
func (s *SQLStore) prepare(ctx context.Context) error {
	select {
	case s.creating <- struct{}{}:
		defer func() { <-s.creating }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.mu.Lock()
	ready := s.ready
	s.mu.Unlock()
	if ready {
		return nil
	}
	var none int
	err := s.db.QueryRowContext(ctx, s.sql(`SELECT (SELECT COUNT(*) FROM {table} WHERE 1 = 0) + (SELECT COUNT(*) FROM {locks} WHERE 1 = 0)`)).Scan(&none)
	if err != nil {
		if err := s.CreateTables(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.ready = true
	s.mu.Unlock()
	return nil
}
