package streaming

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// ErrStoppedElsewhere is why a query is started again that ended although it has no
// end and the supervisor did not stop it: somebody else did, or has started another
// query with its checkpoint.
var ErrStoppedElsewhere = errors.New("the query was stopped by somebody else")

// QueryState is what a supervised query is doing.
type QueryState string

// The states.
const (
	// QueryWaiting waits for a session.
	QueryWaiting QueryState = "waiting"
	// QueryStarting is being started.
	QueryStarting QueryState = "starting"
	// QueryRunning runs.
	QueryRunning QueryState = "running"
	// QueryBackingOff has failed and will be started again.
	QueryBackingOff QueryState = "backing_off"
	// QueryStopping is being stopped.
	QueryStopping QueryState = "stopping"
	// QueryDone has come to its end.
	QueryDone QueryState = "done"
	// QueryStopped was stopped.
	QueryStopped QueryState = "stopped"
	// QueryFailed has failed for good.
	QueryFailed QueryState = "failed"
)

// final reports whether nothing follows.
func (s QueryState) final() bool {
	return s == QueryDone || s == QueryStopped || s == QueryFailed
}

// lostTimeout bounds the return of a lock that is lost.
const lostTimeout = 500 * time.Millisecond

// supervised is a query that is looked after.
type supervised struct {
	SupervisedQuery
	s       *Supervisor
	keeper  *keeper
	hookCtx context.Context // of the hooks, which outlives a stop
	stop    context.CancelCauseFunc
	finish  chan struct{}        // closed when it is over for good
	end     chan TerminatedEvent // has one when the run has ended
	telling sync.Mutex           // held while hooks are called

	lock     checkpoint.Lock // of location; used by run only
	location string

	// The rest is guarded by s.mu.
	asked      bool // to stop
	state      QueryState
	stateSince time.Time
	next       time.Time // of the start that is waited for
	run        runningQuery
	lease      *lease // of the last run
	since      time.Time
	last       *Progress
	watchers   []Watcher // of the last run
	checkpoint string    // of the last run
	restarts   int
	err        error // the last one
	errAt      time.Time
}

// set changes the state, and notes an error that is not nil.
func (q *supervised) set(state QueryState, err error) {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	q.state, q.stateSince, q.next = state, time.Now(), time.Time{}
	if err != nil {
		q.err, q.errAt = err, q.stateSince
	}
}

// supervise runs the query until it is over for good. The error is that of a query
// which has failed, or could not be stopped in order.
func (q *supervised) supervise(ctx context.Context) (err error) {
	defer close(q.finish)
	defer q.unlock(ctx)
	policy, limits := q.s.opts.Retry, q.s.opts.RestartLimits
	if q.Retry != nil {
		policy = *q.Retry
	}
	if q.RestartLimits != nil {
		limits = q.RestartLimits
	}
	err = streak{retry: endless(policy), limits: limits, healthy: q.s.opts.HealthyAfter, again: q.backOff}.keep(ctx, q.attempt)
	var wound *windError
	switch {
	case ctx.Err() != nil:
		if errors.As(err, &wound) && wound.err != nil {
			q.set(QueryStopped, wound.err)
			return wound.err
		}
		q.set(QueryStopped, nil)
		return nil
	case err != nil:
		q.set(QueryFailed, err)
		return err
	}
	q.set(QueryDone, nil)
	return nil
}

// backOff notes that a query which has failed will be started again.
func (q *supervised) backOff(_ context.Context, attempt int, delay time.Duration, err error) {
	q.set(QueryBackingOff, err)
	q.s.mu.Lock()
	q.restarts++
	q.next = time.Now().Add(delay)
	e := QueryRestart{Query: q.Name, Restarts: q.restarts, Attempt: attempt, Delay: delay, Reason: EndFailed, Err: err}
	q.s.mu.Unlock()
	q.tell(func(ctx context.Context) { q.s.hooks.OnQueryRestart(ctx, e) })
}

// attempt runs the query to its end, on as many sessions as that takes.
func (q *supervised) attempt(ctx context.Context) (ran time.Duration, err error) {
	for {
		q.set(QueryWaiting, nil)
		l, err := q.keeper.current(ctx)
		if err != nil {
			return 0, err
		}
		ran, err := q.once(ctx, l)
		if err == nil || ctx.Err() != nil || !l.gone(ctx, err) {
			return ran, err
		}
		q.set(QueryWaiting, err)
		q.s.mu.Lock()
		q.restarts++
		e := QueryRestart{Query: q.Name, Restarts: q.restarts, Reason: EndSessionLost, Err: err}
		q.s.mu.Unlock()
		q.tell(func(ctx context.Context) { q.s.hooks.OnQueryRestart(ctx, e) })
	}
}

// once starts the query in a session and waits for the end of the run.
func (q *supervised) once(ctx context.Context, l *lease) (ran time.Duration, err error) {
	q.set(QueryStarting, nil)
	p, err := l.session.build(ctx, &q.SupervisedQuery)
	if err != nil {
		return 0, err
	}
	if err := q.take(ctx, p.CheckpointLocation); err != nil {
		return 0, err
	}
	run, err := l.session.start(ctx, p)
	if err != nil {
		return 0, q.tellEnd(p.watchers(), err)
	}
	began := time.Now()
	q.begun(run, l, &p)
	reason, err := q.await(ctx, l, run, &p)
	if reason == EndFailed || err == nil {
		if err = q.tellEnd(p.watchers(), err); err != nil {
			reason = EndFailed
		}
	} else {
		_ = q.tellEnd(p.watchers(), nil) // it was stopped, or goes on in another session
	}
	var told error
	if reason != EndDone {
		told = err
	}
	if wound := (*windError)(nil); errors.As(err, &wound) {
		told = wound.err
	}
	q.over(reason, told)
	return time.Since(began), err
}

// await waits for the end of a run.
func (q *supervised) await(ctx context.Context, l *lease, run runningQuery, p *StreamingPipeline) (EndReason, error) {
	var lockLost <-chan struct{}
	if q.lock != nil {
		lockLost = q.lock.Lost()
	}
	select {
	case e := <-q.end:
		return q.verdict(ctx, l, run, p, e)
	case <-l.lost:
		return EndSessionLost, l.err
	case <-lockLost:
		limited, cancel := context.WithTimeout(ctx, cleanupTimeout)
		defer cancel()
		err := errors.Join(errLockLost, run.Stop(limited, &StopOptions{Abandon: true}))
		q.unlock(ctx) // after the stop: where the locks are may be out of reach
		return EndFailed, err
	case <-ctx.Done():
		return EndStopped, q.wind(ctx, run, p)
	}
}

// verdict finds out how a run has ended.
func (q *supervised) verdict(ctx context.Context, l *lease, run runningQuery, p *StreamingPipeline, e TerminatedEvent) (EndReason, error) {
	limited, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	failed, err := run.Exception(limited) // which knows more than the event
	switch {
	case failed != nil:
		return EndFailed, failed
	case e.Err != nil:
		return EndFailed, e.Err
	case ctx.Err() != nil:
		return EndStopped, nil
	case err != nil && l.gone(ctx, err):
		return EndSessionLost, err
	case err != nil:
		return EndFailed, fmt.Errorf("the query has ended, nobody knows how: %w", err)
	case p.Trigger.Ends():
		return EndDone, nil
	}
	return EndFailed, fmt.Errorf("%s: %w", label(run.Name(), run.ID()), ErrStoppedElsewhere)
}

// windError is how a query was stopped; err is nil when that went well.
type windError struct{ err, cause error }

func (e *windError) Error() string { return "the query was stopped: " + e.cause.Error() }
func (e *windError) Unwrap() error { return e.cause }

// wind stops the query when its context has ended.
func (q *supervised) wind(ctx context.Context, run runningQuery, p *StreamingPipeline) error {
	q.set(QueryStopping, nil)
	timeout := cmp.Or(p.StopTimeout, q.s.opts.StopTimeout, DefaultStopTimeout)
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(timeout, 0)+cleanupTimeout)
	defer cancel()
	err := run.Stop(limited, &StopOptions{Abandon: timeout < 0, Timeout: max(timeout, 0)})
	if isLost(err) { // it has ended with its session
		err = nil
	}
	return &windError{err: err, cause: context.Cause(ctx)}
}

// take locks the checkpoint location, unless that is done and still holds: a start
// without the lock would stop the query of whoever has it now.
func (q *supervised) take(ctx context.Context, location string) error {
	if q.lock != nil && q.location == location && !q.lockLost() {
		return nil
	}
	q.unlock(ctx)
	if location == "" {
		return nil
	}
	lock, err := lockCheckpoint(ctx, q.s.opts.Locker, q.Name, location)
	if err != nil {
		return err
	}
	q.lock, q.location = lock, location
	return nil
}

// lockLost reports whether somebody else may have the lock.
func (q *supervised) lockLost() bool {
	select {
	case <-q.lock.Lost():
		return true
	default:
		return false
	}
}

// unlock gives the lock back. One that cannot be given back ends with the process,
// or with its lease; for one that is lost nobody waits long.
func (q *supervised) unlock(ctx context.Context) {
	if q.lock == nil {
		return
	}
	timeout := cleanupTimeout
	if q.lockLost() {
		timeout = lostTimeout
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if err := q.lock.Release(ctx); err != nil {
		q.s.opts.Logger.Warn("release the lock of a checkpoint location", errorFields(err)...)
	}
	q.lock = nil
}
