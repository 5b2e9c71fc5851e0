package streaming

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/resilience"
)

const (
	// probeTimeout bounds a look at a session of which something was heard, and
	// closeTimeout the end of a session.
	probeTimeout = 10 * time.Second
	closeTimeout = 10 * time.Second
	// probeFailures is how many looks in a row may go wrong in a session that is
	// said to be there.
	probeFailures = 3
)

// lease is a session for as long as the server has it.
type lease struct {
	session clusterSession
	lost    chan struct{} // closed when it is lost
	failure chan error    // has one, before lost is closed
	err     error         // why; to be read when lost is closed
	since   time.Time
}

func newLease(session clusterSession) *lease {
	return &lease{session: session, lost: make(chan struct{}), failure: make(chan error, 1), since: time.Now()}
}

// fail notes that the session is lost. The first reason counts.
func (l *lease) fail(err error) {
	select {
	case l.failure <- err:
		l.err = err
		close(l.lost)
	default:
	}
}

func (l *lease) isLost() bool {
	select {
	case <-l.lost:
		return true
	default:
		return false
	}
}

// gone decides whether an error of a call means that the session is lost. Where only
// nobody answered, it asks once more.
func (l *lease) gone(ctx context.Context, err error) bool {
	switch {
	case l.isLost():
		return true
	case isLost(err):
		l.fail(err)
		return true
	case !isUnreachable(err):
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if _, probe := l.session.active(ctx); probe != nil {
		l.fail(err)
	}
	return l.isLost()
}

// keeper has a session open at all times.
type keeper struct {
	s       *Supervisor
	changed chan struct{} // closed and replaced, under s.mu, when s.lease changes
	fatal   error         // why there will be none any more
	opened  bool          // one was opened before
}

// current waits for the session.
func (k *keeper) current(ctx context.Context) (*lease, error) {
	for {
		k.s.mu.Lock()
		lease, changed, fatal := k.s.lease, k.changed, k.fatal
		k.s.mu.Unlock()
		switch {
		case fatal != nil:
			return nil, resilience.Permanent(fatal)
		case lease != nil && !lease.isLost():
			return lease, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// publish hands the session to those that wait for it.
func (k *keeper) publish(l *lease, fatal error) {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	k.s.lease, k.fatal = l, fatal
	close(k.changed)
	k.changed = make(chan struct{})
}

// run keeps a session until ctx ends, or until the first one cannot be had for
// good.
func (k *keeper) run(ctx context.Context) {
	again := func(_ context.Context, attempt int, delay time.Duration, err error) {
		k.s.opts.Logger.Warn("the Spark session will be opened again", append(errorFields(err),
			zap.Int("attempt", attempt), millisField("delay_ms", delay))...)
	}
	policy := k.s.opts.Retry
	policy.MaxAttempts, policy.MaxRetries, policy.MaxElapsed = 0, nil, 0
	policy.RetryOn, policy.NeverRetryOn = nil, nil
	for ctx.Err() == nil {
		err := streak{retry: endless(policy), healthy: k.s.opts.HealthyAfter, again: again}.keep(ctx, k.hold)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !k.opened {
			k.publish(nil, fmt.Errorf("open the Spark session: %w", err))
			return
		}
		// What worked once may work again: a token expires, a server is moved.
		again(ctx, 0, policy.Delay(1000), err)
		wait(ctx, policy.Delay(1000))
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// hold opens a session and keeps it until it is lost or ctx ends.
func (k *keeper) hold(ctx context.Context) (ran time.Duration, err error) {
	session, err := k.s.cluster.open(ctx)
	if err != nil {
		return 0, err
	}
	l := newLease(session)
	defer k.shut(ctx, l)
	stop, err := session.listen(ctx, k.s.listener(l))
	if err != nil {
		return 0, fmt.Errorf("listen to streaming queries: %w", err)
	}
	defer stop()
	k.opened = true
	k.publish(l, nil)
	k.watch(ctx, l)
	if !l.isLost() {
		return 0, nil
	}
	k.publish(nil, nil)
	k.s.sessionLost(ctx, l)
	return time.Since(l.since), &lostError{l.err}
}

// lostError is a session that is lost; another one can be opened.
type lostError struct{ err error }

func (e *lostError) Error() string   { return e.err.Error() }
func (e *lostError) Unwrap() error   { return e.err }
func (e *lostError) Retryable() bool { return true }

// shut closes the session, as far as the server still has it.
func (k *keeper) shut(ctx context.Context, l *lease) {
	l.fail(context.Canceled) // nobody uses it any more
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := l.session.close(ctx); err != nil && !isLost(err) {
		k.s.opts.Logger.Warn("close the Spark session", errorFields(err)...)
	}
}

// watch looks at the session now and then until it is lost or ctx ends.
func (k *keeper) watch(ctx context.Context, l *lease) {
	inner, cancel := context.WithCancel(ctx)
	var end sync.WaitGroup
	end.Go(func() {
		select {
		case <-l.lost:
			cancel()
		case <-inner.Done():
		}
	})
	defer end.Wait()
	defer cancel()
	tick := time.NewTicker(k.s.opts.KeepaliveInterval)
	defer tick.Stop()
	for failures := 0; ; {
		select {
		case <-inner.Done():
			return
		case <-tick.C:
		}
		known := k.s.runsOf(l)
		active, err := l.session.active(inner)
		switch {
		case inner.Err() != nil:
			return
		case err == nil:
			failures = 0
			k.s.missed(known, active)
		case isLost(err), isUnreachable(err):
			l.fail(err)
		default:
			if failures++; failures == probeFailures {
				l.fail(fmt.Errorf("the session does not answer: %w", err))
			}
		}
	}
}

// runsOf returns the runs in a session that have not ended as far as is known.
func (s *Supervisor) runsOf(l *lease) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var runs []string
	for run, q := range s.byRun {
		if q.lease == l {
			runs = append(runs, run)
		}
	}
	return runs
}

// missed finds runs that have ended without a word.
func (s *Supervisor) missed(known []string, active map[string]bool) {
	for _, run := range known {
		if !active[run] {
			s.ended(TerminatedEvent{RunID: run})
		}
	}
}

// sessionLost tells of it.
func (s *Supervisor) sessionLost(ctx context.Context, l *lease) {
	var names []string
	s.mu.Lock()
	s.losses++
	for _, q := range s.queries {
		if q.lease == l && !q.state.final() {
			names = append(names, q.Name)
		}
	}
	s.mu.Unlock()
	s.hooks.OnSessionLost(ctx, SessionLoss{SessionID: l.session.id(), Queries: names, Err: l.err})
}

// listener hears of the queries of a session.
func (s *Supervisor) listener(l *lease) Listener {
	return Listener{
		Progress: func(p Progress) {
			s.deliver(p.RunID, func(ctx context.Context, q *supervised) { q.progressed(ctx, p) })
		},
		Idle: func(e IdleEvent) {
			s.deliver(e.RunID, func(ctx context.Context, q *supervised) {
				s.hooks.OnQueryIdle(ctx, QueryIdle{QueryRun: q.runNow(), Timestamp: e.Timestamp})
			})
		},
		Terminated: s.ended,
		Fault: func(err error) {
			if isLost(err) {
				l.fail(err)
				return
			}
			s.opts.Logger.Warn("listen to streaming queries", errorFields(err)...)
		},
	}
}
