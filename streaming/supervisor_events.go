package streaming

import (
	"context"
	"time"
)

// heldMost is how many events wait for the start of their run to be known.
const heldMost = 4 * ListenerBacklog

// heldEvent is an event of a run of which nobody knows yet.
type heldEvent struct {
	run  string
	call func(ctx context.Context, q *supervised)
}

// deliver calls for an event of a run, now or when the run is known.
func (s *Supervisor) deliver(run string, call func(ctx context.Context, q *supervised)) {
	s.mu.Lock()
	q := s.byRun[run]
	if q == nil {
		if len(s.held) < heldMost && s.starting() {
			s.held = append(s.held, heldEvent{run, call})
		}
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	q.tell(func(ctx context.Context) { call(ctx, q) })
}

// starting reports whether a query is being started. The mutex is held.
func (s *Supervisor) starting() bool {
	for _, q := range s.queries {
		if q.state == QueryStarting {
			return true
		}
	}
	return false
}

// ended passes on that a run has ended, in whatever way.
func (s *Supervisor) ended(e TerminatedEvent) {
	s.deliver(e.RunID, func(_ context.Context, q *supervised) {
		if q.RunID() != e.RunID {
			return
		}
		select {
		case q.end <- e:
		default: // that was heard before
		}
	})
}

// tell calls hooks, one after the other for a query.
func (q *supervised) tell(call func(ctx context.Context)) {
	q.telling.Lock()
	defer q.telling.Unlock()
	call(q.hookCtx)
}

// begun makes a run known and tells of it, and then of what was heard before.
func (q *supervised) begun(run runningQuery, l *lease, p *StreamingPipeline) {
	q.telling.Lock()
	defer q.telling.Unlock()
	s, now := q.s, time.Now()
	s.mu.Lock()
	q.run, q.lease, q.since, q.last, q.watchers = run, l, now, nil, p.watchers()
	q.state, q.stateSince, q.next, q.checkpoint = QueryRunning, now, time.Time{}, p.CheckpointLocation
	select {
	case <-q.end: // of a run before
	default:
	}
	s.byRun[run.RunID()] = q
	var mine []heldEvent
	others := s.held[:0]
	for _, e := range s.held {
		if e.run == run.RunID() {
			mine = append(mine, e)
		} else {
			others = append(others, e)
		}
	}
	if s.held = others; !s.starting() {
		s.held = nil // of nobody
	}
	s.mu.Unlock()
	s.hooks.OnQueryStart(q.hookCtx, QueryStart{
		QueryRun: q.runNow(), QueryName: run.Name(), CheckpointLocation: p.CheckpointLocation, At: now,
	})
	for _, e := range mine {
		e.call(q.hookCtx, q)
	}
}

// over forgets a run that has ended and tells of it.
func (q *supervised) over(reason EndReason, err error) {
	q.telling.Lock()
	defer q.telling.Unlock()
	e := QueryEnd{QueryRun: q.runNow(), Reason: reason, Err: err, Duration: time.Since(q.since)}
	q.s.mu.Lock()
	delete(q.s.byRun, q.run.RunID())
	q.s.mu.Unlock()
	q.s.hooks.OnQueryTerminated(q.hookCtx, e)
}

// progressed notes a batch and tells of it.
func (q *supervised) progressed(ctx context.Context, p Progress) {
	q.s.mu.Lock()
	q.last = &p
	watchers := q.watchers
	q.s.mu.Unlock()
	q.s.hooks.OnBatchProgress(ctx, BatchProgress{QueryRun: q.runNow(), Progress: p})
	if !p.ran() {
		return
	}
	q.s.hooks.watching("batch done", watchers, func(w Watcher) { w.BatchDone(ctx, p.JSON) })
}

// tellEnd tells watchers of the end of a run, and gives the error that they make of
// its own.
func (q *supervised) tellEnd(watchers []Watcher, err error) error {
	q.tell(func(ctx context.Context) {
		q.s.hooks.watching("run ended", watchers, func(w Watcher) { err = w.RunEnded(ctx, err) })
	})
	return err
}

// runNow says which run it is.
func (q *supervised) runNow() QueryRun {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	r := QueryRun{Query: q.Name, Restarts: q.restarts}
	if q.run != nil {
		r.ID, r.RunID = q.run.ID(), q.run.RunID()
	}
	return r
}

// RunID is that of the last run, or "".
func (q *supervised) RunID() string { return q.runNow().RunID }
