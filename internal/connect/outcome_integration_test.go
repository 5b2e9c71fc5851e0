package connect_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// killed is what a process left that was killed while it waited for a command.
type killed struct {
	operation string
	resume    *connect.Options
	result    chan answers // what the server said, which the process never heard
}

// killedOn sends a plan on a connection that is lost at once, and never releases
// anything. The server's own stream of it ends with attended.
func killedOn(attended context.Context, t *testing.T, remote string, plan *wire.Plan) killed {
	t.Helper()
	k := killed{result: make(chan answers, 1)}
	relay := startRelay(t, remote, func(plan *planCopy, _ func() error) error {
		call := plan.call // has the headers; its end must not end ours
		plan.call = context.WithoutCancel(call)
		go func() { k.result <- plan.send(attended) }()
		return status.Error(codes.Unavailable, "the process was killed")
	})
	conn, err := connect.Open(t.Context(), "sc://"+relay.addr+tokenOf(t, remote), &connect.Options{KeepSession: true, ReconnectTimeout: -1})
	require.NoError(t, err)
	ctx, all := recording(t.Context())
	require.ErrorIs(t, conn.Run(ctx, plan, ignore), connect.ErrOutcomeUnknown)
	require.NoError(t, conn.Close(t.Context()))
	require.Zero(t, relay.count("ReleaseExecute"))
	k.operation = (*all)[0].ID
	k.resume = &connect.Options{SessionID: conn.SessionID(), ServerSessionID: conn.ServerSessionID()}
	return k
}

// tokenOf is the parameter with the token of a connection string.
func tokenOf(t *testing.T, remote string) string {
	t.Helper()
	addr, err := connect.ParseAddress(remote)
	require.NoError(t, err)
	if token := addr.Token.Reveal(); token != "" {
		return "/;use_ssl=false;token=" + token
	}
	return ""
}

// resumed opens the session of a process that is gone.
func resumed(t *testing.T, remote string, opts *connect.Options) *connect.Conn {
	t.Helper()
	conn, err := connect.Open(t.Context(), remote, opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// requireOutcome asks twice and requires the same answer; class is that of the
// error, "" for none.
func requireOutcome(t *testing.T, conn *connect.Conn, operation string, want connect.OutcomeState, class string) {
	t.Helper()
	for range 2 {
		got, err := conn.Outcome(within(t), operation)
		require.NoError(t, err)
		require.Equal(t, want, got.State, "%v", got.Err)
		var spark *component.SparkError
		if class == "" {
			require.NoError(t, got.Err)
			continue
		}
		require.ErrorAs(t, got.Err, &spark)
		require.Equal(t, class, spark.Class)
	}
}

func TestRealOutcomes(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := newBare(t, remote)
		rows := func(table string) int64 { return b.query(t, sqlRelation("SELECT a FROM "+table)).rows() }
		t.Run("finished, and nobody has read that", func(t *testing.T) {
			t.Parallel()
			table := b.table(t)
			k := killedOn(within(t), t, remote, appendPlan(t, oneRow, table))
			require.NoError(t, (<-k.result).err)
			requireOutcome(t, resumed(t, remote, k.resume), k.operation, connect.OutcomeSucceeded, "")
			require.EqualValues(t, 1, rows(table))
		})
		t.Run("still runs", func(t *testing.T) {
			t.Parallel()
			table := b.table(t)
			attended, leave := context.WithTimeout(t.Context(), time.Second)
			defer leave()
			k := killedOn(attended, t, remote, appendPlan(t, slowRow, table))
			requireOutcome(t, resumed(t, remote, k.resume), k.operation, connect.OutcomeSucceeded, "")
			require.EqualValues(t, 1, rows(table))
		})
		t.Run("failed", func(t *testing.T) {
			t.Parallel()
			table := b.table(t)
			k := killedOn(within(t), t, remote, appendPlan(t, "SELECT CAST(1 / (id - id) AS INT) AS a FROM range(1)", table))
			<-k.result
			requireOutcome(t, resumed(t, remote, k.resume), k.operation, connect.OutcomeFailed, "DIVIDE_BY_ZERO")
		})
		t.Run("cancelled while it is followed", func(t *testing.T) {
			t.Parallel()
			table := b.table(t)
			k := killedOn(within(t), t, remote, appendPlan(t, slowRows, table))
			conn := resumed(t, remote, k.resume)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			_, err := conn.Outcome(ctx, k.operation)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			if errors.Is(err, connect.ErrOutcomeUnknown) {
				t.Log("the server was too busy to hear of the cancel, and the client says so")
				return
			}
			requireOutcome(t, conn, k.operation, connect.OutcomeFailed, "OPERATION_CANCELED")
			require.Zero(t, rows(table))
		})
		t.Run("the session is gone", func(t *testing.T) {
			t.Parallel()
			k := killedOn(within(t), t, remote, appendPlan(t, oneRow, b.table(t)))
			<-k.result
			conn, other := resumed(t, remote, k.resume), resumed(t, remote, k.resume)
			require.NoError(t, other.Close(t.Context()))
			got, err := conn.Outcome(t.Context(), k.operation)
			require.NoError(t, err)
			require.Equal(t, connect.OutcomeUnknown, got.State)
			require.ErrorIs(t, got.Err, connect.ErrSessionLost)
			_, err = connect.Open(t.Context(), remote, k.resume)
			require.ErrorIs(t, err, connect.ErrSessionLost)
		})
	})
}

// TestRealOutcomeOfWhatNeverBegan asks after an operation that was recorded and
// not sent, which then arrives late.
func TestRealOutcomeOfWhatNeverBegan(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := newBare(t, remote)
		table := b.table(t)
		first := resumed(t, remote, &connect.Options{KeepSession: true})
		second := resumed(t, remote, &connect.Options{SessionID: first.SessionID(), ServerSessionID: first.ServerSessionID()})
		err := first.Run(connect.WithRecorder(t.Context(), func(_ context.Context, op connect.Operation) error {
			requireOutcome(t, second, op.ID, connect.OutcomeNever, "")
			return nil
		}), appendPlan(t, oneRow, table), ignore)
		require.ErrorContains(t, err, "another process found that the operation had not begun")
		require.Zero(t, b.query(t, sqlRelation("SELECT a FROM "+table)).rows())

		requireOutcome(t, second, uuid.NewString(), connect.OutcomeUnknown, "INVALID_HANDLE.OPERATION_NOT_FOUND")

		ctx, all := recording(t.Context())
		require.NoError(t, first.Query(ctx, relationOf(t, oneRow), ignore))
		require.Eventually(t, func() bool { // it is released
			got, err := second.Outcome(t.Context(), (*all)[0].ID)
			require.NoError(t, err)
			return got.State == connect.OutcomeUnknown
		}, 10*time.Second, 20*time.Millisecond, "nothing is concluded from a query that is not known")
	})
}

// TestRealOutcomeOfAnAbandonedOperation has servers that give up soon what nobody
// attends to.
func TestRealOutcomeOfAnAbandonedOperation(t *testing.T) {
	t.Parallel()
	for _, version := range []string{sparktest.Version, sparktest.VersionNext} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			remote := ownServerOf(t, version, "local[2]", map[string]string{
				"spark.connect.execute.manager.detachedTimeout": "1s", "spark.connect.execute.manager.maintenanceInterval": "500ms",
			}).Remote()
			k := killedOn(within(t), t, remote, appendFiles(t, oneRow, t.TempDir()+"/out"))
			require.NoError(t, (<-k.result).err)
			conn := resumed(t, remote, k.resume)
			require.Eventually(t, func() bool {
				got, err := conn.Outcome(t.Context(), k.operation)
				require.NoError(t, err)
				return got.State != connect.OutcomeSucceeded
			}, time.Minute, 3*time.Second, "the server gives it up when nobody asks for a while")
			requireOutcome(t, conn, k.operation, connect.OutcomeUnknown, "INVALID_HANDLE.OPERATION_ABANDONED")
		})
	}
}
