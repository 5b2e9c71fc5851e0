package connect_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// TestCopiesOnTheWay is about a request that the network has doubled, or that
// reached the server although its stream says otherwise.
func TestCopiesOnTheWay(t *testing.T) {
	t.Parallel()
	failing := func(class, java string) executeScript {
		return func(*planCopy, func() error) error {
			return fakeconnect.Failure{Class: class, State: "HY000", Message: "No.", JavaClass: java}.Error()
		}
	}
	swallow := func(plan *planCopy, _ func() error) error {
		<-plan.call.Done()
		return status.FromContextError(plan.call.Err()).Err()
	}
	tests := map[string]struct {
		execute executeScript
		silence time.Duration
		class   string // of the error, "" for none
		unknown bool
		runs    int64
	}{
		"another stream has taken over, and the operation is gone": {
			failing("INVALID_CURSOR.DISCONNECTED", "org.apache.spark.SparkSQLException"), time.Minute, "INVALID_HANDLE.OPERATION_NOT_FOUND", true, 0,
		},
		"given up before it began": {
			failing("SPARK_CONNECT_ILLEGAL_STATE.EXECUTION_STATE_OPERATION_ORPHANED", "org.apache.spark.SparkIllegalStateException"),
			time.Minute, "SPARK_CONNECT_ILLEGAL_STATE.EXECUTION_STATE_OPERATION_ORPHANED", true, 0,
		},
		"given up before it began, as 4.0 says it": {failing("", "java.lang.IllegalStateException"), time.Minute, "Internal", true, 0},
		"a plain failure":                          {failing("DIVIDE_BY_ZERO", "org.apache.spark.SparkArithmeticException"), time.Minute, "DIVIDE_BY_ZERO", false, 0},
		"the copy came first": {func(plan *planCopy, _ func() error) error {
			plan.send(context.WithoutCancel(plan.call))
			return fakeconnect.Failure{Class: "INVALID_HANDLE.OPERATION_ALREADY_EXISTS", State: "HY000", Message: "No."}.Error()
		}, time.Minute, "", false, 1},
		"the answer is swallowed": {func(plan *planCopy, forward func() error) error {
			plan.send(context.WithoutCancel(plan.call))
			return swallow(plan, forward)
		}, 20 * time.Millisecond, "", false, 1},
		// On a connection that works the request came before what was heard later.
		"the request is swallowed": {swallow, 500 * time.Millisecond, "INVALID_HANDLE.OPERATION_NOT_FOUND", true, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			var runs atomic.Int64
			server.OnExecute(func(*fakeconnect.Operation) error { runs.Add(1); return nil })
			r := startRelay(t, server.Remote(), tt.execute)
			conn := openAt(t, r.addr, &connect.Options{SilenceTimeout: tt.silence})
			_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
			if tt.class == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.class)
			}
			require.Equal(t, tt.unknown, errors.Is(err, connect.ErrOutcomeUnknown), err)
			require.Equal(t, 1, r.count("ExecutePlan"), "it is not sent again")
			require.Equal(t, tt.runs, runs.Load())
		})
	}
}

// TestOrphanedOperation may have run nevertheless.
func TestOrphanedOperation(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.OnExecute(func(*fakeconnect.Operation) error {
		return fakeconnect.Failure{Message: "No.", JavaClass: "java.lang.IllegalStateException"}.Error()
	})
	_, err := open(t, server, nil).Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.ErrorIs(t, err, connect.ErrOutcomeUnknown)
	require.Equal(t, codes.Internal, status.Code(err))
	err = open(t, server, nil).Query(t.Context(), relationOf(t, "SELECT 1"), nil)
	require.Error(t, err)
	require.NotErrorIs(t, err, connect.ErrOutcomeUnknown, "a query has no outcome")
}

// TestGivenUpWhileAnotherStreamHasIt is not a failure of the command.
func TestGivenUpWhileAnotherStreamHasIt(t *testing.T) {
	t.Parallel()
	for _, class := range []string{"INVALID_CURSOR.DISCONNECTED", "INVALID_HANDLE.OPERATION_ALREADY_EXISTS"} {
		server := fakeconnect.Start(t)
		server.OnExecute(func(*fakeconnect.Operation) error {
			return fakeconnect.Failure{Class: class, State: "HY000", Message: "No."}.Error()
		})
		conn := open(t, server, &connect.Options{ReconnectTimeout: -1})
		_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
		require.ErrorContains(t, err, class)
		require.ErrorIs(t, err, connect.ErrOutcomeUnknown)
	}
}
