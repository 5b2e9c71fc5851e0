package checkpoint

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// sqlLock is a run that this process has for as long as its lease is renewed.
type sqlLock struct {
	store *SQLStore
	runID string
	owner string
	lost  chan struct{}
	stop  context.CancelFunc
	done  chan struct{}

	mu       sync.Mutex
	released bool
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Lock implements [Store]. It starts a goroutine that ends when the lock is
// released or lost; the end of ctx does not end it.
func (s *SQLStore) Lock(ctx context.Context, runID string) (Lock, error) {
	if err := begin(ctx, "lock", runID); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("lock run %q: %w", runID, err)
	}
	owner, me, taken := rand.Text(), thisProcess(), time.Now()
	got, err := affected(s.db.ExecContext(ctx, s.sql(`INSERT INTO {locks} (run_id, owner, host, pid, since, expires) `+
		`VALUES (?1, ?2, ?3, ?4, {now}, {now} + ?5) ON CONFLICT (run_id) DO UPDATE SET owner = excluded.owner, `+
		`host = excluded.host, pid = excluded.pid, since = excluded.since, expires = excluded.expires `+
		`WHERE {locks}.expires <= {now}`), runID, owner, me.Host, me.PID, s.lease.Milliseconds()))
	if err != nil {
		return nil, fmt.Errorf("lock run %q in table %s: %w", runID, s.locks, err)
	}
	if got == 0 {
		return nil, s.lockedBy(ctx, s.db, runID)
	}
	s.mu.Lock()
	s.held[runID] = owner
	s.mu.Unlock()
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	l := &sqlLock{store: s, runID: runID, owner: owner, lost: make(chan struct{}), stop: stop, done: make(chan struct{})}
	go l.beat(beating, taken)
	return l, nil
}

// lockedBy returns the error that says who has the run.
func (s *SQLStore) lockedBy(ctx context.Context, q querier, runID string) error {
	locked := &LockedError{RunID: runID}
	var since int64
	err := q.QueryRowContext(ctx, s.sql(`SELECT host, pid, since FROM {locks} WHERE run_id = ?1`), runID).
		Scan(&locked.Holder.Host, &locked.Holder.PID, &since)
	if errors.Is(err, sql.ErrNoRows) { // released meanwhile
		return locked
	}
	if err != nil {
		return fmt.Errorf("lock run %q in table %s: %w", runID, s.locks, err)
	}
	locked.Holder.Since = time.UnixMilli(since).UTC()
	return locked
}

// beat moves the end of the lease on until the lock is released. It is lost when
// its row has another owner, and when it could not be renewed for a whole lease.
func (l *sqlLock) beat(ctx context.Context, renewed time.Time) {
	defer close(l.done)
	lease := l.store.lease
	ticker := time.NewTicker(lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asked := time.Now()
		got, err := l.renew(ctx, asked.Sub(renewed))
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && got == 1:
			renewed = asked
		case err == nil || time.Since(renewed) >= lease-lease/6: // the next look would be too late
			l.store.forget(l.runID, l.owner)
			close(l.lost)
			return
		}
	}
}

// renew asks for a new lease and waits for the answer until the old one ends.
func (l *sqlLock) renew(ctx context.Context, age time.Duration) (int64, error) {
	s := l.store
	ctx, cancel := context.WithTimeout(ctx, max(s.lease-age, s.lease/6))
	defer cancel()
	return affected(s.db.ExecContext(ctx, s.sql(`UPDATE {locks} SET expires = {now} + ?3 WHERE run_id = ?1 AND owner = ?2`),
		l.runID, l.owner, s.lease.Milliseconds()))
}

// Lost implements [Lock].
func (l *sqlLock) Lost() <-chan struct{} { return l.lost }

// Release implements [Lock]. After an error the lock is free when its lease has
// run out.
func (l *sqlLock) Release(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released {
		return nil
	}
	l.released = true
	l.stop()
	<-l.done
	l.store.forget(l.runID, l.owner)
	_, err := l.store.db.ExecContext(ctx, l.store.sql(`DELETE FROM {locks} WHERE run_id = ?1 AND owner = ?2`), l.runID, l.owner)
	if err != nil {
		return fmt.Errorf("release run %q in table %s: %w", l.runID, l.store.locks, err)
	}
	return nil
}

func (s *SQLStore) forget(runID, owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[runID] == owner {
		delete(s.held, runID)
	}
}
