package connect

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// execution is the stream of one ExecutePlan call.
//
// A cancelled gRPC call does not stop the job on the server. So the stream
// below lives on a context of its own; when the caller's context ends, the
// operation is interrupted, and the stream is read to the end that the server
// then gives it, which proves that the job is gone. Only a server that does not
// answer within Options.InterruptTimeout is left alone.
type execution struct {
	grpc.ClientStream
	conn *Conn
	ctx  context.Context // the caller's

	inner       context.Context    // of the stream below
	cancel      context.CancelFunc // ends the stream below
	stopWatch   func() bool        // stops waiting for the caller's context
	operationID string

	done     chan struct{} // closed when the stream below has ended
	doneOnce sync.Once
}

func newExecution(ctx context.Context, c *Conn, open func(context.Context) (grpc.ClientStream, error)) (grpc.ClientStream, error) {
	if err := ctx.Err(); err != nil {
		return nil, c.callError(ctx, err, "")
	}
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s, err := open(inner)
	if err != nil {
		cancel()
		return nil, c.callError(ctx, err, "")
	}
	return &execution{
		ClientStream: s, conn: c, ctx: ctx, inner: inner, cancel: cancel,
		stopWatch: func() bool { return true }, done: make(chan struct{}),
	}, nil
}

// SendMsg completes the request and starts to watch the caller's context.
func (e *execution) SendMsg(m any) error {
	if msg, ok := m.(proto.Message); ok {
		e.operationID = completeRequest(msg.ProtoReflect(), TagsOf(e.ctx))
	}
	if err := e.ClientStream.SendMsg(m); err != nil {
		if errors.Is(err, io.EOF) {
			return err // gRPC's way to say: RecvMsg knows the reason
		}
		e.end()
		return e.conn.callError(e.ctx, err, e.operationID)
	}
	e.stopWatch = context.AfterFunc(e.ctx, e.interrupt)
	return nil
}

// RecvMsg reads the next response. After the caller's context has ended it
// returns the context's error, once the operation has ended on the server.
func (e *execution) RecvMsg(m any) error {
	err := e.ClientStream.RecvMsg(m)
	if err == nil {
		return nil
	}
	e.end()
	if errors.Is(err, io.EOF) {
		return io.EOF // the server finished, whatever became of the context meanwhile
	}
	return e.conn.callError(e.ctx, err, e.operationID)
}

// end marks the stream below as over and frees what it holds.
func (e *execution) end() {
	e.doneOnce.Do(func() {
		close(e.done)
		e.stopWatch()
		e.cancel()
	})
}

// interrupt runs in a goroutine of its own when the caller's context ends. The
// server may not know the operation yet, so it asks again until the stream
// ends.
func (e *execution) interrupt() {
	defer e.cancel()
	ctx, cancel := context.WithTimeout(e.inner, e.conn.opts.InterruptTimeout)
	defer cancel()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		select {
		case <-e.done:
			return
		default:
		}
		if _, err := e.conn.Interrupt(ctx, e.operationID); unavailable(err) {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-e.done:
			timer.Stop()
			return
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

func unavailable(err error) bool {
	var spark *component.SparkError
	return errors.As(err, &spark) && spark.Code == "Unavailable"
}

// completeRequest gives an ExecutePlanRequest an operation id, unless it has
// one, and adds the tags. The message may be the client's or ours: the names of
// the fields are the same.
func completeRequest(m protoreflect.Message, tags []string) (operationID string) {
	fields := m.Descriptor().Fields()
	if id := fields.ByName("operation_id"); id != nil {
		if !m.Has(id) {
			m.Set(id, protoreflect.ValueOfString(uuid.NewString()))
		}
		operationID = m.Get(id).String()
	}
	if field := fields.ByName("tags"); field != nil && len(tags) > 0 {
		list := m.Mutable(field).List()
		have := make([]string, list.Len())
		for i := range have {
			have[i] = list.Get(i).String()
		}
		for _, tag := range tags {
			if !slices.Contains(have, tag) {
				list.Append(protoreflect.ValueOfString(tag))
			}
		}
	}
	return operationID
}

// Interrupt ends an operation on the server and returns the ids of what it
// interrupted, none when the operation is not known there or has ended.
func (c *Conn) Interrupt(ctx context.Context, operationID string) ([]string, error) {
	return c.interrupt(ctx, &wire.InterruptRequest{
		InterruptType: wire.InterruptRequest_INTERRUPT_TYPE_OPERATION_ID,
		Interrupt:     &wire.InterruptRequest_OperationId{OperationId: operationID},
	})
}

// InterruptTag ends all operations of the session that carry the tag.
func (c *Conn) InterruptTag(ctx context.Context, tag string) ([]string, error) {
	return c.interrupt(ctx, &wire.InterruptRequest{
		InterruptType: wire.InterruptRequest_INTERRUPT_TYPE_TAG,
		Interrupt:     &wire.InterruptRequest_OperationTag{OperationTag: tag},
	})
}

func (c *Conn) interrupt(ctx context.Context, req *wire.InterruptRequest) ([]string, error) {
	req.SessionId, req.UserContext, req.ClientType = c.sessionID, c.userContext(), &c.agent
	var resp wire.InterruptResponse
	if err := c.invoke(ctx, "Interrupt", req, &resp); err != nil {
		return nil, err
	}
	return resp.GetInterruptedIds(), nil
}
