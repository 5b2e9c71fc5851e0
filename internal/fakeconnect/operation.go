package fakeconnect

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

const serverSession = "00000000-0000-4000-8000-000000000001"

// Operation is one execution on the server.
type Operation struct {
	// Request is what the client sent.
	Request *wire.ExecutePlanRequest

	ctx           context.Context
	stream        grpc.ServerStream
	interrupted   chan struct{}
	interruptOnce sync.Once
}

// Context ends when the client goes away.
func (op *Operation) Context() context.Context { return op.ctx }

// Interrupted is closed when the client interrupts the operation.
func (op *Operation) Interrupted() <-chan struct{} { return op.interrupted }

// Wait blocks as a long job does, and returns the error of an interrupted
// operation once it is interrupted or its client is gone.
func (op *Operation) Wait() error {
	select {
	case <-op.interrupted:
	case <-op.ctx.Done():
	}
	return Failure{Class: "OPERATION_CANCELED", State: "HY008", Message: "Operation has been canceled.", JavaClass: "org.apache.spark.SparkSQLException"}.Error()
}

// SQL returns the text of the query or command, or "".
func (op *Operation) SQL() string {
	data := op.Request.GetPlan().GetRoot()
	if sql := op.Request.GetPlan().GetCommand().GetSqlCommand(); sql != nil {
		if len(sql.GetInput()) == 0 {
			return clientSQL(sql)
		}
		data = sql.GetInput()
	}
	var rel wire.Relation
	if err := proto.Unmarshal(data, &rel); err != nil {
		return ""
	}
	return rel.GetSql().GetQuery()
}

// clientSQL finds the text in field 1, where the client still puts it and our
// own messages do not.
func clientSQL(cmd *wire.SqlCommand) string {
	raw := cmd.ProtoReflect().GetUnknown()
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return ""
		}
		raw = raw[n:]
		if number == 1 && kind == protowire.BytesType {
			text, _ := protowire.ConsumeString(raw)
			return text
		}
		if n = protowire.ConsumeFieldValue(number, kind, raw); n < 0 {
			return ""
		}
		raw = raw[n:]
	}
	return ""
}

// PlanJSON returns the whole plan as JSON in the words of Spark's protocol, for
// golden files.
func (op *Operation) PlanJSON() (string, error) {
	data, err := proto.Marshal(op.Request.GetPlan())
	if err != nil {
		return "", err
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName("spark.connect.Plan")
	if err != nil {
		return "", err
	}
	plan := kind.New().Interface()
	if err := proto.Unmarshal(data, plan); err != nil {
		return "", err
	}
	text, err := protojson.Marshal(plan)
	return string(text), err
}

// Send sends one response with the ids of the operation filled in.
func (op *Operation) Send(resp *wire.ExecutePlanResponse) error {
	resp.SessionId, resp.ServerSideSessionId = op.Request.GetSessionId(), serverSession
	resp.OperationId, resp.ResponseId = op.Request.GetOperationId(), uuid.NewString()
	return op.stream.SendMsg(resp)
}

// SendStrings sends rows of one string column.
func (op *Operation) SendStrings(column string, values ...string) error {
	schema := arrow.NewSchema([]arrow.Field{{Name: column, Type: arrow.BinaryTypes.String}}, nil)
	rows := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rows.Release()
	rows.Field(0).(*array.StringBuilder).AppendValues(values, nil)
	record := rows.NewRecord()
	defer record.Release()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(schema))
	if err := errors.Join(w.Write(record), w.Close()); err != nil {
		return err
	}
	return op.Send(&wire.ExecutePlanResponse{
		Schema: stringStruct(column),
		ResponseType: &wire.ExecutePlanResponse_ArrowBatch_{
			ArrowBatch: &wire.ExecutePlanResponse_ArrowBatch{RowCount: int64(len(values)), Data: buf.Bytes()},
		},
	})
}

// stringStruct is spark.connect.DataType{struct{fields: [{name, string}]}}: the
// field numbers are 21 (DataType.struct), 1 (Struct.fields), 1 and 2
// (StructField.name, data_type) and 11 (DataType.string).
func stringStruct(column string) []byte {
	text := protowire.AppendBytes(protowire.AppendTag(nil, 11, protowire.BytesType), nil)
	field := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), column)
	field = protowire.AppendBytes(protowire.AppendTag(field, 2, protowire.BytesType), text)
	fields := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), field)
	return protowire.AppendBytes(protowire.AppendTag(nil, 21, protowire.BytesType), fields)
}

func (op *Operation) matches(req *wire.InterruptRequest) bool {
	switch req.GetInterruptType() {
	case wire.InterruptRequest_INTERRUPT_TYPE_ALL:
		return true
	case wire.InterruptRequest_INTERRUPT_TYPE_OPERATION_ID:
		return req.GetOperationId() == op.Request.GetOperationId()
	case wire.InterruptRequest_INTERRUPT_TYPE_TAG:
		return slices.Contains(op.Request.GetTags(), req.GetOperationTag())
	default:
		return false
	}
}

// execute is the handler of ExecutePlan.
func (s *Server) execute(_ any, stream grpc.ServerStream) error {
	req := new(wire.ExecutePlanRequest)
	if err := stream.RecvMsg(req); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	s.record(stream.Context(), "ExecutePlan", req)
	op := &Operation{Request: req, ctx: stream.Context(), stream: stream, interrupted: make(chan struct{})}
	s.mu.Lock()
	script := s.script
	s.running[req.GetOperationId()] = op
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, req.GetOperationId())
	}()
	err := ErrUnscripted
	if script != nil {
		err = script(op)
	}
	if errors.Is(err, ErrUnscripted) {
		err = op.defaultAnswer()
	}
	if err != nil {
		return err
	}
	return op.Send(&wire.ExecutePlanResponse{
		ResponseType: &wire.ExecutePlanResponse_ResultComplete_{ResultComplete: &wire.ExecutePlanResponse_ResultComplete{}},
	})
}

// defaultAnswer is one row for a query, nothing for a command.
func (op *Operation) defaultAnswer() error {
	if op.Request.GetPlan().GetCommand() != nil {
		return nil
	}
	return op.SendStrings("value", "1")
}
