package connect

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// unary sees every unary call on the connection, the client's and ours.
func (c *Conn) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
	invoker grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	if got, ok := ctx.Value(captureKey{}).(*captured); ok && method == servicePrefix+"AnalyzePlan" {
		return got.take(req)
	}
	if c.closed.Load() {
		return errClosedCall()
	}
	err := invoker(c.withHeaders(ctx), method, req, reply, cc, opts...)
	return c.callError(ctx, err, "")
}

// stream sees every streaming call. Executions are wrapped so that they end on
// the server when their context ends.
func (c *Conn) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	streamer grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	if c.closed.Load() {
		return nil, errClosedCall()
	}
	open := func(ctx context.Context) (grpc.ClientStream, error) {
		return streamer(c.withHeaders(ctx), desc, cc, method, opts...)
	}
	if method == servicePrefix+"ExecutePlan" {
		return newExecution(ctx, c, open)
	}
	s, err := open(ctx)
	return s, c.callError(ctx, err, "")
}

// withHeaders sets ours on top of what the client set: it replaces whatever the
// caller put on ctx, and sends none at all with Config calls.
func (c *Conn) withHeaders(ctx context.Context) context.Context {
	if len(c.headers) == 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, c.headers...)
}
