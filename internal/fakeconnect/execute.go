package fakeconnect

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// responseLog keeps the responses of an operation for clients that come back.
type responseLog struct {
	mu        sync.Mutex
	responses []*wire.ExecutePlanResponse
	dropped   int // released by the client, at the front
	done      bool
	err       error
	changed   chan struct{} // closed and replaced with every change
	reader    chan struct{} // closed when another stream takes over
}

func (l *responseLog) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *responseLog) add(resp *wire.ExecutePlanResponse) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.responses = append(l.responses, resp)
	l.wake()
}

func (l *responseLog) finish(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done, l.err = true, err
	l.wake()
}

// attach makes the caller the only reader.
func (l *responseLog) attach() (replaced <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reader != nil {
		close(l.reader)
	}
	l.reader = make(chan struct{})
	return l.reader
}

// after returns the position behind a response, or an error when that has been
// released or was never sent.
func (l *responseLog) after(responseID string) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if responseID == "" {
		if l.dropped > 0 {
			return 0, failure("INVALID_CURSOR.POSITION_NOT_AVAILABLE", "HY109")
		}
		return 0, nil
	}
	i := slices.IndexFunc(l.responses, func(r *wire.ExecutePlanResponse) bool { return r.GetResponseId() == responseID })
	if i < 0 || i+1 < l.dropped {
		return 0, failure("INVALID_CURSOR.POSITION_NOT_FOUND", "HY109")
	}
	return i + 1, nil
}

// release forgets the responses up to one.
func (l *responseLog) release(responseID string) {
	i, err := l.after(responseID)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropped = max(l.dropped, i)
}

// next returns the response at a position, or what to wait for.
func (l *responseLog) next(pos int) (resp *wire.ExecutePlanResponse, done bool, changed <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if pos < len(l.responses) {
		return l.responses[pos], false, nil, nil
	}
	return nil, l.done, l.changed, l.err
}

func failure(class, state string) error {
	return Failure{Class: class, State: state, Message: "The handle or cursor is invalid.", JavaClass: "org.apache.spark.SparkSQLException"}.Error()
}

// execute is the handler of ExecutePlan.
func (s *Server) execute(_ any, stream grpc.ServerStream) error {
	req := new(wire.ExecutePlanRequest)
	if err := stream.RecvMsg(req); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	s.record(stream.Context(), "ExecutePlan", req)
	if err := s.checkSession(req); err != nil {
		return err
	}
	reattachable := len(req.GetRequestOptions()) > 0 && req.GetRequestOptions()[0].GetReattachOptions().GetReattachable()
	ctx := stream.Context()
	if reattachable {
		headers, _ := metadata.FromIncomingContext(ctx)
		ctx = metadata.NewIncomingContext(s.life, headers)
	}
	op, known, err := s.begin(ctx, req)
	if err != nil {
		return err
	}
	if known {
		return s.serveFrom(stream, op, 0) // a copy of the request attaches
	}
	if !reattachable {
		defer s.forget(op)
	}
	s.scripts.Go(func() {
		err := s.runScript(op)
		if status.Code(err) == codes.Unauthenticated {
			s.unlist(op) // as a server that refuses before it looks at the request
		}
		op.log.finish(err)
	})
	return s.serveFrom(stream, op, 0)
}

// begin makes the operation of a request known, or finds it when the request is
// a copy of one that was sent before.
func (s *Server) begin(ctx context.Context, req *wire.ExecutePlanRequest) (op *Operation, known bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := req.GetOperationId()
	have := s.operations[id]
	switch {
	case have != nil && proto.Equal(have.Request.GetPlan(), req.GetPlan()):
		return have, true, nil
	case have != nil:
		return nil, false, failure("INVALID_HANDLE.OPERATION_ALREADY_EXISTS", "HY000")
	case s.abandoned[id], s.ended[id] && s.version != Version: // Spark 4.0 keeps no note of a release
		return nil, false, failure("INVALID_HANDLE.OPERATION_ABANDONED", "HY000")
	}
	op = newOperation(ctx, req, s.sessionID)
	s.operations[id] = op
	return op, false, nil
}

// forget ends the operation for good.
func (s *Server) forget(op *Operation) {
	op.cancel()
	s.unlist(op)
}

func (s *Server) unlist(op *Operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := op.Request.GetOperationId(); s.operations[id] == op {
		delete(s.operations, id)
		s.ended[id] = true
	}
}

func (s *Server) runScript(op *Operation) error {
	if err := op.oneWord(); err != nil {
		return err
	}
	s.mu.Lock()
	script := s.script
	s.running++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
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

// serveFrom sends the responses from a position on until the operation has
// ended, another stream takes over, or the stream has had as many as the limit
// of the server.
func (s *Server) serveFrom(stream grpc.ServerStream, op *Operation, pos int) error {
	replaced := op.log.attach()
	limit := s.limit()
	for sent := 0; ; {
		resp, done, changed, err := op.log.next(pos)
		switch {
		case resp != nil && limit > 0 && sent == limit:
			return nil // as Spark ends a stream: without a word
		case resp != nil:
			if err := stream.SendMsg(resp); err != nil {
				return err
			}
			pos++
			sent++
			continue
		case done:
			return err
		}
		select {
		case <-changed:
		case <-replaced:
			return failure("INVALID_CURSOR.DISCONNECTED", "HY109")
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-op.ctx.Done():
			return failure("INVALID_CURSOR.DISCONNECTED", "HY109")
		}
	}
}

// reattach is the handler of ReattachExecute.
func (s *Server) reattach(_ any, stream grpc.ServerStream) error {
	req := new(wire.ReattachExecuteRequest)
	if err := stream.RecvMsg(req); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	s.record(stream.Context(), "ReattachExecute", req)
	if err := s.checkSession(req); err != nil {
		return err
	}
	s.mu.Lock()
	op, abandoned := s.operations[req.GetOperationId()], s.abandoned[req.GetOperationId()]
	s.mu.Unlock()
	if abandoned {
		return failure("INVALID_HANDLE.OPERATION_ABANDONED", "HY000")
	}
	if op == nil {
		return failure("INVALID_HANDLE.OPERATION_NOT_FOUND", "HY000")
	}
	pos, err := op.log.after(req.GetLastResponseId())
	if err != nil {
		return err
	}
	return s.serveFrom(stream, op, pos)
}

// releaseExecute is the handler of ReleaseExecute.
func (s *Server) releaseExecute(req *wire.ReleaseExecuteRequest) (*wire.ReleaseExecuteResponse, error) {
	s.mu.Lock()
	op := s.operations[req.GetOperationId()]
	s.mu.Unlock()
	resp := &wire.ReleaseExecuteResponse{SessionId: req.GetSessionId(), ServerSideSessionId: s.sessionID}
	if op == nil {
		return resp, nil
	}
	resp.OperationId = &req.OperationId
	if until := req.GetReleaseUntil(); until != nil {
		op.log.release(until.GetResponseId())
		return resp, nil
	}
	s.forget(op)
	return resp, nil
}

// defaultAnswer is one row for a query, nothing for a command.
func (op *Operation) defaultAnswer() error {
	if op.Request.GetPlan().GetCommand() != nil {
		return nil
	}
	return op.SendStrings("value", "1")
}

// oneWord refuses a query of one word of ours, as Spark's parser would.
func (op *Operation) oneWord() error {
	word := op.SQL()
	if op.Request.GetPlan().GetRoot() == nil || !strings.HasPrefix(word, "sparkpipe_") || strings.Contains(word, " ") {
		return nil
	}
	return Failure{
		Class: "PARSE_SYNTAX_ERROR", State: "42601", Message: "Syntax error at or near '" + word + "'.",
		Parameters: map[string]string{"error": "'" + word + "'", "hint": ""},
		JavaClass:  "org.apache.spark.sql.catalyst.parser.ParseException",
	}.Error()
}
