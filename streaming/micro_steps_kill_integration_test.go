package streaming_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// The steps of a sink made of steps, as far as they change anything.
const (
	stepCreate = "CREATE TABLE"
	stepMerge  = "MERGE INTO"
	stepStart  = "start of the stream"
	stepTable  = "make the table"
	stepWrite  = "write a batch"
)

// stepOf names the step that a call is, "" for what changes nothing.
func stepOf(frame []byte) string {
	const prefix = 5 // of a message of gRPC
	req := new(wire.ExecutePlanRequest)
	if len(frame) < prefix || proto.Unmarshal(frame[prefix:], req) != nil {
		return ""
	}
	switch cmd := req.GetPlan().GetCommand().GetCommandType().(type) {
	case *wire.Command_WriteOperation:
		if cmd.WriteOperation.GetMode() == wire.WriteOperation_SAVE_MODE_IGNORE {
			return stepTable
		}
		return stepWrite
	case *wire.Command_WriteStreamOperationStart:
		return stepStart
	case *wire.Command_SqlCommand:
		for _, words := range []string{stepCreate, stepMerge} {
			if bytes.Contains(cmd.SqlCommand.GetInput(), []byte(words)) {
				return words
			}
		}
	}
	return ""
}

// boundary is where a process is killed: at the nth step of a name, before the
// server has the call or once it has, so that it goes on with nobody waiting.
type boundary struct {
	step   string
	nth    int
	during bool
}

func (b boundary) String() string {
	if b.during {
		return fmt.Sprintf("during %s %d", b.step, b.nth)
	}
	return fmt.Sprintf("before %s %d", b.step, b.nth)
}

// executioner is a proxy in front of a server that kills a process at a boundary.
type executioner struct {
	forward *httputil.ReverseProxy
	front   *httptest.Server

	mu     sync.Mutex
	victim *child
	at     boundary
	seen   map[string]int // steps by their names
}

func startExecutioner(t *testing.T, remote string) *executioner {
	t.Helper()
	h2c := new(http.Protocols)
	h2c.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: h2c}
	x := &executioner{forward: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: strings.TrimPrefix(remote, "sc://")})}
	x.forward.Transport = transport
	x.forward.FlushInterval = -1 // events are pushed
	x.forward.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	x.front = httptest.NewUnstartedServer(x)
	x.front.Config.Protocols = h2c
	x.front.Start()
	t.Cleanup(func() {
		x.front.CloseClientConnections()
		x.front.Close()
		transport.CloseIdleConnections()
	})
	return x
}

// ServeHTTP implements [http.Handler].
func (x *executioner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path.Base(r.URL.Path) != "ExecutePlan" {
		x.forward.ServeHTTP(w, r)
		return
	}
	frame, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(frame))
	victim, during := x.reached(stepOf(frame))
	switch {
	case victim != nil && !during:
		victim.kill()
		panic(http.ErrAbortHandler) // the server never hears of it
	case victim != nil:
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context())) // the call outlives the process
		defer cancel()
		r = r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			WroteRequest: func(httptrace.WroteRequestInfo) { victim.kill() },
		}))
	}
	x.forward.ServeHTTP(w, r)
}

// reached notes a step, and returns the process if it is to be killed there.
func (x *executioner) reached(step string) (victim *child, during bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.seen[step]++; x.victim == nil || step != x.at.step || x.seen[step] != x.at.nth {
		return nil, false
	}
	return x.victim, x.at.during
}

// kill runs a test in a process and kills that at a boundary.
func (x *executioner) kill(t *testing.T, at boundary, test string, env ...string) {
	t.Helper()
	x.mu.Lock()
	x.at, x.seen = at, map[string]int{}
	x.victim = startChild(t, test, env...)
	c := x.victim
	x.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), killPatience)
	defer cancel()
	select {
	case <-c.ended:
	case <-ctx.Done():
		c.kill()
		require.FailNow(t, "the process does not end", "%s\n%s", at, &c.out)
	}
	require.False(t, c.ProcessState.Exited(), "%s: the process has ended by itself: %v\n%s", at, c.ProcessState, &c.out)
}

// stepsRun is a pipeline whose sink is made of steps, as another process needs it.
type stepsRun struct {
	Dir, Remote string
	JDBC, Table string // the URL of the database, "" for a merge
	Key         bool   // the table has a unique key, and the sink is told
}

const envSteps = "SPARKPIPE_TEST_STEPS"

func (r stepsRun) pipeline() streaming.StreamingPipeline {
	if r.JDBC == "" {
		return sums(r.Dir)
	}
	p := sums(r.Dir)
	p.Sink = streaming.JDBCSink{
		JDBC:  dataflow.JDBC{URL: secrets.NewValue(r.JDBC), User: "tester", Password: secrets.NewValue(storetest.Password)},
		Table: r.Table, StagingPath: r.Dir + "/s", BatchKey: r.Key,
	}
	return p
}

// TestStepsInAProcess is the process that the executioner kills; by itself it does
// nothing.
func TestStepsInAProcess(t *testing.T) {
	text := os.Getenv(envSteps)
	if text == "" {
		return
	}
	var r stepsRun
	require.NoError(t, json.Unmarshal([]byte(text), &r))
	q, err := r.pipeline().Start(t.Context(), sparkAt(t, r.Remote))
	require.NoError(t, err)
	require.NoError(t, q.AwaitTermination(t.Context()))
}

// killAt runs a pipeline again and again, with as many new files each time as it
// needs to get there, and kills each run at another boundary. Then it runs it to the
// end. It returns how many files there are.
func killAt(t *testing.T, c cluster, w work, r stepsRun, boundaries ...boundary) (files int) {
	t.Helper()
	x := startExecutioner(t, c.remote)
	r.Remote = "sc://" + x.front.Listener.Addr().String()
	text, err := json.Marshal(r)
	require.NoError(t, err)
	for _, at := range boundaries {
		for range at.nth {
			w.put(fmt.Sprintf("in/%03d.json", files), stepRows(files))
			files++
		}
		x.kill(t, at, "TestStepsInAProcess", envSteps+"="+string(text))
	}
	t.Logf("killed %d times: %v", len(boundaries), boundaries)
	q, err := r.pipeline().Start(t.Context(), c.spark)
	require.NoError(t, err)
	require.NoError(t, q.AwaitTermination(t.Context()))
	return files
}

// stepRows are the rows of a file: the same ids in each, for a merge to add up.
func stepRows(file int) string {
	return fmt.Sprintf(`{"id":1,"n":%d}`+"\n"+`{"id":2,"n":10}`+"\n"+`{"id":%d,"n":1}`, 1+file, 100+file)
}

// testDeltaMergeKilled kills the process between the steps of a merge, then in the
// middle of them, and compares all rows.
func testDeltaMergeKilled(t *testing.T, c cluster) {
	w := workIn(t)
	files := killAt(t, c, w, stepsRun{Dir: w.dir},
		boundary{stepCreate, 1, false}, // the target
		boundary{stepCreate, 2, false}, // the staging table
		boundary{stepStart, 1, false}, boundary{stepMerge, 1, false}, boundary{stepMerge, 2, false},
		boundary{stepStart, 1, true}, boundary{stepMerge, 1, true}, boundary{stepMerge, 2, true})
	want := []string{fmt.Sprintf("1:%d", files*(files+1)/2), fmt.Sprintf("2:%d", 10*files)}
	for file := range files {
		want = append(want, fmt.Sprintf("%d:1", 100+file))
	}
	slices.Sort(want) // as texts, like the others
	require.Equal(t, strings.Join(want, " "), sumsIn(t, c.spark, w.dir))
}

// testJDBCKilled does the same to a table of a database with a unique key. Without
// such a key a write that outlives the process may come twice: there it is killed
// before the steps only.
func testJDBCKilled(t *testing.T, c cluster) {
	at, err := url.Parse(storetest.Postgres(t))
	require.NoError(t, err)
	db, err := sql.Open("pgx", at.String())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	between := []boundary{
		{stepCreate, 1, false}, // the staging table
		{stepTable, 1, false}, {stepStart, 1, false}, {stepWrite, 1, false}, {stepWrite, 2, false},
	}
	for name, boundaries := range map[string][]boundary{
		"key":    append(slices.Clip(between), boundary{stepStart, 1, true}, boundary{stepWrite, 1, true}, boundary{stepWrite, 2, true}),
		"no key": between[2:],
	} {
		t.Run(name, func(t *testing.T) {
			w := workIn(t)
			r := stepsRun{Dir: w.dir, JDBC: "jdbc:postgresql://" + at.Host + at.Path, Table: uniqueName("steps"), Key: name == "key"}
			if r.Key {
				_, err = db.ExecContext(t.Context(), "CREATE TABLE "+r.Table+" (id BIGINT, n BIGINT, _batch_id TEXT, _batch_row BIGINT, UNIQUE (_batch_id, _batch_row))")
				require.NoError(t, err)
			}
			files := killAt(t, c, w, r, boundaries...)
			var want []string
			for file := range files {
				want = append(want, fmt.Sprintf("1:%d", 1+file))
			}
			for range files {
				want = append(want, "2:10")
			}
			for file := range files {
				want = append(want, fmt.Sprintf("%d:1", 100+file))
			}
			var got string
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT string_agg(id || ':' || n, ' ' ORDER BY id, n) FROM "+r.Table).Scan(&got))
			require.Equal(t, strings.Join(want, " "), got)
		})
	}
}
