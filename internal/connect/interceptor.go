package connect

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// unary sees every unary call on the connection, the client's and ours.
func (l *link) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
	invoker grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	c := l.sessionOf(req)
	if got, ok := ctx.Value(captureKey{}).(*captured); ok && method == servicePrefix+"AnalyzePlan" {
		got.conn = c
		return got.take(req)
	}
	if c == nil || c.closed.Load() {
		return errClosedCall()
	}
	c.complete(req)
	l.watch.enter()
	defer l.watch.leave()
	again := l.newRetry(ctx)
	err := again.call(method, func() error { //nolint:contextcheck // the series keeps it
		return invoker(l.withHeaders(ctx), method, req, reply, cc, opts...)
	})
	if err != nil {
		return again.failure(c.callError(ctx, err, ""))
	}
	l.watch.heard()
	c.note(reply)
	return nil
}

type noRetryKey struct{}

// withoutRetry marks calls that are made once.
func withoutRetry(ctx context.Context) context.Context {
	return context.WithValue(ctx, noRetryKey{}, true)
}

// stream sees every streaming call. Executions are wrapped so that they survive
// a broken connection and end on the server when their context ends.
func (l *link) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	streamer grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	open := func(ctx context.Context, method string) (grpc.ClientStream, error) {
		return streamer(l.withHeaders(ctx), desc, cc, method, opts...)
	}
	if method == servicePrefix+"ExecutePlan" || method == servicePrefix+"ReattachExecute" {
		return newExecution(ctx, l, open)
	}
	s, err := open(ctx, method)
	if err != nil {
		return nil, l.callError(ctx, err)
	}
	return &plainStream{ClientStream: s, link: l, ctx: ctx}, nil
}

// plainStream is a streaming call that is no execution, such as an upload.
type plainStream struct {
	grpc.ClientStream
	link *link
	ctx  context.Context
}

func (s *plainStream) SendMsg(m any) error {
	c := s.link.sessionOf(m)
	if c == nil || c.closed.Load() {
		return errClosedCall()
	}
	c.complete(m)
	return s.link.callError(s.ctx, s.ClientStream.SendMsg(m))
}

func (s *plainStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err == nil {
		s.link.watch.heard()
		return nil
	}
	return s.link.callError(s.ctx, err)
}

// withHeaders sets ours on top of what the client set: it replaces whatever the
// caller put on ctx, and sends none at all with Config calls.
func (l *link) withHeaders(ctx context.Context) context.Context {
	if len(l.headers) == 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, l.headers...)
}

// complete fills into a request what the client leaves out: the server's id of
// the session, and the id of a session that is resumed.
func (c *Conn) complete(req any) {
	msg, ok := req.(proto.Message)
	if !ok {
		return
	}
	m := msg.ProtoReflect()
	fields := m.Descriptor().Fields()
	if c.clientID != c.sessionID {
		setText(m, fields.ByName("session_id"), c.sessionID)
	}
	if id := c.serverID.Load(); id != nil {
		setText(m, fields.ByName("client_observed_server_side_session_id"), *id)
	}
}

// note learns from an answer and gives it the session id that the client wants
// to see.
func (c *Conn) note(resp any) {
	if msg, ok := resp.(interface{ GetServerSideSessionId() string }); ok && c.serverID.Load() == nil {
		if id := msg.GetServerSideSessionId(); id != "" {
			c.serverID.CompareAndSwap(nil, &id)
		}
	}
	if c.clientID == c.sessionID {
		return
	}
	if msg, ok := resp.(proto.Message); ok {
		m := msg.ProtoReflect()
		setText(m, m.Descriptor().Fields().ByName("session_id"), c.clientID)
	}
}

func setText(m protoreflect.Message, field protoreflect.FieldDescriptor, text string) {
	if field != nil {
		m.Set(field, protoreflect.ValueOfString(text))
	}
}
