package connect_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

var errReason = errors.New("the operator pressed Ctrl-C")

// TestCancelInterruptsOnTheServer holds for our own calls and for those that a
// user makes on the client's DataFrame.
func TestCancelInterruptsOnTheServer(t *testing.T) {
	t.Parallel()
	calls := map[string]func(ctx context.Context, conn *connect.Conn) error{
		"our command": func(ctx context.Context, conn *connect.Conn) error {
			_, err := conn.Execute(ctx, sqlCommand(t, "INSERT INTO t SELECT 1"))
			return err
		},
		"client's collect": func(ctx context.Context, conn *connect.Conn) error {
			df, err := conn.Relation(sqlRelation("SELECT 1"))
			require.NoError(t, err)
			_, err = df.Collect(ctx)
			return conn.Error(ctx, err)
		},
		"client's sql": func(ctx context.Context, conn *connect.Conn) error {
			_, err := conn.Session().Sql(ctx, "INSERT INTO t SELECT 1")
			return conn.Error(ctx, err)
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			conn := open(t, server, nil)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			server.OnExecute(func(op *fakeconnect.Operation) error {
				cancel(errReason)
				return op.Wait()
			})

			err := call(ctx, conn)
			require.ErrorIs(t, err, errReason)
			require.ErrorIs(t, err, context.Canceled)
			require.NotEmpty(t, server.Requests("Interrupt"))
			require.Zero(t, server.Running(), "the call returns after the job has ended")
		})
	}
}

func TestCancelBeforeTheCallSendsNothing(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errReason)
	_, err := conn.Execute(ctx, sqlCommand(t, "DROP TABLE t"))
	require.ErrorIs(t, err, errReason)
	require.Empty(t, server.Requests("ExecutePlan"))
}

func TestCancelOfAServerThatDoesNotListen(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, &connect.Options{InterruptTimeout: 100 * time.Millisecond})
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	server.OnExecute(func(op *fakeconnect.Operation) error {
		cancel(errReason)
		<-op.Context().Done() // deaf to interrupts
		return op.Context().Err()
	})
	_, err := conn.Execute(ctx, sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.ErrorIs(t, err, errReason)
	require.ErrorIs(t, err, connect.ErrOutcomeUnknown, "it may run on")
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	server.OnExecute(func(op *fakeconnect.Operation) error { return op.Wait() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := conn.Execute(ctx, sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Zero(t, server.Running())
}

func TestCancelAfterTheEndIsNoError(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := conn.Execute(ctx, sqlCommand(t, "CREATE TABLE t (a INT)"))
	cancel()
	require.NoError(t, err)
	require.Empty(t, server.Requests("Interrupt"))
}

func TestServerGoesAwayInMidRun(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, &connect.Options{ServerLog: "spark.log", ReconnectTimeout: -1})
	server.OnExecute(func(op *fakeconnect.Operation) error {
		go server.Stop()
		<-op.Context().Done()
		return op.Context().Err()
	})
	_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
	require.ErrorContains(t, err, "the Spark Connect server went away; its log is spark.log")
	var spark *component.SparkError
	require.ErrorAs(t, err, &spark)
	require.Equal(t, "Unavailable", spark.Code)
}

func TestErrorsCarryEverythingTheServerSent(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	server.OnExecute(func(*fakeconnect.Operation) error {
		return fakeconnect.Failure{
			Class: "TABLE_OR_VIEW_NOT_FOUND", State: "42P01", Message: "The table `t` cannot be found.",
			Parameters: map[string]string{"relationName": "`t`"}, ErrorID: "e-1",
		}.Error()
	})
	root := int32(0)
	next := int32(1)
	server.SetDetails("e-1", &wire.FetchErrorDetailsResponse{
		RootErrorIdx: &root,
		Errors: []*wire.FetchErrorDetailsResponse_Error{
			{ErrorTypeHierarchy: []string{"A", "B"}, Message: "outer", CauseIdx: &next},
			{ErrorTypeHierarchy: []string{"C"}, Message: "inner", StackTrace: []*wire.FetchErrorDetailsResponse_StackTraceElement{
				{DeclaringClass: "x.Y", MethodName: "z", LineNumber: 7, FileName: text("Y.scala")},
			}},
		},
	})

	check := func(t *testing.T, err error) {
		t.Helper()
		var spark *component.SparkError
		require.ErrorAs(t, err, &spark)
		require.Equal(t, "Internal", spark.Code)
		require.Equal(t, "TABLE_OR_VIEW_NOT_FOUND", spark.Class)
		require.Equal(t, "42P01", spark.SQLState)
		require.Equal(t, "The table `t` cannot be found.", spark.Message)
		require.Equal(t, map[string]string{"relationName": "`t`"}, spark.Parameters)
		require.Equal(t, "org.apache.spark.sql.AnalysisException", spark.JavaClass)
		require.Len(t, spark.OperationID, 36)
		require.Equal(t, "[TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found. (SQLSTATE 42P01)", spark.Error())
	}
	_, ours := conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
	check(t, ours)
	df, err := conn.Relation(sqlRelation("SELECT * FROM t"))
	require.NoError(t, err)
	_, theirs := df.Collect(t.Context())
	theirs = conn.Error(t.Context(), theirs)
	check(t, theirs)
	require.Equal(t, ours.Error(), theirs.Error(), "said once, in the same words")

	var spark *component.SparkError
	require.ErrorAs(t, theirs, &spark)
	for range 2 { // the server hands the details out once, the error keeps them
		causes, err := spark.Causes(t.Context())
		require.NoError(t, err)
		require.Equal(t, []component.SparkCause{
			{Class: "A", Message: "outer"},
			{Class: "C", Message: "inner", Stack: []string{"x.Y.z(Y.scala:7)"}},
		}, causes)
	}
}

func TestErrorKeepsWhatAUserWrappedAround(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	server.OnExecute(func(*fakeconnect.Operation) error {
		return fakeconnect.Failure{Class: "X", State: "42000", Message: "no", ErrorID: "e"}.Error()
	})
	df, err := conn.Relation(sqlRelation("SELECT 1"))
	require.NoError(t, err)
	_, err = df.Collect(t.Context())
	err = conn.Error(t.Context(), fmt.Errorf("count the rows: %w", err))
	require.EqualError(t, err, "count the rows: [X] no (SQLSTATE 42000)")
	require.NoError(t, conn.Error(t.Context(), nil))
	plain := errors.New("plain")
	require.Equal(t, plain, conn.Error(t.Context(), plain))
}

func text(s string) *string { return &s }
