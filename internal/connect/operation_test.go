package connect_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// recording returns a context with a recorder and what it has recorded.
func recording(ctx context.Context) (context.Context, *[]connect.Operation) {
	var all []connect.Operation
	return connect.WithRecorder(ctx, func(_ context.Context, op connect.Operation) error {
		all = append(all, op)
		return nil
	}), &all
}

// ignore is a handler of responses that nobody reads.
func ignore(*wire.ExecutePlanResponse) error { return nil }

// commandOf is a plan with an empty command of this field number, which our own
// messages need not know.
func commandOf(t *testing.T, number protowire.Number) *wire.Plan {
	t.Helper()
	data := protowire.AppendTag(nil, number, protowire.BytesType)
	var command wire.Command
	require.NoError(t, proto.Unmarshal(protowire.AppendBytes(data, nil), &command))
	return &wire.Plan{OpType: &wire.Plan_Command{Command: &command}}
}

func TestKindsOfOperations(t *testing.T) {
	t.Parallel()
	want := map[protoreflect.Name]connect.OperationKind{
		"register_function": connect.OperationSession, "write_operation": connect.OperationWrite,
		"create_dataframe_view": connect.OperationView, "write_operation_v2": connect.OperationWrite,
		"sql_command": connect.OperationSQL, "write_stream_operation_start": connect.OperationWrite,
		"streaming_query_command": connect.OperationSession, "get_resources_command": connect.OperationSession,
		"streaming_query_manager_command": connect.OperationSession, "register_table_function": connect.OperationSession,
		"streaming_query_listener_bus_command": connect.OperationSession, "register_data_source": connect.OperationSession,
		"create_resource_profile_command": connect.OperationSession, "checkpoint_command": connect.OperationSession,
		"remove_cached_remote_relation_command": connect.OperationSession, "merge_into_table_command": connect.OperationWrite,
		"ml_command": connect.OperationOther, "execute_external_command": connect.OperationOther,
		"pipeline_command": connect.OperationOther, "extension": connect.OperationOther,
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName("spark.connect.Command")
	require.NoError(t, err)
	fields := kind.Descriptor().Fields()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	for i := range fields.Len() {
		field := fields.Get(i)
		ctx, all := recording(t.Context())
		require.NoError(t, conn.Run(ctx, commandOf(t, field.Number()), ignore))
		require.Len(t, *all, 1)
		require.Contains(t, want, field.Name(), "a command that is new to the client")
		require.Equal(t, want[field.Name()], (*all)[0].Kind, field.Name())
	}
	ctx, all := recording(t.Context())
	require.NoError(t, conn.Query(ctx, relationOf(t, oneRow), ignore))
	require.NoError(t, conn.Run(ctx, &wire.Plan{}, ignore))
	require.Equal(t, connect.OperationQuery, (*all)[0].Kind)
	require.Equal(t, connect.OperationOther, (*all)[1].Kind)
}

func TestRecorderKnowsOperationsBeforeTheyAreSent(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	var outer, inner []connect.Operation
	ctx := connect.WithRecorder(connect.WithTags(t.Context(), "run=a"), func(_ context.Context, op connect.Operation) error {
		require.Len(t, server.Requests("ExecutePlan"), len(outer), "it is not sent yet")
		require.Len(t, inner, len(outer), "the outer one comes first")
		outer = append(outer, op)
		return nil
	})
	ctx = connect.WithRecorder(ctx, func(_ context.Context, op connect.Operation) error {
		inner = append(inner, op)
		return nil
	})
	frame, err := conn.Session().Table("t")
	require.NoError(t, err)
	require.NoError(t, frame.Writer().Save(ctx, "/p")) // the client's own calls too
	require.NoError(t, frame.CreateTempView(ctx, "v", true, false))
	require.NoError(t, frame.CreateTempView(ctx, "g", true, true))
	_, err = frame.Collect(ctx)
	require.NoError(t, err)
	_, err = conn.Execute(ctx, sqlCommand(t, "DROP TABLE t"))
	require.NoError(t, err)

	require.Equal(t, outer, inner)
	var kinds []connect.OperationKind
	for i, r := range server.Requests("ExecutePlan") {
		req, ok := r.Message.(*wire.ExecutePlanRequest)
		require.True(t, ok)
		require.Equal(t, req.GetOperationId(), outer[i].ID)
		require.Equal(t, []string{"run=a"}, outer[i].Tags)
		require.Equal(t, req.GetTags(), outer[i].Tags)
		kinds = append(kinds, outer[i].Kind)
	}
	require.Equal(t, []connect.OperationKind{
		connect.OperationWrite, connect.OperationView, connect.OperationView, connect.OperationQuery, connect.OperationSQL,
	}, kinds)
	require.Equal(t, "v", outer[1].View)
	require.Equal(t, "global_temp.g", outer[2].View)
}

func TestRecorderThatFailsKeepsTheOperationBack(t *testing.T) {
	t.Parallel()
	errFull := errors.New("the disk is full")
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	frame, err := conn.Session().Table("t")
	require.NoError(t, err)
	ctx := connect.WithRecorder(t.Context(), func(context.Context, connect.Operation) error { return errFull })
	ctx = connect.WithRecorder(ctx, func(context.Context, connect.Operation) error {
		t.Error("the second recorder is asked although the first has failed")
		return nil
	})
	calls := map[string]func() error{
		"ours": func() error { return conn.Query(ctx, relationOf(t, oneRow), ignore) },
		"the client's query": func() error {
			_, err := frame.Collect(ctx)
			return conn.Error(ctx, err)
		},
		"the client's command": func() error { return conn.Error(ctx, frame.CreateTempView(ctx, "v", true, false)) },
		"the client's write":   func() error { return conn.Error(ctx, frame.Writer().Save(ctx, "/p")) },
	}
	for name, call := range calls {
		err := call()
		require.ErrorIs(t, err, errFull, name)
		require.ErrorContains(t, err, "record the Spark operation", name)
		require.NotErrorIs(t, err, connect.ErrOutcomeUnknown, name)
	}
	require.Empty(t, server.Requests("ExecutePlan", "Interrupt", "ReleaseExecute"))
}

func TestRecordedOperationsWithAnEffectAreNotReleased(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.0.1", "4.2.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			server.SetVersion(version)
			conn, err := connect.Open(t.Context(), server.Remote(), &connect.Options{KeepSession: true})
			require.NoError(t, err)
			ctx, all := recording(t.Context())
			require.NoError(t, conn.Query(ctx, relationOf(t, oneRow), ignore))
			require.NoError(t, conn.Run(ctx, commandOf(t, 5), ignore))
			require.NoError(t, conn.Run(ctx, commandOf(t, 2), ignore))
			require.NoError(t, conn.Query(ctx, relationOf(t, oneRow), ignore))
			require.NoError(t, conn.Close(t.Context())) // waits for releases
			for _, r := range server.Requests("ReleaseExecute") {
				req, ok := r.Message.(*wire.ReleaseExecuteRequest)
				require.True(t, ok)
				require.NotContains(t, []string{(*all)[1].ID, (*all)[2].ID}, req.GetOperationId())
			}
			require.GreaterOrEqual(t, server.Held(), 2)
		})
	}
}

func TestCancelWhileAnOperationIsRecordedSendsNothing(t *testing.T) {
	t.Parallel()
	errReason := errors.New("stopped by hand")
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	ctx = connect.WithRecorder(ctx, func(context.Context, connect.Operation) error {
		cancel(errReason)
		return nil
	})
	err := conn.Run(ctx, commandOf(t, 2), ignore)
	require.ErrorIs(t, err, errReason)
	require.NotErrorIs(t, err, connect.ErrOutcomeUnknown)
	require.Empty(t, server.Requests("ExecutePlan", "Interrupt"))
}

func TestInterruptTagIsThatOfTheContext(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	other := open(t, server, &connect.Options{SessionID: conn.SessionID(), KeepSession: true})
	running := make(chan struct{})
	server.OnExecute(func(op *fakeconnect.Operation) error {
		close(running)
		return op.Wait()
	})
	failed := make(chan error, 1)
	ctx, all := recording(connect.WithTags(t.Context(), "run=a,b"))
	go func() { failed <- conn.Run(ctx, commandOf(t, 2), ignore) }()
	<-running
	ids, err := other.InterruptTag(t.Context(), "run=a,b")
	require.NoError(t, err)
	require.ErrorContains(t, <-failed, "OPERATION_CANCELED")
	require.Equal(t, []string{(*all)[0].ID}, ids)
	_, err = other.InterruptTag(t.Context(), "")
	require.ErrorContains(t, err, "the tag is empty")
}
