package connect_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// bare is a session that sends exactly what it is told, for tests of what
// servers do.
type bare struct {
	conn  *grpc.ClientConn
	token string
	id    string
	// observed is the server's id of the session to send along, if any.
	observed *string
}

func newBare(t *testing.T, remote string) *bare {
	t.Helper()
	addr, err := connect.ParseAddress(remote)
	require.NoError(t, err)
	if addr.TLS {
		t.Skip("NOT RUN: the raw calls of this test speak plain text")
	}
	conn, err := grpc.NewClient(addr.Endpoint(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &bare{conn: conn, token: addr.Token.Reveal(), id: uuid.NewString()}
}

func (b *bare) context(t *testing.T) context.Context {
	t.Helper()
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+b.token)
}

func (b *bare) user() *wire.UserContext { return &wire.UserContext{UserId: "bare-test"} }

func (b *bare) call(t *testing.T, method string, req, resp proto.Message) error {
	t.Helper()
	return b.conn.Invoke(b.context(t), "/spark.connect.SparkConnectService/"+method, req, resp)
}

// answers are the responses of an execution until it ended.
type answers struct {
	all []*wire.ExecutePlanResponse
	err error
}

// class is the error class of the end, or "" for a good one.
func (a answers) class() string { return classOf(a.err) }

// rows counts the rows that came.
func (a answers) rows() (n int64) {
	for _, resp := range a.all {
		n += resp.GetArrowBatch().GetRowCount()
	}
	return n
}

// observedValues are the values of all observed metrics that came.
func (a answers) observedValues() (values []*wire.Expression_Literal) {
	for _, resp := range a.all {
		for _, metrics := range resp.GetObservedMetrics() {
			values = append(values, metrics.GetValues()...)
		}
	}
	return values
}

// stream makes a call that answers with a stream. running is closed when the
// first task runs or, if none is seen, with the end.
func (b *bare) stream(t *testing.T, method string, req proto.Message) (running chan struct{}, done chan answers) {
	t.Helper()
	s, err := b.conn.NewStream(b.context(t), &grpc.StreamDesc{ServerStreams: true}, "/spark.connect.SparkConnectService/"+method)
	require.NoError(t, err)
	if err := s.SendMsg(req); !errors.Is(err, io.EOF) {
		require.NoError(t, err)
	}
	require.NoError(t, s.CloseSend())
	running, done = make(chan struct{}), make(chan answers, 1)
	go func() {
		var got answers
		var once sync.Once
		for {
			resp := new(wire.ExecutePlanResponse)
			err := s.RecvMsg(resp)
			if err != nil || resp.GetExecutionProgress().GetNumInflightTasks() > 0 {
				once.Do(func() { close(running) })
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					got.err = err
				}
				done <- got
				return
			}
			got.all = append(got.all, resp)
		}
	}()
	return running, done
}

// start sends an ExecutePlan of a reattachable operation.
func (b *bare) start(t *testing.T, operation string, plan *wire.Plan) (running chan struct{}, done chan answers) {
	t.Helper()
	reattach := &wire.ExecutePlanRequest_RequestOption_ReattachOptions{ReattachOptions: &wire.ReattachOptions{Reattachable: true}}
	return b.stream(t, "ExecutePlan", &wire.ExecutePlanRequest{
		SessionId: b.id, UserContext: b.user(), ClientObservedServerSideSessionId: b.observed, OperationId: &operation, Plan: plan,
		RequestOptions: []*wire.ExecutePlanRequest_RequestOption{{RequestOption: reattach}},
	})
}

// execute sends an ExecutePlan and reads to the end.
func (b *bare) execute(t *testing.T, operation string, plan *wire.Plan) answers {
	t.Helper()
	_, done := b.start(t, operation, plan)
	return <-done
}

func (b *bare) reattach(t *testing.T, operation string) answers {
	t.Helper()
	_, done := b.stream(t, "ReattachExecute", &wire.ReattachExecuteRequest{
		SessionId: b.id, UserContext: b.user(), ClientObservedServerSideSessionId: b.observed, OperationId: operation,
	})
	return <-done
}

func (b *bare) release(t *testing.T, operation string) {
	t.Helper()
	all := &wire.ReleaseExecuteRequest_ReleaseAll_{ReleaseAll: &wire.ReleaseExecuteRequest_ReleaseAll{}}
	req := &wire.ReleaseExecuteRequest{SessionId: b.id, UserContext: b.user(), OperationId: operation, Release: all}
	require.NoError(t, b.call(t, "ReleaseExecute", req, &wire.ReleaseExecuteResponse{}))
}

func (b *bare) interrupt(t *testing.T, operation string) {
	t.Helper()
	require.NoError(t, b.call(t, "Interrupt", &wire.InterruptRequest{
		SessionId: b.id, UserContext: b.user(), InterruptType: wire.InterruptRequest_INTERRUPT_TYPE_OPERATION_ID,
		Interrupt: &wire.InterruptRequest_OperationId{OperationId: operation},
	}, &wire.InterruptResponse{}))
}

// query runs a query to its end.
func (b *bare) query(t *testing.T, relation *wire.Relation) answers {
	t.Helper()
	return b.execute(t, uuid.NewString(), rootPlan(t, relation))
}

// sql runs a statement.
func (b *bare) sql(t *testing.T, statement string) {
	t.Helper()
	plan := &wire.Plan{OpType: &wire.Plan_Command{Command: sqlCommand(t, statement)}}
	require.NoError(t, b.execute(t, uuid.NewString(), plan).err)
}

// table makes an empty table of one column of numbers, dropped with the test.
func (b *bare) table(t *testing.T) string {
	t.Helper()
	name := "t_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	b.sql(t, "CREATE TABLE "+name+" (a INT) USING parquet LOCATION '"+t.TempDir()+"'")
	t.Cleanup(func() {
		ctx := metadata.AppendToOutgoingContext(context.WithoutCancel(t.Context()), "authorization", "Bearer "+b.token)
		s, err := b.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/spark.connect.SparkConnectService/ExecutePlan")
		require.NoError(t, err)
		plan := &wire.Plan{OpType: &wire.Plan_Command{Command: sqlCommand(t, "DROP TABLE "+name)}}
		_ = s.SendMsg(&wire.ExecutePlanRequest{SessionId: uuid.NewString(), UserContext: b.user(), Plan: plan})
		for s.RecvMsg(new(wire.ExecutePlanResponse)) == nil { // to its end
		}
	})
	return name
}

// appendPlan is the command that appends the rows of a query to a table.
func appendPlan(t *testing.T, query, table string) *wire.Plan {
	t.Helper()
	input, err := proto.Marshal(sqlRelation(query))
	require.NoError(t, err)
	format, method := "parquet", wire.WriteOperation_SaveTable_TABLE_SAVE_METHOD_SAVE_AS_TABLE
	return &wire.Plan{OpType: &wire.Plan_Command{Command: &wire.Command{CommandType: &wire.Command_WriteOperation{
		WriteOperation: &wire.WriteOperation{
			Input: input, Source: &format, Mode: wire.WriteOperation_SAVE_MODE_APPEND,
			SaveType: &wire.WriteOperation_Table{Table: &wire.WriteOperation_SaveTable{TableName: table, SaveMethod: method}},
		},
	}}}}
}

func rootPlan(t *testing.T, relation *wire.Relation) *wire.Plan {
	t.Helper()
	root, err := proto.Marshal(relation)
	require.NoError(t, err)
	return &wire.Plan{OpType: &wire.Plan_Root{Root: root}}
}

// classOf is the error class that a server gave, its gRPC code when it gave
// none, or "" for no error.
func classOf(err error) string {
	if err == nil {
		return ""
	}
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetMetadata()["errorClass"]
		}
	}
	return status.Code(err).String()
}
