package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// execution is one ExecutePlan, as the client or we see it: a stream of
// responses. Below it are as many streams of gRPC as it takes.
//
// The server keeps a reattachable execution and its responses when the stream
// breaks, and ends a stream by itself after some time or size. The execution then
// goes on behind the last response, on a new stream.
//
// A cancelled gRPC call does not stop the job on the server. So the streams below
// live on a context of their own; when the caller's context ends, the operation
// is interrupted, and the stream is read to the end that the server then gives
// it, which proves that the job is gone. Only a server that does not answer
// within Options.InterruptTimeout is left alone.
//
// As with every gRPC stream, one goroutine sends and receives.
type execution struct {
	link *link
	conn *Conn           // known with the request
	ctx  context.Context // the caller's
	open func(ctx context.Context, method string) (grpc.ClientStream, error)

	inner     context.Context    // of the streams below
	cancel    context.CancelFunc // ends them
	stopWatch func() bool        // stops waiting for the caller's context
	end       chan struct{}      // closed when the execution is over for us

	request     proto.Message
	operationID string
	operation   OperationEnd // as far as it is known
	command     bool         // may have an effect
	kept        bool         // somebody may ask for its end later
	view        responseView

	stream    grpc.ClientStream  // nil between two streams
	cut       context.CancelFunc // ends the stream
	silent    atomic.Bool        // the stream was cut because it said nothing
	again     *retry
	lastID    string    // of the last response
	sends     int       // how often the request may have reached the server
	resend    bool      // the request is to be sent again
	attached  bool      // the stream is of ReattachExecute
	known     bool      // the server has had the request
	refreshed bool      // the token has been read anew
	opened    time.Time // the stream
	fruitless int       // streams in a row that ended without a response
	taking    int       // bytes of responses that the server may still keep
	releasing atomic.Bool
	complete  bool
	unknown   bool        // nobody can tell what became of the command
	unheard   atomic.Bool // the server has not answered to the interrupt
	ended     bool
}

func newExecution(ctx context.Context, l *link, open func(context.Context, string) (grpc.ClientStream, error)) (grpc.ClientStream, error) {
	if err := ctx.Err(); err != nil {
		return nil, l.callError(ctx, err)
	}
	e := &execution{link: l, ctx: ctx, open: open, end: make(chan struct{})}
	e.inner, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	e.again = l.newRetry(e.inner) //nolint:contextcheck // the streams outlive the caller's context until the operation has ended
	return e, nil
}

// Header and Trailer implement [grpc.ClientStream]; a stream that goes on over
// several of gRPC has neither.
func (e *execution) Header() (metadata.MD, error) { return nil, nil }

// Trailer implements [grpc.ClientStream].
func (e *execution) Trailer() metadata.MD { return nil }

// CloseSend implements [grpc.ClientStream]. The request is all there is to send.
func (e *execution) CloseSend() error { return nil }

// Context implements [grpc.ClientStream].
func (e *execution) Context() context.Context { return e.ctx }

// SendMsg takes the request and starts the execution. What goes wrong on the way
// comes from RecvMsg, which can do something about it.
func (e *execution) SendMsg(m any) error {
	e.conn = e.link.sessionOf(m)
	msg, ok := m.(proto.Message)
	if !ok || e.conn == nil || e.conn.closed.Load() {
		e.cancel()
		return errClosedCall()
	}
	e.kept = follows(e.ctx)
	if attach, ok := m.(*wire.ReattachExecuteRequest); ok {
		e.operationID, e.command, e.sends, e.known = attach.GetOperationId(), true, 1, true
	} else if err := e.prepare(msg); err != nil {
		e.cancel()
		return err
	}
	e.stopWatch = context.AfterFunc(e.ctx, e.interrupt)
	return nil
}

// prepare completes the request and has it recorded.
func (e *execution) prepare(msg proto.Message) error {
	e.conn.complete(msg)
	e.request = msg
	op := completeExecute(msg.ProtoReflect(), TagsOf(e.ctx), recorderOf(e.ctx) != nil)
	e.operationID, e.command = op.ID, op.Kind != OperationQuery
	if !e.kept { // else it is about an operation that has been recorded
		if err := e.record(op); err != nil {
			return err
		}
		if err := e.ctx.Err(); err != nil { // it ended while the recorders were at work
			return e.link.callError(e.ctx, err)
		}
	}
	e.operation = OperationEnd{Operation: op, SessionID: e.conn.sessionID, Started: time.Now()}
	return nil
}

// RecvMsg reads the next response. After the caller's context has ended it
// returns the context's error, once the operation has ended on the server.
func (e *execution) RecvMsg(m any) error {
	if e.ended {
		return io.EOF
	}
	e.link.watch.enter()
	defer e.link.watch.leave()
	for !e.complete {
		err := e.receive(m)
		if err == nil {
			e.taken(m)
			return nil
		}
		if next := e.recover(err); next != nil {
			return e.fail(next)
		}
	}
	e.finish()
	e.tellEnd(nil)
	return io.EOF
}

// receive reads from the stream below and opens one when there is none.
func (e *execution) receive(m any) error {
	if e.stream == nil {
		if err := e.connect(); err != nil {
			return err
		}
	}
	err := e.await(m)
	if err == nil {
		e.link.watch.heard()
	}
	return err
}

// taken notes what a response says.
func (e *execution) taken(m any) {
	e.conn.note(m)
	e.again.progress()
	e.fruitless = 0
	seen := e.view.read(m)
	e.lastID, e.complete = seen.id, seen.complete
	e.operation.Rows += seen.rows
	e.operation.Bytes += int64(seen.size)
	e.tell(seen)
	if e.taking += seen.size; e.taking >= releaseEvery && !e.complete && !e.kept && e.releasing.CompareAndSwap(false, true) {
		e.taking = 0
		id, until := e.operationID, e.lastID
		e.conn.background.Go(func(ctx context.Context) {
			defer e.releasing.Store(false)
			e.conn.releaseUntil(ctx, id, until)
		})
	}
}

// finish ends the execution for us. The rest happens behind the caller's back:
// what the stream still has to say is heard, then the server is told that it can
// forget the operation.
func (e *execution) finish() {
	if e.ended {
		return
	}
	e.ended = true
	e.stopWatch()
	close(e.end)
	stream, cancel, id := e.stream, e.cancel, e.operationID
	if e.sends == 0 || e.held() {
		cancel()
		return
	}
	e.conn.background.Go(func(ctx context.Context) {
		defer context.AfterFunc(ctx, cancel)()
		if stream != nil {
			drain(stream)
		}
		cancel()
		e.conn.releaseAll(ctx, id)
	})
}

// fail ends the execution with an error.
func (e *execution) fail(err error) error {
	failed := e.again.failure(e.conn.callError(e.ctx, err, e.operationID))
	if e.unknown || e.command && e.sends > 0 && e.unheard.Load() {
		failed = outcomeUnknown(failed)
	}
	e.finish()
	e.tellEnd(failed)
	return failed
}

// outcomeUnknown says of an error that nobody knows what became of the command.
func outcomeUnknown(err error) error {
	var rpc *rpcError
	if !errors.As(err, &rpc) {
		return err
	}
	full := *rpc
	full.cause = fmt.Errorf("%w: %w", ErrOutcomeUnknown, rpc.cause)
	return &full
}

// interrupt runs in a goroutine of its own when the caller's context ends. The
// server may not know the operation yet, so it asks again until the stream
// ends. A server that does not listen is left alone after a while.
func (e *execution) interrupt() {
	defer e.cancel()
	ctx, cancel := context.WithTimeout(e.inner, e.link.opts.InterruptTimeout)
	defer cancel()
	misses := 0
	for wait := 10 * time.Millisecond; misses < 3; wait = min(2*wait, 500*time.Millisecond) {
		if _, err := e.conn.Interrupt(withoutRetry(ctx), e.operationID); unavailable(err) {
			misses++
		}
		timer := time.NewTimer(wait)
		select {
		case <-e.end:
			timer.Stop()
			return
		case <-ctx.Done():
			timer.Stop()
			e.unheard.Store(true)
			if !e.kept { // else the server is to go on knowing it
				e.conn.background.Go(func(ctx context.Context) { e.conn.releaseAll(ctx, e.operationID) }) // ends it too
			}
			return
		case <-timer.C:
		}
	}
	e.unheard.Store(true)
}

func unavailable(err error) bool {
	var spark *component.SparkError
	return errors.As(err, &spark) && spark.Code == "Unavailable"
}
