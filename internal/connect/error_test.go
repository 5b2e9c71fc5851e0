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
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// collect makes the client's collect fail and gives its error.
func collect(ctx context.Context, t testing.TB, conn *connect.Conn) error {
	t.Helper()
	df, err := conn.Relation(sqlRelation("SELECT 1"))
	require.NoError(t, err)
	_, err = df.Collect(ctx)
	require.Error(t, err)
	return err
}

func TestErrorKeepsWhatIsJoined(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	server.OnExecute(func(*fakeconnect.Operation) error {
		return fakeconnect.Failure{Class: "X", State: "42000", Message: "no", ErrorID: "e"}.Error()
	})
	cleanup := errors.New("remove the file: busy")
	joined := errors.Join(fmt.Errorf("count: %w", collect(t.Context(), t, conn)), cleanup)
	err := conn.Error(t.Context(), joined)
	require.EqualError(t, err, "count: [X] no (SQLSTATE 42000)\nremove the file: busy")
	require.ErrorIs(t, err, cleanup)
	var spark *component.SparkError
	require.ErrorAs(t, err, &spark)
}

func TestErrorOfACancelledCallIsItsCause(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Run("before the call", func(t *testing.T) {
		gone, cancel := context.WithCancelCause(t.Context())
		cancel(errReason)
		err := conn.Error(gone, fmt.Errorf("count: %w", collect(gone, t, conn)))
		require.EqualError(t, err, "count: the operator pressed Ctrl-C")
		require.ErrorIs(t, err, errReason)
		require.ErrorIs(t, err, context.Canceled)
		require.NotContains(t, fmt.Sprintf("%+v", err), ".go:", "no stack of the client")
	})
	t.Run("during the call", func(t *testing.T) {
		server.OnExecute(func(op *fakeconnect.Operation) error {
			cancel(errReason)
			return op.Wait()
		})
		cleanup := errors.New("remove the file: busy")
		err := conn.Error(ctx, errors.Join(fmt.Errorf("count: %w", collect(ctx, t, conn)), cleanup))
		require.EqualError(t, err, "count: the operator pressed Ctrl-C\nremove the file: busy")
		require.ErrorIs(t, err, errReason)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, cleanup)
	})
}

func TestCallsAfterClose(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	require.NoError(t, conn.Close(t.Context()))
	_, err := conn.Execute(t.Context(), sqlCommand(t, "DROP TABLE t"))
	require.ErrorIs(t, err, connect.ErrClosed)
	_, err = conn.Interrupt(t.Context(), "x")
	require.ErrorIs(t, err, connect.ErrClosed)
	require.ErrorIs(t, conn.SetConf(t.Context(), map[string]string{"a": "1"}), connect.ErrClosed)
	err = conn.Error(t.Context(), fmt.Errorf("count: %w", collect(t.Context(), t, conn)))
	require.ErrorIs(t, err, connect.ErrClosed)
	require.EqualError(t, err, "count: the Spark session is closed")
	require.Empty(t, server.Requests("ExecutePlan", "Interrupt", "Config"))
}

func TestMessageTellsTheClassOnce(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	server.OnExecute(func(*fakeconnect.Operation) error {
		return fakeconnect.Failure{Class: "PARSE_SYNTAX_ERROR", State: "42601", Message: "Syntax error at or near 'FORM'. (line 1, pos 9)\n\n== SQL ==\nSELECT * FORM t\n---------^^^\n", Lead: "\n"}.Error()
	})
	_, err := conn.Execute(t.Context(), sqlCommand(t, "SELECT * FORM t"))
	require.EqualError(t, err, "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FORM'. (line 1, pos 9)\n\n== SQL ==\nSELECT * FORM t\n---------^^^ (SQLSTATE 42601)")
}

// TestClientErrorsKeepWhatIsKnown has the client itself make the call; of an
// error it keeps a few fields of the status.
func TestClientErrorsKeepWhatIsKnown(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	fail := fakeconnect.Failure{Class: "INVALID_HANDLE.SESSION_CLOSED", State: "HY000", Message: "No."}.Error()
	server.OnExecute(func(*fakeconnect.Operation) error { return fail })
	conn := open(t, server, &connect.Options{ReconnectTimeout: -1, InterruptTimeout: 50 * time.Millisecond})
	_, err := conn.Session().Sql(t.Context(), "INSERT INTO t SELECT 1")
	require.ErrorIs(t, conn.Error(t.Context(), err), connect.ErrSessionLost)
	require.NotErrorIs(t, conn.Error(t.Context(), err), connect.ErrOutcomeUnknown)

	fail = fakeconnect.Failure{Message: "No.", JavaClass: "java.lang.IllegalStateException"}.Error()
	_, err = conn.Session().Sql(t.Context(), "INSERT INTO t SELECT 1")
	require.ErrorIs(t, conn.Error(t.Context(), err), connect.ErrOutcomeUnknown)

	ctx, cancel := context.WithCancelCause(t.Context())
	server.OnExecute(func(op *fakeconnect.Operation) error {
		cancel(errReason)
		<-op.Context().Done() // deaf to interrupts
		return op.Context().Err()
	})
	_, err = conn.Session().Sql(ctx, "INSERT INTO t SELECT 1")
	for _, want := range []error{errReason, context.Canceled, connect.ErrOutcomeUnknown} {
		require.ErrorIs(t, conn.Error(ctx, err), want)
	}
	require.EqualError(t, conn.Error(ctx, err), connect.ErrOutcomeUnknown.Error()+": "+errReason.Error())
}
