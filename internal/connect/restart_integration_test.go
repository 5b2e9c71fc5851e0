package connect_test

import (
	"context"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// appendFiles is the command that appends the rows of a query to a folder.
func appendFiles(t *testing.T, query, path string) *wire.Plan {
	t.Helper()
	plan := appendPlan(t, query, "")
	plan.GetCommand().GetWriteOperation().SaveType = &wire.WriteOperation_Path{Path: path}
	return plan
}

// rowsIn counts the rows of a folder, which may have none.
func rowsIn(t *testing.T, conn *connect.Conn, name, path string) string {
	t.Helper()
	_, err := conn.Execute(t.Context(), sqlCommand(t, "CREATE TABLE "+name+" (a INT) USING parquet LOCATION '"+path+"'"))
	require.NoError(t, err)
	return number(t, conn, "SELECT count(*) FROM "+name)
}

// TestRealServerIsKilledAndStartedAnew kills a server that is sending a result,
// that is writing, and that has written without the client knowing it. Another
// server then listens on the same port.
func TestRealServerIsKilledAndStartedAnew(t *testing.T) {
	t.Parallel()
	first := ownServer(t, "local[4]", map[string]string{"spark.connect.progress.reportInterval": "50ms"})
	addr, err := connect.ParseAddress(first.Remote())
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(addr.Endpoint())
	require.NoError(t, err)
	half, whole := t.TempDir()+"/half", t.TempDir()+"/whole"
	killed, written := make(chan struct{}), make(chan answers, 1)
	relay := startRelay(t, first.Remote(), func(plan *planCopy, forward func() error) error {
		if plan.number > 1 {
			return forward()
		}
		written <- plan.send(context.WithoutCancel(plan.call))
		<-killed // before the answer has gone on
		return status.Error(codes.Unavailable, "the server is gone")
	})

	start := func(addr string, plan *wire.Plan, running func(*wire.ExecutePlanResponse) bool) (*connect.Conn, chan struct{}, chan error) {
		conn := openAt(t, addr, nil)
		seen, failed := make(chan struct{}), make(chan error, 1)
		saw := sync.OnceFunc(func() { close(seen) })
		go func() {
			defer saw() // at the latest
			failed <- conn.Run(t.Context(), plan, func(resp *wire.ExecutePlanResponse) error {
				if running(resp) {
					saw()
				}
				return nil
			})
		}()
		return conn, seen, failed
	}
	query := rootPlan(t, sqlRelation("SELECT id FROM range(0, 60000, 1, 6000) WHERE java_method('java.lang.Thread', 'sleep', 10L) IS NULL OR id >= 0"))
	inFlight := func(resp *wire.ExecutePlanResponse) bool {
		return resp.GetExecutionProgress().GetNumInflightTasks() > 0
	}
	// First, while nothing else wants the server: its stream has an end of its own.
	_, _, wholeFailed := start(relay.addr, appendFiles(t, "SELECT CAST(id AS INT) AS a FROM range(10)", whole), inFlight)
	answer := <-written
	require.NoError(t, answer.err)
	require.NotNil(t, answer.all[len(answer.all)-1].GetResultComplete(), "it is written")
	_, halfRuns, halfFailed := start(addr.Endpoint(), appendFiles(t, strings.Replace(slowRows, "1000", "20000", 1), half), inFlight)
	<-halfRuns
	reader, reading, readFailed := start(addr.Endpoint(), query, func(resp *wire.ExecutePlanResponse) bool { return resp.GetArrowBatch() != nil })
	<-reading

	process, err := os.FindProcess(first.PID())
	require.NoError(t, err)
	require.NoError(t, process.Kill())
	<-first.Done()
	began := time.Now()
	close(killed)
	second := ownServer(t, "local[2]", map[string]string{"spark.connect.grpc.binding.port": port})
	require.Equal(t, first.Remote(), second.Remote())
	up := time.Now()

	ended := func(failed chan error) error {
		t.Helper()
		select {
		case err := <-failed:
			t.Logf("%s after the kill: %v", time.Since(began).Round(100*time.Millisecond), err)
			require.ErrorIs(t, err, connect.ErrSessionLost)
			return err
		case <-time.After(time.Minute):
			require.Fail(t, "the call waits although the server is back")
			return nil
		}
	}
	require.NotErrorIs(t, ended(readFailed), connect.ErrOutcomeUnknown, "a query has no outcome")
	require.ErrorIs(t, ended(halfFailed), connect.ErrOutcomeUnknown)
	require.ErrorIs(t, ended(wholeFailed), connect.ErrOutcomeUnknown)
	require.Less(t, time.Since(up), 30*time.Second)
	require.Equal(t, 1, relay.count("ExecutePlan"))
	_, err = reader.Execute(t.Context(), sqlCommand(t, "SELECT 1"))
	require.ErrorIs(t, err, connect.ErrSessionLost, "no new session in place of the old one")

	fresh := openAt(t, addr.Endpoint(), nil)
	require.Equal(t, "0", rowsIn(t, fresh, "half", half))
	require.Equal(t, "10", rowsIn(t, fresh, "whole", whole), "written once, whoever knows it")
}
