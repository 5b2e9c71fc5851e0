package connect

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// captured is what the unary interceptor took out of a request.
type captured struct {
	conn      *Conn
	sessionID string
	relation  proto.Message
}

type captureKey struct{}

// capture lets the client build a request around the frame's plan and takes the
// plan out of it before it is sent.
func capture(ctx context.Context, df sql.DataFrame) (*captured, error) {
	var got captured
	if _, err := df.SemanticHash(context.WithValue(ctx, captureKey{}, &got)); err != nil {
		return nil, fmt.Errorf("take the plan out of the DataFrame: %w", err)
	}
	if got.relation == nil {
		return nil, ErrForeignSession
	}
	return &got, nil
}

// take is called by the interceptor with an AnalyzePlanRequest.
func (got *captured) take(req any) error {
	msg, ok := req.(proto.Message)
	if !ok {
		return fmt.Errorf("the request is a %T, not a message", req)
	}
	m := msg.ProtoReflect()
	fields := m.Descriptor().Fields()
	got.sessionID = m.Get(fields.ByName("session_id")).String()
	hash := fields.ByName("semantic_hash")
	if !m.Has(hash) {
		return errors.New("the request carries no plan")
	}
	h := m.Get(hash).Message()
	plan := h.Get(h.Descriptor().Fields().ByName("plan")).Message()
	got.relation = plan.Get(plan.Descriptor().Fields().ByName("root")).Message().Interface()
	return nil
}

// Owner returns the connection that a DataFrame belongs to and its relation,
// marshalled. It makes no round trip. It returns [ErrForeignSession] for a
// DataFrame of a connection that is not ours and [ErrClosed] when its session
// has been closed.
func Owner(ctx context.Context, df sql.DataFrame) (*Conn, []byte, error) {
	if df == nil {
		return nil, nil, errors.New("the DataFrame is nil")
	}
	got, err := capture(ctx, df)
	if err != nil {
		return nil, nil, err
	}
	if got.conn == nil {
		return nil, nil, ErrClosed
	}
	data, err := proto.Marshal(got.relation)
	return got.conn, data, err
}

// Export returns the relation of a DataFrame of this session, marshalled. It
// makes no round trip. It returns [ErrForeignSession] for a DataFrame of
// another session.
func (c *Conn) Export(ctx context.Context, df sql.DataFrame) ([]byte, error) {
	if df == nil {
		return nil, errors.New("the DataFrame is nil")
	}
	got, err := capture(ctx, df)
	if err != nil {
		return nil, err
	}
	if got.sessionID != c.clientID {
		return nil, ErrForeignSession
	}
	return proto.Marshal(got.relation)
}

// Import makes a DataFrame of this session from a marshalled relation. It makes
// no round trip; the server sees the relation with the first action. A relation
// without a plan id gets one that no frame of the client has.
func (c *Conn) Import(relation []byte) (sql.DataFrame, error) {
	kind, err := relationType()
	if err != nil {
		return nil, err
	}
	id := planIDs.Add(1)
	common, err := proto.Marshal(&wire.Relation{Common: &wire.RelationCommon{PlanId: &id}})
	if err != nil {
		return nil, fmt.Errorf("marshal a relation: %w", err)
	}
	msg := kind.New().Interface()
	for _, part := range [][]byte{common, relation} { // an id of the relation's own comes last and wins
		if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(part, msg); err != nil {
			return nil, fmt.Errorf("import a relation: %w", err)
		}
	}
	return apply2(sql.NewDataFrame, c.session, msg)
}

// Relation is [Conn.Import] for a relation of ours, which keeps the plan id that
// it gets.
func (c *Conn) Relation(rel *wire.Relation) (sql.DataFrame, error) {
	if rel.Common == nil {
		id := planIDs.Add(1)
		rel.Common = &wire.RelationCommon{PlanId: &id}
	}
	data, err := proto.Marshal(rel)
	if err != nil {
		return nil, fmt.Errorf("marshal a relation: %w", err)
	}
	return c.Import(data)
}

// planIDs counts from a range of its own: the client's counter is private and
// starts at 1.
var planIDs = func() *atomic.Int64 {
	ids := new(atomic.Int64)
	ids.Store(1 << 40)
	return ids
}()

// relationType is the client's type of spark.connect.Relation.
func relationType() (protoreflect.MessageType, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName("spark.connect.Relation")
	if err != nil {
		return nil, fmt.Errorf("find the client's relation type: %w", err)
	}
	return kind, nil
}

// apply2 calls an exported function of the client whose parameter types lie in
// its internal packages: inference names them for us, and a change of the
// function breaks our build.
func apply2[A, B, R any](f func(A, B) R, a, b any) (r R, err error) {
	x, ok := a.(A)
	if !ok {
		return r, fmt.Errorf("want %T, got %T", x, a)
	}
	y, ok := b.(B)
	if !ok {
		return r, fmt.Errorf("want %T, got %T", y, b)
	}
	return f(x, y), nil
}
