package streaming_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/internal/faultproxy"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// ownServer starts a server for this test alone.
func ownServer(t testing.TB, conf map[string]string) *localspark.Server {
	t.Helper()
	sparktest.Remote(t) // says that a Spark can be had here
	all := map[string]string{
		"spark.driver.memory": "1g", "spark.sql.shuffle.partitions": "1",
		"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1", // what is run here is small
	}
	maps.Copy(all, conf)
	server, err := localspark.Start(t.Context(), &localspark.Options{
		Master: "local[2]", Conf: all, Env: append(os.Environ(), sparktest.EnvRemote+"=", "SPARK_HOME=", "TMPDIR="+t.TempDir()),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	return server
}

// diary keeps the moments that hooks hear.
type diary struct {
	streaming.BaseStreamHooks
	start    chan streaming.QueryStart
	progress chan streaming.BatchProgress
	end      chan streaming.QueryEnd
	restart  chan streaming.QueryRestart
	loss     chan streaming.SessionLoss
}

func newDiary() *diary {
	const room = 10_000
	return &diary{
		start: make(chan streaming.QueryStart, room), progress: make(chan streaming.BatchProgress, room), end: make(chan streaming.QueryEnd, room),
		restart: make(chan streaming.QueryRestart, room), loss: make(chan streaming.SessionLoss, room),
	}
}

func (d *diary) OnQueryStart(_ context.Context, e streaming.QueryStart)       { d.start <- e }
func (d *diary) OnBatchProgress(_ context.Context, e streaming.BatchProgress) { d.progress <- e }
func (d *diary) OnQueryTerminated(_ context.Context, e streaming.QueryEnd)    { d.end <- e }
func (d *diary) OnQueryRestart(_ context.Context, e streaming.QueryRestart)   { d.restart <- e }
func (d *diary) OnSessionLost(_ context.Context, e streaming.SessionLoss)     { d.loss <- e }

// batch waits for a batch with rows that is at least of this number.
func (d *diary) batch(t testing.TB, query string, least int64) streaming.BatchProgress {
	t.Helper()
	for {
		if p := next(t, d.progress); p.Query == query && p.Progress.BatchID >= least && p.Progress.NumInputRows > 0 {
			return p
		}
	}
}

// connecting opens sessions on a server.
func connecting(remote string, opts *dataflow.ConnectOptions) func(context.Context) (*dataflow.Session, error) {
	return func(ctx context.Context) (*dataflow.Session, error) { return dataflow.Connect(ctx, remote, opts) }
}

// supervision is a supervisor that runs.
type supervision struct {
	*streaming.Supervisor
	*diary
	cancel context.CancelFunc
	ended  chan error
}

// supervise runs queries until the end of the test.
func supervise(t testing.TB, opts streaming.SupervisorOptions, queries ...streaming.SupervisedQuery) supervision {
	t.Helper()
	out := supervision{diary: newDiary(), ended: make(chan error, 1)}
	if opts.StateDir == "" {
		opts.StateDir = t.TempDir()
	}
	opts.Hooks = append(opts.Hooks, out.diary)
	s, err := streaming.NewSupervisor(&opts)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	out.Supervisor, out.cancel = s, cancel
	done := make(chan struct{})
	go func() {
		defer close(done)
		out.ended <- s.Run(ctx, queries...)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return out
}

// rateQuery counts up with a checkpoint.
func rateQuery(t testing.TB, name string) streaming.SupervisedQuery {
	t.Helper()
	return streaming.SupervisedQuery{Pipeline: streaming.StreamingPipeline{
		Source: rate(10), Sink: streaming.NoopSink{}, QueryName: name, Trigger: streaming.ProcessingTime(200 * time.Millisecond),
		CheckpointLocation: filepath.Join(t.TempDir(), "checkpoint"),
	}}
}

// TestTheServerIsStoppedAndStartedUnderASupervisor has the streams go on without a
// hand, whether the server ends in order or is killed.
func TestTheServerIsStoppedAndStartedUnderASupervisor(t *testing.T) {
	t.Parallel()
	first := ownServer(t, nil)
	at, err := url.Parse(first.Remote())
	require.NoError(t, err)
	s := supervise(t, streaming.SupervisorOptions{Open: connecting(first.Remote(), nil)}, rateQuery(t, "a"), rateQuery(t, "b"))
	for i, end := range []func(*localspark.Server){
		func(server *localspark.Server) { require.NoError(t, server.Stop(t.Context())) },
		func(server *localspark.Server) {
			process, err := os.FindProcess(server.PID())
			require.NoError(t, err)
			require.NoError(t, process.Kill())
			<-server.Done()
		},
	} {
		before := map[string]streaming.BatchProgress{"a": s.batch(t, "a", 2), "b": s.batch(t, "b", 2)}
		began := time.Now()
		end(first)
		down := time.Now()
		first = ownServer(t, map[string]string{"spark.connect.grpc.binding.port": at.Port()})
		up := time.Now()
		for len(s.progress) > 0 {
			<-s.progress
		}
		for _, name := range []string{"a", "b"} {
			after := s.batch(t, name, before[name].Progress.BatchID+1)
			require.Equal(t, before[name].ID, after.ID, "the checkpoint has the id")
			require.NotEqual(t, before[name].RunID, after.RunID)
		}
		t.Logf("ended in %v, down for %v; all streams went on %v after the server was up, with no hand",
			down.Sub(began), up.Sub(down), time.Since(up))
		status := s.Status()
		require.True(t, status.Ready)
		require.Equal(t, i+1, status.SessionsLost)
		require.NotErrorIs(t, next(t, s.loss).Err, context.Canceled)
	}
	s.cancel()
	err = next(t, s.ended)
	require.ErrorIs(t, err, context.Canceled)
	var failed *streaming.SupervisorError
	require.NotErrorAs(t, err, &failed)
	require.Equal(t, len(s.start), len(s.end), "every start has its end")
}

// TestABrokenConnectionRestartsNothing cuts the connection again and again.
func TestABrokenConnectionRestartsNothing(t *testing.T) {
	t.Parallel()
	at, err := url.Parse(sparktest.Remote(t))
	require.NoError(t, err)
	proxy := faultproxy.Start(t, at.Host)
	s := supervise(t, streaming.SupervisorOptions{
		Open: connecting("sc://"+proxy.Addr(), nil), KeepaliveInterval: 200 * time.Millisecond,
	}, rateQuery(t, uniqueName("cut")))
	name := next(t, s.start).Query
	first := s.batch(t, name, 0)
	for i := range int64(5) {
		proxy.Cut()
		require.Equal(t, first.RunID, s.batch(t, name, first.Progress.BatchID+i+1).RunID)
	}
	require.Empty(t, s.loss)
	require.Empty(t, s.restart)
}

// TestSessionEviction shows that a server gives up an idle session with its query,
// and that it does not under a supervisor.
func TestSessionEviction(t *testing.T) {
	t.Parallel()
	const idle = 8 * time.Second
	server := ownServer(t, map[string]string{
		"spark.connect.session.manager.defaultSessionTimeout": strconv.Itoa(int(idle.Milliseconds())) + "ms",
		"spark.connect.session.manager.maintenanceInterval":   "500ms",
	})
	q := begin(t, sparkAt(t, server.Remote()), streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}}) // the first takes long
	require.NoError(t, q.Stop(within(t), nil))
	t.Run("without", func(t *testing.T) {
		spark := sparkAt(t, server.Remote())
		q := begin(t, spark, rateQuery(t, uniqueName("idle")).Pipeline)
		<-time.After(2 * idle)
		_, err := q.Status(within(t))
		t.Logf("left alone for %v: %v", 2*idle, err)
		require.ErrorIs(t, err, dataflow.ErrSessionLost)
	})
	t.Run("with", func(t *testing.T) {
		s := supervise(t, streaming.SupervisorOptions{Open: connecting(server.Remote(), nil), KeepaliveInterval: idle / 4}, rateQuery(t, "kept"))
		first := s.batch(t, "kept", 0)
		<-time.After(2 * idle)
		for len(s.progress) > 0 {
			<-s.progress
		}
		require.Equal(t, first.RunID, s.batch(t, "kept", 1).RunID, "it is the same run")
		require.Empty(t, s.loss)
		require.Zero(t, s.Status().Queries[0].Restarts)
	})
	t.Run("evicted", func(t *testing.T) { // with a keep-alive that is too slow
		s := supervise(t, streaming.SupervisorOptions{Open: connecting(server.Remote(), nil), KeepaliveInterval: time.Hour}, rateQuery(t, "back"))
		first := s.batch(t, "back", 0)
		select {
		case loss := <-s.loss:
			t.Logf("lost: %v", loss.Err)
			require.Equal(t, []string{"back"}, loss.Queries)
			require.Equal(t, first.ID, s.batch(t, "back", first.Progress.BatchID+1).ID)
		case <-time.After(4 * idle):
			t.Log("the stream of events keeps the session by itself")
		}
	})
}

func TestSupervisedQueryGoesOnFromItsCheckpoint(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		q := rateQuery(t, uniqueName("stopped"))
		q.Name = "stopped"
		var mu sync.Mutex
		var spark *dataflow.Session
		s := supervise(t, streaming.SupervisorOptions{Open: func(ctx context.Context) (*dataflow.Session, error) {
			mu.Lock()
			defer mu.Unlock()
			var err error
			spark, err = dataflow.Connect(ctx, remote, nil)
			return spark, err
		}}, q)
		first := s.batch(t, "stopped", 1)
		mu.Lock()
		mine := spark
		mu.Unlock()
		run, err := streaming.Queries(mine).Get(t.Context(), first.ID)
		require.NoError(t, err)
		require.NoError(t, run.Stop(within(t), nil)) // not by the supervisor
		restart := next(t, s.restart)
		require.ErrorIs(t, restart.Err, streaming.ErrStoppedElsewhere)
		require.Equal(t, streaming.EndFailed, restart.Reason)
		after := s.batch(t, "stopped", first.Progress.BatchID+1)
		for after.RunID == first.RunID { // the last batches before the stop
			after = s.batch(t, "stopped", after.Progress.BatchID+1)
		}
		require.Equal(t, first.ID, after.ID)
		require.Equal(t, 1, after.Restarts)
		require.NoError(t, s.Stop(within(t), "stopped"))
		require.NoError(t, next(t, s.ended))
		require.Equal(t, streaming.QueryStopped, s.Status().Queries[0].State)
	})
}

func TestSupervisorSeesWhatCannotBeMended(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		data := rateQuery(t, uniqueName("data"))
		data.Name, data.Pipeline.Transforms = "data", []dataflow.Transform{project("1 / (value - 3) AS x")}
		wrong := rateQuery(t, uniqueName("wrong"))
		wrong.Name, wrong.Pipeline.Transforms = "wrong", []dataflow.Transform{project("nothing_such")}
		jar := rateQuery(t, uniqueName("jar"))
		jar.Name, jar.Pipeline.Source = "jar", streaming.Reader{Format: "no.such.format"}
		raised := rateQuery(t, uniqueName("raised"))
		raised.Name, raised.Pipeline.Transforms = "raised", []dataflow.Transform{project("assert_true(value < 2) AS ok")}
		raised.RestartLimits = map[string]int{"USER_RAISED_EXCEPTION": 2}
		once := rateQuery(t, uniqueName("once"))
		once.Name, once.Pipeline.Trigger = "once", streaming.AvailableNow()
		s := supervise(t, streaming.SupervisorOptions{Open: connecting(remote, nil)}, data, wrong, jar, raised, once)
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("%+v", s.Status())
			}
		})
		err := next(t, s.ended)
		t.Log(err)
		var failed *streaming.SupervisorError
		require.ErrorAs(t, err, &failed)
		got := map[string]int{}
		for _, f := range failed.Failures {
			got[f.Query+" "+f.Class()] = f.Restarts
		}
		require.Equal(t, map[string]int{
			"data DIVIDE_BY_ZERO": 0, "wrong UNRESOLVED_COLUMN.WITH_SUGGESTION": 0, "jar DATA_SOURCE_NOT_FOUND": 0,
			"raised USER_RAISED_EXCEPTION": 2,
		}, got)
	})
}

// TestLatencyOfHooks prints how long it takes from the end of a batch on the server
// to the hook.
func TestLatencyOfHooks(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		const batches = 10
		var heard []time.Duration
		done, once := make(chan struct{}), sync.Once{}
		s := supervise(t, streaming.SupervisorOptions{Open: connecting(remote, nil), Hooks: []streaming.StreamHooks{progressFunc(func(e streaming.BatchProgress) {
			if len(heard) < batches {
				heard = append(heard, time.Since(e.Progress.Timestamp.Add(e.Progress.Durations["triggerExecution"])))
			} else {
				once.Do(func() { close(done) })
			}
		})}}, rateQuery(t, uniqueName("latency")))
		next(t, done)
		s.cancel()
		require.Error(t, next(t, s.ended))
		var sum, most time.Duration
		for _, d := range heard {
			sum, most = sum+d, max(most, d)
		}
		t.Logf("end of batch on the server to hook, %d batches: mean %v, most %v", batches, sum/batches, most)
	})
}

type progressFunc func(streaming.BatchProgress)

func (progressFunc) OnQueryStart(context.Context, streaming.QueryStart)     {}
func (progressFunc) OnQueryIdle(context.Context, streaming.QueryIdle)       {}
func (progressFunc) OnQueryTerminated(context.Context, streaming.QueryEnd)  {}
func (progressFunc) OnQueryRestart(context.Context, streaming.QueryRestart) {}
func (progressFunc) OnSessionLost(context.Context, streaming.SessionLoss)   {}
func (f progressFunc) OnBatchProgress(_ context.Context, e streaming.BatchProgress) {
	f(e)
}

// used tells what this process has used of the processor, and the memory that it
// has, as Linux shows it.
func used(tb testing.TB) (cpu time.Duration, rss int) {
	tb.Helper()
	const tick = 10 * time.Millisecond // USER_HZ is 100 on Linux
	stat, err := os.ReadFile("/proc/self/stat")
	require.NoError(tb, err)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	pages, _ := strconv.Atoi(fields[21])
	return time.Duration(user+system) * tick, pages * os.Getpagesize()
}

// BenchmarkTwentyQueries prints what twenty supervised queries need of this process.
// It takes a minute.
func BenchmarkTwentyQueries(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("it reads /proc")
	}
	remote := sparktest.Remote(b)
	var queries []streaming.SupervisedQuery
	for i := range 20 {
		q := rateQuery(b, uniqueName("bench"+strconv.Itoa(i)))
		q.Pipeline.Source, q.Pipeline.Trigger = rate(1), streaming.ProcessingTime(10*time.Second)
		queries = append(queries, q)
	}
	s := supervise(b, streaming.SupervisorOptions{
		Open: connecting(remote, nil), Addr: "127.0.0.1:0", Meter: &hooks.Registry{},
	}, queries...)
	for range queries {
		next(b, s.start)
	}
	<-time.After(15 * time.Second)
	for b.Loop() {
		before, _ := used(b)
		began := time.Now()
		<-time.After(45 * time.Second)
		after, rss := used(b)
		b.ReportMetric(100*float64(after-before)/float64(time.Since(began)), "%core")
		b.ReportMetric(float64(rss)/1e6, "MB-RSS")
		require.True(b, s.Status().Ready)
	}
}

func TestSecondSupervisorOfACheckpoint(t *testing.T) {
	t.Parallel()
	remote := sparktest.Remote(t)
	q, dir := rateQuery(t, uniqueName("mine")), t.TempDir()
	first := supervise(t, streaming.SupervisorOptions{Open: connecting(remote, nil), StateDir: dir}, q)
	first.batch(t, q.Pipeline.QueryName, 0)
	q.Pipeline.CheckpointLocation = "file://" + q.Pipeline.CheckpointLocation + "//"
	second, err := streaming.NewSupervisor(&streaming.SupervisorOptions{StateDir: dir, Open: func(context.Context) (*dataflow.Session, error) {
		return nil, errors.New("it must not open one")
	}})
	require.NoError(t, err)
	err = second.Run(t.Context(), q)
	require.ErrorIs(t, err, streaming.ErrCheckpointHeld)
	require.ErrorContains(t, err, "process "+strconv.Itoa(os.Getpid())+" on ")
	t.Log(err)
}

func get(t testing.TB, addr, path string) (int, string) {
	t.Helper()
	require.NotEmpty(t, addr)
	_, _, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	var body bytes.Buffer
	_, err = body.ReadFrom(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, body.String()
}
