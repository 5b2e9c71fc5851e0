package fakeconnect_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, server *fakeconnect.Server) *connect.Conn {
	t.Helper()
	conn, err := connect.Open(t.Context(), server.Remote(), &connect.Options{ReconnectTimeout: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func TestSQLFindsTheTextOfEveryKindOfRequest(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server)
	var texts []string
	server.OnExecute(func(op *fakeconnect.Operation) error {
		texts = append(texts, op.SQL())
		return fakeconnect.ErrUnscripted
	})
	_, err := conn.Session().Sql(t.Context(), "client's command")
	require.NoError(t, err)
	df, err := conn.Relation(&wire.Relation{RelType: &wire.Relation_Sql{Sql: &wire.SQL{Query: "our query"}}})
	require.NoError(t, err)
	_, err = df.Collect(t.Context())
	require.NoError(t, err)
	table, err := conn.Session().Table("t")
	require.NoError(t, err)
	_, err = table.Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"client's command", "our query", ""}, texts)
}

func TestDefaultAnswer(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server)
	df, err := conn.Session().Table("t")
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, "1", rows[0].Value("value"))
	require.Zero(t, server.Running())
}

func TestScriptedRows(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server)
	server.OnExecute(func(op *fakeconnect.Operation) error { return op.SendStrings("name", "Ann", "Bob") })
	df, err := conn.Session().Table("t")
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, "Bob", rows[1].Value("name"))
}

func TestPlanJSONSpeaksTheWordsOfSpark(t *testing.T) {
	t.Parallel()
	op := &fakeconnect.Operation{Request: &wire.ExecutePlanRequest{
		Plan: &wire.Plan{OpType: &wire.Plan_Command{Command: &wire.Command{CommandType: &wire.Command_WriteOperation{
			WriteOperation: &wire.WriteOperation{Mode: wire.WriteOperation_SAVE_MODE_APPEND},
		}}}},
	}}
	text, err := op.PlanJSON()
	require.NoError(t, err)
	require.JSONEq(t, `{"command":{"writeOperation":{"mode":"SAVE_MODE_APPEND"}}}`, text)
	op.Request.Plan = &wire.Plan{OpType: &wire.Plan_Root{Root: []byte{0xff}}}
	_, err = op.PlanJSON()
	require.Error(t, err)
	require.Empty(t, op.SQL())
}

func TestScriptErrorsReachTheClient(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server)
	server.OnExecute(func(*fakeconnect.Operation) error { return status.Error(codes.ResourceExhausted, "too much") })
	_, err := conn.Execute(t.Context(), &wire.Command{})
	require.ErrorContains(t, err, "[ResourceExhausted] too much")
}

func TestConfAndRelease(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.SetStatic("static", "1")
	conn := open(t, server)
	require.NoError(t, conn.SetConf(t.Context(), map[string]string{"a": "b", "static": "1"}))
	_, ok := server.Conf("none")
	require.False(t, ok)
	value, ok := server.Conf("a")
	require.True(t, ok)
	require.Equal(t, "b", value)
	require.Empty(t, server.Released())
	require.NoError(t, conn.Close(t.Context()))
	require.Equal(t, []string{conn.SessionID()}, server.Released())
}

func TestInterruptOfNothing(t *testing.T) {
	t.Parallel()
	conn := open(t, fakeconnect.Start(t))
	ids, err := conn.Interrupt(t.Context(), "no-such-operation")
	require.NoError(t, err)
	require.Empty(t, ids)
}

func TestStopBreaksOpenCalls(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server)
	started := make(chan struct{})
	server.OnExecute(func(op *fakeconnect.Operation) error {
		close(started)
		return op.Wait()
	})
	done := make(chan error, 1)
	go func() {
		_, err := conn.Execute(t.Context(), &wire.Command{})
		done <- err
	}()
	<-started
	server.Stop()
	server.Stop()
	require.Error(t, <-done)
	require.True(t, errors.Is(conn.Close(t.Context()), nil))
}

func TestAbandonedOperationsAreRefused(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server)
	var id string
	ctx := connect.WithRecorder(t.Context(), func(_ context.Context, op connect.Operation) error {
		id = op.ID
		return nil
	})
	_, err := conn.Execute(ctx, &wire.Command{CommandType: &wire.Command_SqlCommand{SqlCommand: &wire.SqlCommand{}}})
	require.NoError(t, err)
	require.Equal(t, 1, server.Held())
	server.Abandon()
	require.Zero(t, server.Held())
	got, err := conn.Outcome(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, connect.OutcomeUnknown, got.State)
	require.ErrorContains(t, got.Err, "INVALID_HANDLE.OPERATION_ABANDONED")
}
