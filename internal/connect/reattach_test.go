package connect_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/internal/faultproxy"
)

// address is the host:port of a server.
func address(server *fakeconnect.Server) string { return strings.TrimPrefix(server.Remote(), "sc://") }

// openAt opens a session through a proxy, or at any other address.
func openAt(t *testing.T, addr string, opts *connect.Options) *connect.Conn {
	t.Helper()
	conn, err := connect.Open(t.Context(), "sc://"+addr, opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

// sendRows answers with rows "0", "1", ... in batches of one.
func sendRows(n int) fakeconnect.Script {
	return func(op *fakeconnect.Operation) error {
		for i := range n {
			if err := op.SendStrings("value", fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return nil
	}
}

// readRows runs a query and counts its batches.
func readRows(t *testing.T, conn *connect.Conn) (batches int, err error) {
	t.Helper()
	seen := map[string]bool{}
	err = conn.Query(t.Context(), relationOf(t, "SELECT value FROM t"), func(resp *wire.ExecutePlanResponse) error {
		if resp.GetArrowBatch() != nil {
			require.False(t, seen[resp.GetResponseId()], "a batch arrived twice")
			seen[resp.GetResponseId()] = true
			batches++
		}
		return nil
	})
	return batches, err
}

func relationOf(t *testing.T, query string) []byte {
	t.Helper()
	return sqlCommand(t, query).GetSqlCommand().GetInput()
}

func TestStreamThatTheServerEndsGoesOn(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.LimitStreams(3)
	server.OnExecute(sendRows(20))
	conn := open(t, server, nil)
	got, err := readRows(t, conn)
	require.NoError(t, err)
	require.Equal(t, 20, got)
	require.Len(t, server.Requests("ExecutePlan"), 1)
	require.GreaterOrEqual(t, len(server.Requests("ReattachExecute")), 6)
	require.Eventually(t, func() bool { return server.Held() == 0 }, 5*time.Second, time.Millisecond, "a finished query is released")
}

func TestClientsOwnCallsSurviveToo(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.LimitStreams(1)
	server.OnExecute(sendRows(10))
	conn := open(t, server, nil)
	df, err := conn.Session().Table("t")
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 10)
	for i, row := range rows {
		require.Equal(t, fmt.Sprint(i), row.At(0))
	}
}

// TestCutsAtRandomBytes breaks the connection a thousand times, at any byte of
// what the server sends.
func TestCutsAtRandomBytes(t *testing.T) {
	t.Parallel()
	const cuts = 1000
	server := fakeconnect.Start(t)
	server.OnExecute(sendRows(500))
	proxy := faultproxy.Start(t, address(server))
	conn := openAt(t, proxy.Addr(), nil)
	var made atomic.Int64
	proxy.CutAfter(func() int64 {
		made.Add(1)
		return 60 + rand.Int64N(3000) //nolint:gosec // a test
	})
	proxy.Cut()
	for made.Load() < cuts {
		got, err := readRows(t, conn)
		require.NoError(t, err)
		require.Equal(t, 500, got)
	}
	t.Logf("%d cuts, %d executions, %d reattached", made.Load(), len(server.Requests("ExecutePlan")), len(server.Requests("ReattachExecute")))
}

func TestCommandRunsOnceWhateverBreaks(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	var runs atomic.Int64
	server.OnExecute(func(*fakeconnect.Operation) error { runs.Add(1); return nil })
	proxy := faultproxy.Start(t, address(server))
	conn := openAt(t, proxy.Addr(), nil)
	proxy.CutAfter(func() int64 { return 150 + rand.Int64N(1000) }) //nolint:gosec // a test
	proxy.Cut()
	for want := range int64(100) {
		_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
		require.NoError(t, err)
		require.Equal(t, want+1, runs.Load())
	}
}

func TestSilentConnectionIsNoticed(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	silenced := make(chan struct{})
	server.OnExecute(func(op *fakeconnect.Operation) error {
		if err := op.SendStrings("value", "1"); err != nil {
			return err
		}
		<-silenced
		return op.SendStrings("value", "2")
	})
	proxy := faultproxy.Start(t, address(server))
	conn := openAt(t, proxy.Addr(), &connect.Options{SilenceTimeout: 50 * time.Millisecond, ConnectTimeout: 200 * time.Millisecond})
	batches := 0
	err := conn.Query(t.Context(), relationOf(t, "SELECT 1"), func(resp *wire.ExecutePlanResponse) error {
		if resp.GetArrowBatch() != nil && batches == 0 {
			proxy.Silence()
			close(silenced)
		}
		if resp.GetArrowBatch() != nil {
			batches++
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, batches)
	require.Equal(t, 2, proxy.Accepted(), "a new connection was made")
}

func TestUnaryCallsSurviveACut(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	proxy := faultproxy.Start(t, address(server))
	conn := openAt(t, proxy.Addr(), nil)
	for range 20 {
		proxy.Cut()
		require.NoError(t, conn.SetConf(t.Context(), map[string]string{"a": "b"}))
	}
}

func TestTheTrueErrorIsNeverLost(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	proxy := faultproxy.Start(t, address(server))
	conn := openAt(t, proxy.Addr(), &connect.Options{ReconnectTimeout: 300 * time.Millisecond})
	server.OnExecute(func(op *fakeconnect.Operation) error {
		proxy.Refuse(true)
		proxy.Cut()
		return op.Wait()
	})
	_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.ErrorIs(t, err, connect.ErrOutcomeUnknown)
	require.ErrorContains(t, err, "tried again")
	var spark *component.SparkError
	require.ErrorAs(t, err, &spark)
	require.Equal(t, "Unavailable", spark.Code)

	_, err = readRows(t, conn)
	require.Error(t, err)
	require.NotErrorIs(t, err, connect.ErrOutcomeUnknown, "a query that never arrived has no outcome")
}

func TestNobodyWaitsForAServerThatIsDone(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	done := make(chan struct{})
	conn := open(t, server, &connect.Options{ServerDone: done})
	server.OnExecute(func(op *fakeconnect.Operation) error {
		go func() {
			server.Stop()
			close(done)
		}()
		<-op.Context().Done()
		return op.Context().Err()
	})
	started := time.Now()
	_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.ErrorIs(t, err, connect.ErrOutcomeUnknown)
	require.ErrorIs(t, err, connect.ErrSessionLost)
	require.Less(t, time.Since(started), connect.DefaultReconnectTimeout)

	_, err = readRows(t, conn)
	require.ErrorIs(t, err, connect.ErrSessionLost)
	require.NotContains(t, err.Error(), "tried again", "a server that is known to be gone is asked once")
}

func TestAnOperationThatTheServerForgot(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	proxy := faultproxy.Start(t, address(server))
	conn := openAt(t, proxy.Addr(), nil)
	var runs atomic.Int64
	server.OnExecute(func(op *fakeconnect.Operation) error {
		runs.Add(1)
		if err := op.SendStrings("value", "1"); err != nil {
			return err
		}
		return op.Wait()
	})
	err := conn.Query(t.Context(), relationOf(t, "SELECT 1"), func(*wire.ExecutePlanResponse) error {
		server.Forget()
		proxy.Cut()
		return nil
	})
	var spark *component.SparkError
	require.ErrorAs(t, err, &spark)
	require.Equal(t, "INVALID_HANDLE.OPERATION_NOT_FOUND", spark.Class)
	require.EqualValues(t, 1, runs.Load(), "after a response nothing is sent again")
}

// TestRequestThatNeverArrived is sent again, under the same operation id.
func TestRequestThatNeverArrived(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	proxy := faultproxy.Start(t, address(server))
	conn := openAt(t, proxy.Addr(), &connect.Options{SilenceTimeout: 50 * time.Millisecond, ConnectTimeout: 100 * time.Millisecond})
	var runs atomic.Int64
	server.OnExecute(func(*fakeconnect.Operation) error { runs.Add(1); return nil })
	proxy.Silence() // the request is swallowed
	_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.NoError(t, err)
	require.EqualValues(t, 1, runs.Load())
	require.Len(t, server.Requests("ReattachExecute"), 1, "it is asked for first")
	require.Len(t, server.Requests("ExecutePlan"), 1)
}

func TestFinishedCommandsAreKeptWhereALateCopyWouldRun(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t) // says that it is 4.0.1
	conn := open(t, server, nil)
	require.True(t, conn.Hazards().LateExecuteAccepted)
	_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	require.Empty(t, server.Requests("ReleaseExecute"))
}

func TestBigResultsAreReleasedAsTheyGo(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	line := strings.Repeat("x", 1<<20)
	server.OnExecute(func(op *fakeconnect.Operation) error {
		for range 20 {
			if err := op.SendStrings("value", line); err != nil {
				return err
			}
		}
		return nil
	})
	got, err := readRows(t, conn)
	require.NoError(t, err)
	require.Equal(t, 20, got)
	until := 0
	for _, r := range server.Requests("ReleaseExecute") {
		if r.Message.(*wire.ReleaseExecuteRequest).GetReleaseUntil() != nil {
			until++
		}
	}
	require.NotZero(t, until)
}

func TestHandlerThatStopsInterrupts(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	server.OnExecute(func(op *fakeconnect.Operation) error {
		if err := op.SendStrings("value", "1"); err != nil {
			return err
		}
		return op.Wait()
	})
	enough := errors.New("enough")
	err := conn.Query(t.Context(), relationOf(t, "SELECT 1"), func(*wire.ExecutePlanResponse) error { return enough })
	require.ErrorIs(t, err, enough)
	require.NotEmpty(t, server.Requests("Interrupt"))
	require.Zero(t, server.Running())
}

func TestLostSessionIsNamed(t *testing.T) {
	t.Parallel()
	for _, class := range []string{"SESSION_CLOSED", "SESSION_NOT_FOUND", "SESSION_CHANGED"} {
		t.Run(class, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			conn := open(t, server, nil)
			server.OnExecute(func(*fakeconnect.Operation) error {
				return fakeconnect.Failure{Class: "INVALID_HANDLE." + class, State: "HY000", Message: "gone"}.Error()
			})
			_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
			require.ErrorIs(t, err, connect.ErrSessionLost)
			require.NotErrorIs(t, err, connect.ErrOutcomeUnknown, "it was turned away")
			require.ErrorContains(t, err, "open a new one")
			df, err := conn.Session().Table("t")
			require.NoError(t, err)
			_, err = df.Collect(t.Context())
			require.ErrorIs(t, conn.Error(t.Context(), err), connect.ErrSessionLost)
		})
	}
}

// TestRestartedServer takes no request for the session of the one before it.
func TestRestartedServer(t *testing.T) {
	t.Parallel()
	first, second := fakeconnect.Start(t), fakeconnect.Start(t)
	proxy := faultproxy.Start(t, address(first))
	conn := openAt(t, proxy.Addr(), nil)
	proxy.Retarget(address(second))
	proxy.Cut()
	_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.ErrorIs(t, err, connect.ErrSessionLost)
}

func TestSeveralSessionsOverOneConnection(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	proxy := faultproxy.Start(t, address(server))
	first := openAt(t, proxy.Addr(), nil)
	second, err := first.NewSession(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, first.SessionID(), second.SessionID())
	require.Equal(t, 1, proxy.Accepted())

	require.NoError(t, first.Close(t.Context()))
	_, err = first.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.ErrorIs(t, err, connect.ErrClosed)
	_, err = first.NewSession(t.Context())
	require.ErrorIs(t, err, connect.ErrClosed)
	_, err = second.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.NoError(t, err)
	require.Equal(t, []string{first.SessionID()}, server.Released())

	df, err := second.Session().Table("t")
	require.NoError(t, err)
	owner, _, err := connect.Owner(t.Context(), df)
	require.NoError(t, err)
	require.Same(t, second, owner)
	require.NoError(t, second.Close(t.Context()))
	_, _, err = connect.Owner(t.Context(), df)
	require.ErrorIs(t, err, connect.ErrClosed)
}

func TestResumedSession(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	const id = "9b2f0a52-6f7e-4d9a-8a55-0d6f4f2f8a11"
	conn := openAt(t, net.JoinHostPort("127.0.0.1", address(server)[len("127.0.0.1:"):])+"/;session_id="+id, &connect.Options{KeepSession: true})
	require.Equal(t, id, conn.SessionID())
	df, err := conn.Session().Table("t")
	require.NoError(t, err)
	_, err = df.Collect(t.Context())
	require.NoError(t, err, "the client sees its own id in the answers")
	_, err = conn.Session().Config().GetAll(t.Context())
	require.NoError(t, err)
	plan, err := conn.Export(t.Context(), df)
	require.NoError(t, err)
	require.NotEmpty(t, plan)
	for _, r := range server.Requests() {
		require.Equal(t, id, r.Message.(interface{ GetSessionId() string }).GetSessionId(), r.Method)
	}
	require.NoError(t, conn.Close(t.Context()))
	require.Empty(t, server.Released())
}

func TestKeepalive(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	open(t, server, &connect.Options{SessionKeepalive: 5 * time.Millisecond})
	require.Eventually(t, func() bool { return len(server.Requests("AnalyzePlan")) > 3 }, 5*time.Second, time.Millisecond)
}
