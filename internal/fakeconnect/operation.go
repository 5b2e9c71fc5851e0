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
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Operation is one execution on the server.
type Operation struct {
	// Request is what the client sent.
	Request *wire.ExecutePlanRequest

	serverSession string
	ctx           context.Context
	cancel        context.CancelFunc
	interrupted   chan struct{}
	interruptOnce sync.Once
	log           responseLog
}

func newOperation(ctx context.Context, req *wire.ExecutePlanRequest, serverSession string) *Operation {
	op := &Operation{Request: req, serverSession: serverSession, interrupted: make(chan struct{})}
	op.ctx, op.cancel = context.WithCancel(ctx)
	op.log.changed = make(chan struct{})
	return op
}

// Context carries the metadata of the call. It ends when the client has released the operation, when the server
// stops, and for an operation that is not reattachable when its client goes
// away.
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

// Send adds one response, with the ids of the operation filled in, to those that
// the client is sent.
func (op *Operation) Send(resp *wire.ExecutePlanResponse) error {
	if err := op.ctx.Err(); err != nil {
		return err
	}
	resp.SessionId, resp.ServerSideSessionId = op.Request.GetSessionId(), op.serverSession
	resp.OperationId, resp.ResponseId = op.Request.GetOperationId(), uuid.NewString()
	op.log.add(resp)
	return nil
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

func stringStruct(column string) *wire.DataType {
	text := &wire.DataType{Kind: &wire.DataType_String_{String_: &wire.DataType_String{}}}
	return &wire.DataType{Kind: &wire.DataType_Struct_{Struct: &wire.DataType_Struct{
		Fields: []*wire.DataType_StructField{{Name: column, DataType: text}},
	}}}
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
