package streaming_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/resilience"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// supervisedFake is a supervisor of two queries on a fake server.
func supervisedFake(t *testing.T, dir string) (supervision, *fakeQueries) {
	t.Helper()
	b, f := fake(t)
	query := func(name string) streaming.SupervisedQuery {
		return streaming.SupervisedQuery{Pipeline: streaming.StreamingPipeline{
			Source: rate(1), Sink: streaming.NoopSink{}, QueryName: name, CheckpointLocation: "/checkpoints/" + name,
		}}
	}
	s := supervise(t, streaming.SupervisorOptions{
		Open: connecting(b.server.Remote(), nil), StateDir: dir, Addr: ":0",
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") }),
	}, query("a"), query("b"))
	for range 2 {
		next(t, s.start)
	}
	return s, f
}

func TestHealth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, f := supervisedFake(t, dir)
	run := s.Status().Queries[0].RunID
	f.bus <- progressEvent(run, 7)
	next(t, s.progress)
	addr := s.Addr()
	require.True(t, strings.HasPrefix(addr, "127.0.0.1:"), "no host is this machine alone: %s", addr)

	code, text := get(t, addr, "/live")
	require.Equal(t, http.StatusOK, code, text)
	code, text = get(t, addr, "/ready")
	require.Equal(t, http.StatusOK, code, text)
	code, text = get(t, addr, "/metrics")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "up 1\n", text)
	code, _ = get(t, addr, "/other")
	require.Equal(t, http.StatusNotFound, code)
	code, text = get(t, addr, "/queries")
	require.Equal(t, http.StatusOK, code)
	var status streaming.SupervisorStatus
	require.NoError(t, json.Unmarshal([]byte(text), &status))
	require.True(t, status.Ready)
	require.Equal(t, os.Getpid(), status.PID)
	require.Len(t, status.Queries, 2)
	require.Equal(t, run, status.Queries[0].RunID)
	require.Equal(t, int64(7), status.Queries[0].Progress.BatchID)
	require.Equal(t, "/checkpoints/a", status.Queries[0].CheckpointLocation)

	found, err := streaming.FindSupervisors(dir)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, addr, found[0].Address)
	_, err = found[0].Stop(within(t), "c")
	require.ErrorIs(t, err, streaming.ErrNoQuery)
	status, err = found[0].Stop(within(t), "a")
	require.NoError(t, err)
	require.Equal(t, streaming.QueryStopped, status.Queries[0].State)
	require.Equal(t, streaming.QueryRunning, status.Queries[1].State)
	code, text = get(t, addr, "/ready")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Equal(t, "not ready\na: stopped\n", text)
	_, err = found[0].Stop(within(t))
	require.NoError(t, err)
	require.NoError(t, next(t, s.ended))
	require.Empty(t, s.Addr())
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, file := range left {
		require.Equal(t, ".guard", filepath.Base(file))
	}
	_, err = found[0].Status(within(t))
	require.ErrorIs(t, err, streaming.ErrNoSupervisor)
}

func TestStopWantsTheToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := supervisedFake(t, dir)
	files, err := filepath.Glob(filepath.Join(dir, "supervisor-*.json"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	data, err := os.ReadFile(files[0])
	require.NoError(t, err)
	var word struct{ Token string }
	require.NoError(t, json.Unmarshal(data, &word))
	require.Greater(t, len(word.Token), 20)

	post := func(token, body string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.Addr()+"/stop", strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Do(req)
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		require.NotContains(t, string(text), word.Token)
		return resp.StatusCode
	}
	require.Equal(t, http.StatusForbidden, post("", "{}"))
	require.Equal(t, http.StatusForbidden, post(word.Token+"x", "{}"))
	require.Equal(t, http.StatusBadRequest, post(word.Token, "stop"))
	require.Equal(t, http.StatusBadRequest, post(word.Token, `{"names":["a"]}`))
	code, _ := get(t, s.Addr(), "/stop")
	require.Equal(t, http.StatusNotFound, code)
	require.True(t, s.Status().Ready, "nothing was stopped")
	_, text := get(t, s.Addr(), "/queries")
	require.NotContains(t, text, word.Token)
	require.Equal(t, http.StatusOK, post(word.Token, `{"queries":["a","b"]}`))
	require.NoError(t, next(t, s.ended))
}

func TestWordOfSupervisorsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"supervisor-a.json": "no JSON", "supervisor-b.json": `{"address":"nowhere"}`, "supervisor-c.json": `{"address":"127.0.0.1:1","pid":7}`, "notes.json": "",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	found, err := streaming.FindSupervisors(dir)
	require.ErrorContains(t, err, "supervisor-a.json: invalid character 'o' in literal null (expecting 'u'); delete the file if no supervisor runs")
	require.ErrorContains(t, err, `supervisor-b.json: address of a supervisor: "nowhere" is not host:port`)
	require.Len(t, found, 1)
	require.Equal(t, 7, found[0].PID)
	found[0].Forget()
	require.NoFileExists(t, filepath.Join(dir, "supervisor-c.json"))
	none, err := streaming.FindSupervisors(filepath.Join(dir, "none"))
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestSupervisorRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	_, err := streaming.NewSupervisor(nil)
	require.EqualError(t, err, "supervise streaming queries: the function Open, which opens the Spark session, is missing")
	open := func(context.Context) (*dataflow.Session, error) { return nil, errors.New("not now") }
	for want, opts := range map[string]streaming.SupervisorOptions{
		`Addr: "8080" is not host:port, such as 127.0.0.1:8080`:    {Addr: "8080"},
		`Addr: "localhost:99999"`:                                  {Addr: "localhost:99999"},
		"KeepaliveInterval: -1s is below 0":                        {KeepaliveInterval: -time.Second},
		"HealthyAfter: -1s is below 0":                             {HealthyAfter: -time.Second},
		"one of the Hooks is nil":                                  {Hooks: []streaming.StreamHooks{nil}},
		`RestartLimits: retry_on: "no such word" matches no error`: {RestartLimits: map[string]int{"no such word": 1}},
		"RestartLimits: XX: -1 is below 0":                         {RestartLimits: map[string]int{"XX": -1}},
		"Retry: max_retries: -1 is below 0":                        {Retry: resilience.RetryConfig{MaxRetries: new(-1)}},
	} {
		opts.Open = open
		_, err := streaming.NewSupervisor(&opts)
		require.ErrorContains(t, err, want)
	}
	s, err := streaming.NewSupervisor(&streaming.SupervisorOptions{Open: open, StateDir: t.TempDir()})
	require.NoError(t, err)
	require.EqualError(t, s.Run(t.Context()), "supervise streaming queries: there are no queries")
	good := streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}, QueryName: "a", CheckpointLocation: "s3a://bucket/a/"}
	same := good
	same.QueryName, same.CheckpointLocation = "b", "s3://bucket//a"
	unnamed := good
	unnamed.QueryName = ""
	err = s.Run(t.Context(), streaming.SupervisedQuery{Pipeline: good}, streaming.SupervisedQuery{Pipeline: same},
		streaming.SupervisedQuery{Name: "a", Pipeline: streaming.StreamingPipeline{Sink: streaming.NoopSink{}}}, streaming.SupervisedQuery{Pipeline: unnamed})
	require.ErrorContains(t, err, `query "b": its checkpoint location s3://bucket//a is that of query "a"; every query has its own`)
	require.ErrorContains(t, err, `query "a": another one has the same name`)
	require.ErrorContains(t, err, `query "a": the stream has no source`)
	require.ErrorContains(t, err, `query 4: it has no name`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Run(ctx, streaming.SupervisedQuery{Pipeline: good}), context.Canceled)
	require.NoError(t, s.Stop(t.Context()))
	require.ErrorIs(t, s.Stop(t.Context(), "a"), streaming.ErrNoQuery)
}

// loud is a hook that panics.
type loud struct{ streaming.BaseStreamHooks }

func (loud) OnQueryStart(context.Context, streaming.QueryStart)       { panic("loud") }
func (loud) OnBatchProgress(context.Context, streaming.BatchProgress) { panic(fmt.Errorf("loud")) }

func TestHooksThatPanicHarmNobody(t *testing.T) {
	t.Parallel()
	b, f := fake(t)
	s := supervise(t, streaming.SupervisorOptions{
		Open: connecting(b.server.Remote(), nil), Hooks: []streaming.StreamHooks{loud{}},
	}, streaming.SupervisedQuery{Pipeline: streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}, QueryName: "q"}})
	run := next(t, s.start).RunID
	began := time.Now()
	f.bus <- progressEvent(run, 3)
	require.Equal(t, int64(3), next(t, s.progress).Progress.BatchID)
	t.Logf("from the server to the last hook: %v", time.Since(began))
	require.ErrorIs(t, s.Run(t.Context(), streaming.SupervisedQuery{Pipeline: streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}, QueryName: "q"}}),
		streaming.ErrSupervising)
	s.cancel()
	require.ErrorIs(t, next(t, s.ended), context.Canceled)
	require.Equal(t, streaming.EndStopped, next(t, s.end).Reason)
	require.Equal(t, run, <-f.stopped)
}
