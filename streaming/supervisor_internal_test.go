package streaming

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// toy is a Spark that does what a test says. Time is that of the test.
type toy struct {
	mu       sync.Mutex
	opens    []error // of the sessions to come; nil and none open one
	sessions []*toySession
	// run says what becomes of the nth run of a query, from 0: how long it lasts and
	// what it fails with. Nil runs for ever.
	run  func(query string, n int) (time.Duration, error)
	runs map[string]int
	deaf bool // tells of no end
	log  []string
	zero time.Time
}

func (y *toy) note(format string, args ...any) {
	y.log = append(y.log, fmt.Sprintf("%v ", time.Since(y.zero).Round(time.Millisecond))+fmt.Sprintf(format, args...))
}

func (y *toy) open(context.Context) (clusterSession, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if len(y.opens) > 0 {
		err := y.opens[0]
		y.opens = y.opens[1:]
		if err != nil {
			y.note("no session: %v", err)
			return nil, err
		}
	}
	s := &toySession{toy: y, name: "session " + strconv.Itoa(len(y.sessions)+1), running: map[string]*toyQuery{}}
	y.sessions = append(y.sessions, s)
	y.note("%s", s.name)
	return s, nil
}

// lines is what has happened until now.
func (y *toy) lines() []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	return slices.Clone(y.log)
}

// last is the session that was opened last.
func (y *toy) last() *toySession {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.sessions[len(y.sessions)-1]
}

type toySession struct {
	toy      *toy
	name     string
	listener Listener
	running  map[string]*toyQuery
	lost     error
	calls    int // of active
}

func (s *toySession) id() string { return s.name }

func (s *toySession) listen(_ context.Context, l Listener) (func(), error) {
	s.toy.mu.Lock()
	defer s.toy.mu.Unlock()
	s.listener = l
	return func() {}, nil
}

func (s *toySession) build(_ context.Context, q *SupervisedQuery) (StreamingPipeline, error) {
	return q.Pipeline, nil
}

func (s *toySession) start(_ context.Context, p StreamingPipeline) (runningQuery, error) {
	s.toy.mu.Lock()
	defer s.toy.mu.Unlock()
	if s.lost != nil {
		return nil, s.lost
	}
	n := s.toy.runs[p.QueryName]
	s.toy.runs[p.QueryName]++
	q := &toyQuery{session: s, name: p.QueryName, run: p.QueryName + "-" + strconv.Itoa(n)}
	s.toy.note("start %s", q.run)
	s.running[q.run] = q
	if s.toy.run == nil {
		return q, nil
	}
	switch d, err := s.toy.run(p.QueryName, n); {
	case d == 0 && err != nil:
		delete(s.running, q.run)
		return nil, err
	case d > 0:
		time.AfterFunc(d, func() { q.finish(err) })
	}
	return q, nil
}

func (s *toySession) active(context.Context) (map[string]bool, error) {
	s.toy.mu.Lock()
	defer s.toy.mu.Unlock()
	s.calls++
	out := map[string]bool{}
	for run := range s.running {
		out[run] = true
	}
	return out, s.lost
}

func (s *toySession) close(context.Context) error {
	s.toy.mu.Lock()
	defer s.toy.mu.Unlock()
	s.toy.note("close %s", s.name)
	return nil
}

// lose makes the server forget the session, which it tells those who listen if told.
func (s *toySession) lose(told bool) {
	s.toy.mu.Lock()
	s.lost = fmt.Errorf("%w: the server was restarted", dataflow.ErrSessionLost)
	s.running = map[string]*toyQuery{}
	s.toy.mu.Unlock()
	if told {
		s.listener.Fault(&PollingError{Err: s.lost})
	}
}

type toyQuery struct {
	session   *toySession
	name, run string
	failure   *QueryError
}

func (q *toyQuery) ID() string    { return "id of " + q.name }
func (q *toyQuery) RunID() string { return q.run }
func (q *toyQuery) Name() string  { return q.name }

func (q *toyQuery) Exception(context.Context) (*QueryError, error) {
	q.session.toy.mu.Lock()
	defer q.session.toy.mu.Unlock()
	return q.failure, q.session.lost
}

func (q *toyQuery) Stop(_ context.Context, opts *StopOptions) error {
	q.session.toy.mu.Lock()
	defer q.session.toy.mu.Unlock()
	q.session.toy.note("stop %s %v %v", q.run, opts.Abandon, opts.Timeout)
	delete(q.session.running, q.run)
	return nil
}

func (q *toyQuery) finish(err error) {
	s := q.session
	s.toy.mu.Lock()
	if s.running[q.run] == nil {
		s.toy.mu.Unlock()
		return
	}
	delete(s.running, q.run)
	var spark *component.SparkError
	if errors.As(err, &spark) {
		q.failure = &QueryError{Query: q.name, RunID: q.run, Err: spark}
	}
	deaf := s.toy.deaf
	s.toy.mu.Unlock()
	if !deaf {
		s.listener.Terminated(TerminatedEvent{RunID: q.run, Err: q.failure})
	}
}

// trial is a supervisor of a toy.
type trial struct {
	*toy
	*Supervisor
	cancel context.CancelFunc
	ended  chan error
	meter  *hooks.Registry
}

func try(t *testing.T, y *toy, opts SupervisorOptions, names ...string) trial {
	t.Helper()
	y.runs, y.zero = map[string]int{}, time.Now()
	meter := &hooks.Registry{}
	opts.Open = func(context.Context) (*dataflow.Session, error) { return nil, nil }
	opts.StateDir, opts.Meter = t.TempDir(), meter
	if opts.Retry.Jitter == "" {
		opts.Retry.Jitter = resilience.JitterNone
	}
	s, err := NewSupervisor(&opts)
	require.NoError(t, err)
	s.cluster = y
	var queries []SupervisedQuery
	for _, name := range names {
		trigger := Trigger{}
		if name == "once" {
			trigger = AvailableNow()
		}
		queries = append(queries, SupervisedQuery{Pipeline: StreamingPipeline{
			Source: RateSource{}, Sink: NoopSink{}, QueryName: name, Trigger: trigger, CheckpointLocation: "s3://bucket/" + name,
		}})
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := trial{toy: y, Supervisor: s, cancel: cancel, ended: make(chan error, 1), meter: meter}
	go func() { out.ended <- s.Run(ctx, queries...) }()
	synctest.Wait()
	return out
}

func sparkFailure(class, state string) error {
	return &component.SparkError{Class: class, SQLState: state, Message: "it broke"}
}

var errBroken = sparkFailure("SOMETHING", "XXKST")

// failing makes every run last and then fail.
func failing(d time.Duration, err error) func(string, int) (time.Duration, error) {
	return func(string, int) (time.Duration, error) { return d, err }
}

func TestAFailedQueryIsStartedAgainWithBackOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y := &toy{run: func(_ string, n int) (time.Duration, error) {
			switch {
			case n < 8:
				return time.Second, errBroken
			case n == 8: // it was healthy
				return 10 * time.Minute, errBroken
			}
			return 0, nil
		}}
		s := try(t, y, SupervisorOptions{}, "q")
		time.Sleep(time.Hour)
		s.cancel()
		require.ErrorIs(t, <-s.ended, context.Canceled)
		require.Equal(t, []string{
			"0s session 1", "0s start q-0", "2s start q-1", "5s start q-2", "10s start q-3", "19s start q-4", "36s start q-5",
			"1m9s start q-6", "2m10s start q-7", "3m11s start q-8", "13m12s start q-9", "1h0m0s stop q-9 false 30s", "1h0m0s close session 1",
		}, y.lines())
		status := s.Status().Queries[0]
		require.Equal(t, QueryStopped, status.State)
		require.Equal(t, 9, status.Restarts)
		require.Equal(t, "SOMETHING", status.LastErrorClass)
	})
}

func TestLimitsOfRestarts(t *testing.T) {
	t.Parallel()
	lost := sparkFailure("KAFKA_DATA_LOSS.START_OFFSET_RESET", "XX000")
	tests := map[string]struct {
		opts     SupervisorOptions
		err      error
		runs     int
		restarts int
		want     string
	}{
		"permanent": {SupervisorOptions{}, sparkFailure("DIVIDE_BY_ZERO", "22012"), 1, 0,
			`streaming query "q", after no restart: the streaming query "q" () has failed: [DIVIDE_BY_ZERO]`},
		"assertion": {SupervisorOptions{}, &component.SparkError{JavaClass: "java.lang.AssertionError"}, 1, 0, "after no restart"},
		"attempts":  {SupervisorOptions{Retry: resilience.RetryConfig{MaxAttempts: 4}}, errBroken, 4, 3, "after 3 restarts: gave up after 4 attempts"},
		"class":     {SupervisorOptions{RestartLimits: map[string]int{"KAFKA_DATA_LOSS": 1}}, lost, 2, 1, "after 1 restart: gave up after 1 restarts for KAFKA_DATA_LOSS"},
		"none":      {SupervisorOptions{RestartLimits: map[string]int{"XX": 0}}, lost, 1, 0, "after no restart: gave up after 0 restarts for XX"},
		"retry_on":  {SupervisorOptions{Retry: resilience.RetryConfig{RetryOn: []string{"22012"}, MaxAttempts: 2}}, sparkFailure("DIVIDE_BY_ZERO", "22012"), 2, 1, "after 1 restart"},
		"time":      {SupervisorOptions{Retry: resilience.RetryConfig{MaxElapsed: 10 * time.Second}}, errBroken, 4, 3, "the next would begin after the limit of 10s"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				y := &toy{run: func(query string, _ int) (time.Duration, error) {
					if query == "q" {
						return time.Second, tt.err
					}
					return 2 * time.Hour, nil
				}}
				s := try(t, y, tt.opts, "q", "once")
				err := <-s.ended
				require.Equal(t, 2*time.Hour, time.Since(y.zero), "the other goes on to its end")
				var failed *SupervisorError
				require.ErrorAs(t, err, &failed)
				require.Len(t, failed.Failures, 1)
				require.Equal(t, tt.restarts, failed.Failures[0].Restarts)
				require.ErrorContains(t, err, tt.want)
				require.Equal(t, tt.runs, y.runs["q"])
				require.Equal(t, QueryFailed, s.Status().Queries[0].State)
				require.Equal(t, QueryDone, s.Status().Queries[1].State)
			})
		})
	}
}

func TestStopOnFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y := &toy{run: func(query string, _ int) (time.Duration, error) {
			if query == "bad" {
				return 0, sparkFailure("PARSE_SYNTAX_ERROR", "42601")
			}
			return 0, nil
		}}
		s := try(t, y, SupervisorOptions{StopOnFailure: true, StopTimeout: -1}, "good", "bad")
		err := <-s.ended
		require.ErrorContains(t, err, `streaming query "bad", after no restart: [PARSE_SYNTAX_ERROR]`)
		require.NotContains(t, err.Error(), "good")
		require.Equal(t, QueryStopped, s.Status().Queries[0].State)
	})
}

func TestALostSessionIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]bool{"told": true, "found": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				down := &component.SparkError{Code: "Unavailable", Message: "nobody listens"}
				y := &toy{}
				s := try(t, y, SupervisorOptions{KeepaliveInterval: time.Minute, Retry: resilience.RetryConfig{MaxAttempts: 1}}, "a", "b")
				time.Sleep(10*time.Minute + time.Second)
				y.mu.Lock()
				require.Equal(t, 10, y.sessions[0].calls)
				y.opens = []error{down, down, sparkFailure("", "28000")} // then the token is right
				y.mu.Unlock()
				y.last().lose(told)
				synctest.Wait()
				if told {
					require.Equal(t, QueryWaiting, s.Status().Queries[0].State)
					require.Empty(t, s.Status().SessionID)
				}
				time.Sleep(10 * time.Minute)
				status := s.Status()
				require.True(t, status.Ready)
				require.Equal(t, "session 2", status.SessionID)
				require.Equal(t, 1, status.SessionsLost)
				require.Equal(t, 1, status.Queries[0].Restarts, "although one attempt is all that a failure has")
				require.Equal(t, map[string]int{"a": 2, "b": 2}, y.runs)
				s.cancel()
				require.ErrorIs(t, <-s.ended, context.Canceled)
			})
		})
	}
}

func TestNoSessionAtAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y := &toy{opens: []error{&component.SparkError{Code: "Unavailable"}, sparkFailure("WRONG_TOKEN", "28000")}}
		s := try(t, y, SupervisorOptions{}, "a", "b")
		err := <-s.ended
		require.EqualError(t, err, "supervise streaming queries: open the Spark session: [WRONG_TOKEN] it broke (SQLSTATE 28000)")
		require.Equal(t, time.Second, time.Since(y.zero))
		require.Equal(t, QueryFailed, s.Status().Queries[0].State)
	})
}

func TestAnEndThatNobodyTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y := &toy{deaf: true, run: func(_ string, n int) (time.Duration, error) {
			if n == 0 {
				return time.Second, errBroken
			}
			return 0, nil
		}}
		s := try(t, y, SupervisorOptions{KeepaliveInterval: 30 * time.Second}, "q")
		time.Sleep(40 * time.Second)
		require.Equal(t, []string{"0s session 1", "0s start q-0", "31s start q-1"}, y.lines())
		s.cancel()
		require.Error(t, <-s.ended)
	})
}

func TestDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y := &toy{run: func(query string, _ int) (time.Duration, error) {
			if query == "broken" {
				return time.Second, errBroken
			}
			return 0, nil
		}}
		s := try(t, y, SupervisorOptions{StopTimeout: 5 * time.Second}, "a", "broken")
		time.Sleep(2*time.Minute + 30*time.Second)
		require.Equal(t, QueryBackingOff, s.Status().Queries[1].State)
		require.False(t, s.Status().Ready)
		require.NotNil(t, s.Status().Queries[1].NextStart)
		require.ErrorIs(t, s.Stop(t.Context(), "a", "c"), ErrNoQuery)
		require.NoError(t, s.Stop(t.Context(), "a"))
		require.Equal(t, QueryStopped, s.Status().Queries[0].State)
		s.cancel()
		err := <-s.ended
		require.ErrorIs(t, err, context.Canceled)
		require.EqualError(t, err, "the streaming queries were stopped: context canceled")
		require.Equal(t, []string{"2m30s stop a-0 false 5s", "2m30s close session 1"}, y.lines()[len(y.lines())-2:])
		require.NoError(t, s.Stop(t.Context()), "works afterwards")
	})
}

func TestMeasurements(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y := &toy{run: failing(10*time.Second, errBroken)}
		s := try(t, y, SupervisorOptions{}, "q")
		y.last().listener.Progress(Progress{
			RunID: "q-0", BatchID: 7, NumInputRows: 5, BatchDuration: time.Second, InputRowsPerSecond: 2.5, ProcessedRowsPerSecond: 5,
			StateOperators: []StateOperatorProgress{{NumRowsTotal: 3, MemoryUsedBytes: 100}, {NumRowsTotal: 4, MemoryUsedBytes: 11}},
			Sources:        []SourceProgress{{Metrics: map[string]string{"maxOffsetsBehindLatest": "12", "minOffsetsBehindLatest": "1", "avgOffsetsBehindLatest": "2.5"}}},
		})
		value := func(name string, labels ...string) float64 {
			t.Helper()
			for _, m := range s.meter.Snapshot() {
				if m.Name != name {
					continue
				}
				got := []string{}
				for _, l := range m.Labels {
					got = append(got, l.Name+"="+l.Value)
				}
				require.Equal(t, append([]string{"query=q"}, labels...), got)
				return m.Value
			}
			require.Fail(t, "it is not measured", name)
			return 0
		}
		require.InDelta(t, 1, value(MetricUp), 0)
		require.InDelta(t, 2.5, value(MetricInputRowsPerSecond), 0)
		require.InDelta(t, 12, value(MetricLag, "source=0"), 0)
		require.InDelta(t, 7, value(MetricStateRows), 0)
		require.InDelta(t, 111, value(MetricStateBytes), 0)
		require.InDelta(t, 1, value(MetricBatchDuration), 0)
		status := s.Status().Queries[0].Progress
		require.Equal(t, int64(12), *status.Sources[0].Lag)
		time.Sleep(10*time.Second + time.Millisecond)
		require.InDelta(t, 0, value(MetricUp), 0)
		require.InDelta(t, 1, value(MetricRestarts, "reason=failed"), 0)
		s.cancel()
		require.Error(t, <-s.ended)
	})
}

// leaseLocker gives locks that somebody takes away.
type leaseLocker struct {
	lost chan struct{}
	took int
	held int // the turn at which another one has it
}

func (l *leaseLocker) Lock(context.Context, string) (checkpoint.Lock, error) {
	if l.took++; l.took == l.held {
		return nil, &checkpoint.LockedError{Holder: checkpoint.Holder{Host: "other", PID: 7}}
	}
	return &leaseLock{l}, nil
}

type leaseLock struct{ l *leaseLocker }

func (l *leaseLock) Lost() <-chan struct{}         { return l.l.lost }
func (l *leaseLock) Release(context.Context) error { return nil }

func TestALockThatIsLostStopsTheQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		locker := &leaseLocker{lost: make(chan struct{}), held: 3}
		y := &toy{}
		s := try(t, y, SupervisorOptions{Locker: locker}, "q")
		close(locker.lost)
		err := <-s.ended
		require.ErrorIs(t, err, ErrCheckpointHeld)
		require.ErrorContains(t, err, "process 7 on other")
		require.Contains(t, y.lines(), "0s stop q-0 true 0s")
	})
}

func TestALockThatIsLostWhileAQueryWaitsStartsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		locker := &leaseLocker{lost: make(chan struct{}), held: 2}
		y := &toy{run: func(string, int) (time.Duration, error) { return time.Second, errors.New("torn") }}
		s := try(t, y, SupervisorOptions{Locker: locker}, "q")
		time.Sleep(time.Second + time.Millisecond) // it has failed, and waits
		synctest.Wait()
		close(locker.lost)
		require.ErrorIs(t, <-s.ended, ErrCheckpointHeld)
		require.Contains(t, y.lines(), "0s start q-0")
		require.NotContains(t, strings.Join(y.lines(), "\n"), "start q-1", "which would stop the query of the other one")
	})
}

func TestLocationsThatAreOne(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	require.NoError(t, err)
	for want, same := range map[string][]string{
		"/a/b":                                {"/a/b", "/a/b/", "/a//b", "file:/a/b", "file:///a/b//", "FILE:/a/c/../b"},
		here + "/a":                           {"a", "./a/", "a/../a"},
		"s3://bucket/a":                       {"s3://bucket/a", "s3a://bucket/a/", "S3N://bucket//a"},
		"hdfs://nn/a":                         {"hdfs://nn/a", "hdfs://nn/a/"},
		"abfs://c@acc.dfs.core.windows.net/a": {"abfss://c@acc.dfs.core.windows.net/a"},
	} {
		for _, location := range same {
			require.Equal(t, want, normalLocation(location), location)
			require.Equal(t, lockName(want), lockName(location), location)
			require.NoError(t, checkpoint.CheckRunID(lockName(location)))
		}
	}
	require.NotEqual(t, lockName("/a/b"), lockName("/a/B"))
	require.NotEqual(t, lockName("s3://a/b"), lockName("gs://a/b"))
	require.Regexp(t, `^stream-orders-[0-9a-f]{32}$`, lockName("s3://bucket/Orders/"))
}

func FuzzLockName(f *testing.F) {
	for _, seed := range []string{"/a", "s3a://b/c", "file:", "a:b", "\x00", "C:\\a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, location string) {
		if location == "" {
			return // which is no location
		}
		require.NoError(t, checkpoint.CheckRunID(lockName(location)))
		require.Equal(t, lockName(location), lockName(location+"/"))
	})
}
