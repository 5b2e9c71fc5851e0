package fakeconnect

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Version is the Spark version that the server claims to be.
const Version = "4.0.1"

// Script answers one execution. It returns the error that the client gets, nil
// for a complete result, or [ErrUnscripted] to leave the answer to the server.
type Script func(op *Operation) error

// ErrUnscripted is returned by a [Script] for operations that it does not
// answer.
var ErrUnscripted = fmt.Errorf("left to the default answer")

// Server is a scripted Spark Connect server. It is safe for concurrent use.
type Server struct {
	listener net.Listener
	grpc     *grpc.Server
	served   chan struct{}

	mu       sync.Mutex
	script   Script
	requests []Request
	running  map[string]*Operation
	conf     map[string]string
	static   map[string]string
	details  map[string]*wire.FetchErrorDetailsResponse
	released []string
}

// Request is one call that arrived.
type Request struct {
	// Method is the name of the RPC, for example "ExecutePlan".
	Method string
	// Headers are the metadata of the call.
	Headers metadata.MD
	// Message is the request, of a type of package wire.
	Message proto.Message
}

// Start starts a server that stops when the test ends.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := New()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Stop)
	return s
}

// New starts a server for an example, which has no [testing.TB]. The caller stops
// it.
func New() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	s := &Server{
		listener: listener, grpc: grpc.NewServer(grpc.MaxRecvMsgSize(128 << 20)),
		running: map[string]*Operation{}, conf: map[string]string{}, static: map[string]string{},
		details: map[string]*wire.FetchErrorDetailsResponse{}, served: make(chan struct{}),
	}
	s.grpc.RegisterService(s.service(), nil)
	go func() {
		defer close(s.served)
		_ = s.grpc.Serve(listener)
	}()
	return s, nil
}

// Stop ends the server at once, as a kill would: every open call breaks. It
// works twice.
func (s *Server) Stop() {
	s.grpc.Stop()
	<-s.served
}

// Remote returns the connection string of the server.
func (s *Server) Remote() string { return "sc://" + s.listener.Addr().String() }

// OnExecute sets the script for all executions from now on.
func (s *Server) OnExecute(script Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// SetStatic makes a property one that cannot be set at run time.
func (s *Server) SetStatic(key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.static[key] = value
}

// SetDetails sets what FetchErrorDetails answers for an error id, once.
func (s *Server) SetDetails(errorID string, details *wire.FetchErrorDetailsResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.details[errorID] = details
}

// Requests returns the calls that have arrived, in order; with methods given,
// only those.
func (s *Server) Requests(methods ...string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Request
	for _, r := range s.requests {
		if len(methods) == 0 || slices.Contains(methods, r.Method) {
			out = append(out, r)
		}
	}
	return out
}

// Released returns the ids of the released sessions.
func (s *Server) Released() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.released)
}

// Conf returns a session property and whether it was set.
func (s *Server) Conf(key string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.conf[key]
	return value, ok
}

// Running returns how many executions have not ended.
func (s *Server) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.running)
}

func (s *Server) record(ctx context.Context, method string, msg proto.Message) {
	headers, _ := metadata.FromIncomingContext(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{Method: method, Headers: headers, Message: msg})
}

// service describes the RPCs by name, with our own messages.
func (s *Server) service() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "spark.connect.SparkConnectService",
		Methods: []grpc.MethodDesc{
			unary(s, "AnalyzePlan", s.analyze),
			unary(s, "Config", s.configure),
			unary(s, "Interrupt", s.interrupt),
			unary(s, "ReleaseSession", s.release),
			unary(s, "FetchErrorDetails", s.fetchDetails),
		},
		Streams: []grpc.StreamDesc{{StreamName: "ExecutePlan", ServerStreams: true, Handler: s.execute}},
	}
}

// unary makes a method of a function from request to response.
func unary[Q any, P interface {
	*Q
	proto.Message
}, R proto.Message](s *Server, name string, answer func(P) (R, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		req := P(new(Q))
		if err := decode(req); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		s.record(ctx, name, req)
		return answer(req)
	}}
}
