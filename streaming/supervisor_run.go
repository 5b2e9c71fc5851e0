package streaming

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// ErrSupervising is returned by [Supervisor.Run] while another run lasts.
var ErrSupervising = errors.New("the supervisor is running already")

// errStop is why a query ends that was told to.
var errStop = errors.New("stop was asked for")

// errOtherFailed is why a query ends when another has failed, with StopOnFailure.
var errOtherFailed = errors.New("another query has failed")

// Run opens a session and runs the queries in it until ctx ends, until all have come
// to their end or were stopped, or until a query has failed for good and
// StopOnFailure is set.
//
// A query that fails is started again from its checkpoint, after a wait. When the
// server has lost the session, because it was restarted or gave the session up, or
// cannot be reached for longer than the connection tries again
// (dataflow.ConnectOptions.ReconnectTimeout), another session is opened and all
// queries are built anew in it and go on from their checkpoints; that counts as no
// failure. A query without a checkpoint begins from the start.
//
// When ctx ends, every query is stopped once its batch is done, or after
// StopTimeout, and the session is closed; the error then wraps the cause of ctx. It
// is nil when all queries have ended by themselves or were stopped with
// [Supervisor.Stop]. Queries that failed are in a [*SupervisorError]. Nothing is
// started, and no session opened, when the queries have faults, or when somebody
// else has the checkpoint location of one ([ErrCheckpointHeld]).
func (s *Supervisor) Run(ctx context.Context, queries ...SupervisedQuery) error {
	list, err := checkQueries(queries)
	if err != nil {
		return fmt.Errorf("supervise streaming queries: %w", err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("supervise streaming queries: %w", context.Cause(ctx))
	}
	if err := s.begin(list); err != nil {
		return fmt.Errorf("supervise streaming queries: %w", err)
	}
	defer s.finished()
	if err := s.prepare(ctx); err != nil {
		return fmt.Errorf("supervise streaming queries: %w", err)
	}
	closeHealth, err := s.serveHealth(ctx)
	if err != nil {
		s.unlockAll(ctx)
		return fmt.Errorf("supervise streaming queries: %w", err)
	}
	defer closeHealth()
	return s.supervise(ctx)
}

// checkQueries completes the names and returns all faults.
func checkQueries(queries []SupervisedQuery) ([]SupervisedQuery, error) {
	if len(queries) == 0 {
		return nil, errors.New("there are no queries")
	}
	var faults []error
	names, locations, out := map[string]bool{}, map[string]string{}, slices.Clone(queries)
	for i := range out {
		q := &out[i]
		q.Name = cmp.Or(q.Name, q.Pipeline.Name())
		fault := func(format string, args ...any) {
			name := fmt.Sprintf("query %d", i+1)
			if q.Name != "" {
				name = fmt.Sprintf("query %q", q.Name)
			}
			faults = append(faults, fmt.Errorf(name+": "+format, args...))
		}
		switch {
		case q.Name == "":
			fault("it has no name")
		case names[q.Name]:
			fault("another one has the same name")
		}
		names[q.Name] = true
		var retry resilience.RetryConfig
		if q.Retry != nil {
			retry = *q.Retry
		}
		faults = append(faults, checkRetry(fmt.Sprintf("query %q: ", q.Name), retry, q.RestartLimits)...)
		if q.Build != nil {
			continue
		}
		if err := q.Pipeline.Validate(); err != nil {
			fault("%w", err)
		}
		if at := q.Pipeline.CheckpointLocation; at != "" {
			if other := locations[normalLocation(at)]; other != "" {
				fault("its checkpoint location %s is that of query %q; every query has its own", at, other)
			}
			locations[normalLocation(at)] = q.Name
		}
	}
	return out, errors.Join(faults...)
}

// begin makes the supervisor one of these queries.
func (s *Supervisor) begin(list []SupervisedQuery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return ErrSupervising
	}
	s.running, s.since, s.held, s.losses, s.byRun = true, time.Now(), nil, 0, map[string]*supervised{}
	s.queries = make([]*supervised, len(list))
	for i, q := range list {
		s.queries[i] = &supervised{
			SupervisedQuery: q, s: s, stop: func(error) {}, finish: make(chan struct{}), end: make(chan TerminatedEvent, 1),
			state: QueryWaiting, stateSince: s.since,
		}
	}
	return nil
}

func (s *Supervisor) finished() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.lease = false, nil
}

// prepare takes the locks that are known before anything is built.
func (s *Supervisor) prepare(ctx context.Context) error {
	if s.opts.StateDir == "" && (s.opts.Locker == nil || s.opts.Addr != "") {
		dir, err := DefaultStateDir()
		if err != nil {
			return err
		}
		s.opts.StateDir = dir
	}
	if s.opts.Locker == nil {
		store, err := checkpoint.NewFileStore(s.opts.StateDir)
		if err != nil {
			return err
		}
		s.opts.Locker = store
	}
	for _, q := range s.queries {
		q.hookCtx = context.WithoutCancel(ctx)
		if q.Build != nil {
			continue
		}
		if err := q.take(ctx, q.Pipeline.CheckpointLocation); err != nil {
			s.unlockAll(ctx)
			return err
		}
	}
	return nil
}

func (s *Supervisor) unlockAll(ctx context.Context) {
	for _, q := range s.queries {
		q.unlock(ctx)
	}
}

// supervise runs everything and waits for it.
func (s *Supervisor) supervise(ctx context.Context) error {
	keep, release := context.WithCancel(context.WithoutCancel(ctx)) // outlives the queries
	defer release()
	k := &keeper{s: s, changed: make(chan struct{})}
	var keeping, running sync.WaitGroup
	failures := make([]error, len(s.queries))
	all, stopAll := context.WithCancelCause(ctx)
	defer stopAll(nil)
	for i, q := range s.queries {
		own, stop := context.WithCancelCause(all)
		s.mu.Lock()
		q.keeper = k
		if q.asked { // before it began
			stop(errStop)
		}
		q.stop = stop
		s.mu.Unlock()
		running.Go(func() {
			defer stop(nil)
			if failures[i] = q.supervise(own); failures[i] != nil && s.opts.StopOnFailure {
				stopAll(errOtherFailed)
			}
		})
	}
	keeping.Go(func() { k.run(keep) })
	running.Wait()
	release()
	keeping.Wait()
	if k.fatal != nil {
		return fmt.Errorf("supervise streaming queries: %w", k.fatal)
	}
	return s.outcome(ctx, failures)
}

// outcome is the error of a run.
func (s *Supervisor) outcome(ctx context.Context, failures []error) error {
	e := &SupervisorError{}
	for i, err := range failures {
		if err != nil {
			q := s.queries[i]
			e.Failures = append(e.Failures, QueryFailure{Query: q.Name, Restarts: q.runNow().Restarts, Err: err})
		}
	}
	var cause error
	if ctx.Err() != nil {
		cause = fmt.Errorf("the streaming queries were stopped: %w", context.Cause(ctx))
	}
	if len(e.Failures) == 0 {
		return cause
	}
	if cause == nil {
		return e
	}
	return errors.Join(cause, e)
}

// Stop stops queries by their names, all of them if none is named, and waits until
// they have ended, as [Supervisor.Run] does when its context ends. Those that have
// ended already are no error; a name that no query has is [ErrNoQuery], and then
// none is stopped.
func (s *Supervisor) Stop(ctx context.Context, names ...string) error {
	s.mu.Lock()
	var chosen []*supervised
	for _, name := range names {
		i := slices.IndexFunc(s.queries, func(q *supervised) bool { return q.Name == name })
		if i < 0 {
			s.mu.Unlock()
			return fmt.Errorf("%w with the name %q", ErrNoQuery, name)
		}
		chosen = append(chosen, s.queries[i])
	}
	if len(names) == 0 {
		chosen = slices.Clone(s.queries)
	}
	running := s.running
	for _, q := range chosen {
		q.asked = true
		q.stop(errStop)
	}
	s.mu.Unlock()
	for _, q := range chosen {
		if !running {
			break
		}
		select {
		case <-q.finish:
		case <-ctx.Done():
			return fmt.Errorf("stop streaming query %q: %w", q.Name, context.Cause(ctx))
		}
	}
	return nil
}
