package connect

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// The error classes by which a server tells what it knows of an operation.
const (
	classNotFound     = "INVALID_HANDLE.OPERATION_NOT_FOUND"
	classExists       = "INVALID_HANDLE.OPERATION_ALREADY_EXISTS"
	classDisconnected = "INVALID_CURSOR.DISCONNECTED"
)

// forgottenClasses are those of an operation of which the server cannot tell
// what became.
var forgottenClasses = append([]string{
	classNotFound, "INVALID_HANDLE.OPERATION_ABANDONED",
	"INVALID_CURSOR.NOT_REATTACHABLE", "INVALID_CURSOR.POSITION_NOT_AVAILABLE", "INVALID_CURSOR.POSITION_NOT_FOUND",
}, lostClasses...)

const (
	// minContact is how long a stream must have lived for the next one to count
	// as the first that breaks.
	minContact = time.Second
	// maxSends bounds how often a request is sent that never starts.
	maxSends = 4
	// maxOdd bounds how often a stream may end in a way that is neither a broken
	// connection nor a word of Spark, such as a proxy's reset.
	maxOdd = 4
	// maxSilences is how many times Options.SilenceTimeout a stream may say
	// nothing. A server says something every few seconds, and ends a stream after
	// two minutes: one that is silent for longer has been forgotten, there or on
	// the way.
	maxSilences = 6
)

// connect opens the stream below: of the request, or when the server may have
// that already, of what follows the last response.
func (e *execution) connect() error {
	if e.sends > 0 && !e.resend {
		return e.reattach()
	}
	s, err := e.openStream("ExecutePlan")
	if err != nil {
		return err // nothing has been sent
	}
	e.sends++
	e.resend, e.attached = false, false
	return e.begin(s, e.request)
}

func (e *execution) reattach() error {
	s, err := e.openStream("ReattachExecute")
	if err != nil {
		return err
	}
	req := &wire.ReattachExecuteRequest{
		SessionId: e.conn.sessionID, UserContext: e.conn.userContext(), ClientType: &e.conn.agent,
		OperationId: e.operationID, ClientObservedServerSideSessionId: e.conn.serverID.Load(),
	}
	if e.lastID != "" {
		req.LastResponseId = &e.lastID
	}
	e.attached = true
	e.operation.Reattached++
	return e.begin(s, req)
}

// openStream opens a stream that can be cut.
func (e *execution) openStream(method string) (grpc.ClientStream, error) {
	ctx, cut := context.WithCancel(e.inner)
	s, err := e.open(ctx, servicePrefix+method)
	if err != nil {
		cut()
		return nil, err
	}
	e.cut = cut
	return s, nil
}

// await receives from the stream, which it cuts when that is silent for too long.
func (e *execution) await(m any) error {
	if limit := maxSilences * e.link.opts.SilenceTimeout; limit > 0 {
		cut := e.cut
		timer := time.AfterFunc(limit, func() {
			e.silent.Store(true)
			cut()
		})
		defer timer.Stop()
	}
	return e.stream.RecvMsg(m)
}

// begin sends the one message of a stream.
func (e *execution) begin(s grpc.ClientStream, req any) error {
	e.stream, e.opened = s, time.Now()
	if err := s.SendMsg(req); err != nil && !errors.Is(err, io.EOF) { // EOF: RecvMsg knows the reason
		return err
	}
	return s.CloseSend()
}

// recover decides what becomes of the execution after the stream below has
// ended. It returns nil when a new stream is to be opened, after a pause where
// one is due, or the error that ends the execution.
func (e *execution) recover(err error) error {
	had := e.stream != nil
	if had {
		e.cut()
	}
	e.stream = nil
	e.fruitless++
	heard := had && e.link.watch.heardSince(e.opened.Add(minContact))
	if heard {
		e.again.progress() // the server was there after the stream began
		e.fruitless = 1
	}
	if e.silent.Swap(false) {
		e.known = e.known || heard // the request came before what was heard
		err = status.Error(codes.Unavailable, "the stream of an execution has fallen silent")
	}
	if errors.Is(err, io.EOF) {
		if e.fruitless == 1 { // the server's limit of time or size
			return nil
		}
		err = status.Error(codes.Unavailable, "the server ended the stream of an execution that is not over")
	}
	st := status.Convert(err)
	class := classOf(st)
	e.known = e.known || class == classExists || class == classDisconnected
	switch {
	case e.inner.Err() != nil:
		return err
	case class == classNotFound && e.neverStarted():
		e.resend = true
		return nil
	case class == classExists, class == classDisconnected, st.Code() == codes.Unavailable && !hasVerdict(st),
		isOdd(st) && e.fruitless < maxOdd:
		if e.again.wait(err, "ExecutePlan") {
			return nil
		}
	case st.Code() == codes.Unauthenticated && !e.refreshed && e.link.refreshToken(e.ctx):
		e.refreshed = true
		e.resend = !e.attached // the server turned it away at the door
		return nil
	}
	e.unknown = e.command && e.sends > 0 && e.ctx.Err() == nil && e.doubtful(st, class)
	return err
}

// neverStarted reports whether an operation that the server does not know can be
// sent again: nothing has been heard of it, so that the server has not forgotten
// it but never had it.
func (e *execution) neverStarted() bool {
	return e.attached && !e.known && e.lastID == "" && e.sends < maxSends && e.ctx.Err() == nil
}

// doubtful reports whether the error leaves open what became of a command.
func (e *execution) doubtful(st *status.Status, class string) bool {
	if slices.Contains(forgottenClasses, class) {
		return e.attached || e.sends > 1
	}
	if class == classExists || class == classDisconnected {
		return true // it was somewhere else when we gave up
	}
	return st.Code() == codes.Unavailable && !hasVerdict(st) || isOdd(st) || isOrphaned(st, class)
}

// isOrphaned reports whether the server has given up an operation between its
// arrival and its start, as it does when two requests for it come at the same
// moment. It may run all the same. Before 4.1 the error has no class.
func isOrphaned(st *status.Status, class string) bool {
	if strings.HasPrefix(class, "SPARK_CONNECT_ILLEGAL_STATE.") {
		return true
	}
	return class == "" && slices.ContainsFunc(st.Details(), func(detail any) bool {
		info, ok := detail.(*errdetails.ErrorInfo)
		return ok && info.GetReason() == "java.lang.IllegalStateException"
	})
}

// held reports whether the server should go on knowing the operation, although
// it is over for us. While it does, it answers a copy of the request that comes
// late with the old result; and when it gives the operation up by itself, it
// keeps a note of that and refuses the copy. After a release Spark before 4.1
// knows nothing and runs the copy (SPARK-53492).
func (e *execution) held() bool {
	return e.kept || e.command && (e.sends > 1 || e.conn.Hazards().LateExecuteAccepted)
}

// hasVerdict reports whether Spark itself has spoken, and not the transport.
func hasVerdict(st *status.Status) bool {
	return slices.ContainsFunc(st.Details(), func(detail any) bool {
		_, ok := detail.(*errdetails.ErrorInfo)
		return ok
	})
}

// isOdd reports whether the transport has ended a stream in a way that is no
// broken connection.
func isOdd(st *status.Status) bool {
	switch st.Code() {
	case codes.Canceled, codes.Internal, codes.Unknown, codes.DeadlineExceeded:
		return !hasVerdict(st)
	default:
		return false
	}
}

// drain reads a stream to its end. To release an operation before would make the
// server break the stream.
func drain(stream grpc.ClientStream) {
	for stream.RecvMsg(new(wire.ReleaseSessionResponse)) == nil { // any message would do
	}
}

// releaseEvery is how many bytes of responses may wait at the server for us to
// say that we have them. The server keeps 10 MiB by itself
// (spark.connect.execute.reattachable.observerRetryBufferSize).
const releaseEvery = 4 << 20

// releaseUntil tells the server that responses have arrived.
func (c *Conn) releaseUntil(ctx context.Context, operationID, responseID string) {
	c.release(ctx, &wire.ReleaseExecuteRequest{OperationId: operationID, Release: &wire.ReleaseExecuteRequest_ReleaseUntil_{
		ReleaseUntil: &wire.ReleaseExecuteRequest_ReleaseUntil{ResponseId: responseID},
	}})
}

// releaseAll tells the server that an operation is over for us; one that still
// runs is ended.
func (c *Conn) releaseAll(ctx context.Context, operationID string) {
	c.release(ctx, &wire.ReleaseExecuteRequest{OperationId: operationID, Release: &wire.ReleaseExecuteRequest_ReleaseAll_{
		ReleaseAll: &wire.ReleaseExecuteRequest_ReleaseAll{},
	}})
}

// release is a favour to the server; without it the server forgets by itself.
func (c *Conn) release(ctx context.Context, req *wire.ReleaseExecuteRequest) {
	ctx, cancel := context.WithTimeout(withoutRetry(ctx), c.opts.ConnectTimeout)
	defer cancel()
	req.SessionId, req.UserContext, req.ClientType = c.sessionID, c.userContext(), &c.agent
	_ = c.invoke(ctx, "ReleaseExecute", req, &wire.ReleaseExecuteResponse{})
}
