package fakeconnect

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Version is the Spark version that the server claims to be unless
// [Server.SetVersion] says otherwise.
const Version = "4.0.1"

// Script answers one execution. It returns the error that the client gets, nil
// for a complete result, or [ErrUnscripted] to leave the answer to the server.
type Script func(op *Operation) error

// ErrUnscripted is returned by a [Script] for operations that it does not
// answer.
var ErrUnscripted = fmt.Errorf("left to the default answer")

// Server is a scripted Spark Connect server. It is safe for concurrent use.
type Server struct {
	listener  net.Listener
	sessionID string // the server's own id of its sessions
	grpc      *grpc.Server
	served    chan struct{}
	life      context.Context // ends with the server
	end       context.CancelFunc
	scripts   sync.WaitGroup

	mu       sync.Mutex
	script   Script
	analysis Analysis
	requests []Request
	// operations are those that the client has not released.
	operations map[string]*Operation
	ended      map[string]bool // released
	abandoned  map[string]bool // given up by the server
	version    string
	running    int
	perStream  int
	conf       map[string]string
	static     map[string]string
	details    map[string]*wire.FetchErrorDetailsResponse
	released   []string
	artifacts  artifacts
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
		listener: listener, sessionID: uuid.NewString(), grpc: grpc.NewServer(grpc.MaxRecvMsgSize(128 << 20)),
		operations: map[string]*Operation{}, ended: map[string]bool{}, abandoned: map[string]bool{}, version: Version, conf: map[string]string{}, static: map[string]string{},
		details: map[string]*wire.FetchErrorDetailsResponse{}, served: make(chan struct{}),
	}
	s.life, s.end = context.WithCancel(context.Background())
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
	s.grpc.Stop() // first, so that no stream hears of the end of its operation
	s.end()
	<-s.served
	s.scripts.Wait()
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

// SetVersion makes the server one of another version. As Spark 4.1 and later, such
// a server refuses an operation that was released before.
func (s *Server) SetVersion(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}

// LimitStreams makes every stream of responses end after so many of them, as
// Spark ends one after its time or size limit. 0 is no limit.
func (s *Server) LimitStreams(responses int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.perStream = responses
}

func (s *Server) limit() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.perStream
}

// Abandon makes the server give up its operations, as Spark does with those that
// nobody attends to for some minutes: it refuses to hear of them again.
func (s *Server) Abandon() {
	s.mu.Lock()
	for id := range s.operations {
		s.abandoned[id] = true
	}
	s.mu.Unlock()
	s.Forget()
}

// Forget makes the server know nothing of its operations any more, as if they had
// been released.
func (s *Server) Forget() {
	s.mu.Lock()
	ops := slices.Collect(maps.Values(s.operations))
	s.mu.Unlock()
	for _, op := range ops {
		s.forget(op)
	}
}

// Running returns how many executions have not ended.
func (s *Server) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

// Held returns how many executions the client has not released.
func (s *Server) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.operations)
}

func (s *Server) record(ctx context.Context, method string, msg proto.Message) {
	headers, _ := metadata.FromIncomingContext(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{Method: method, Headers: headers, Message: msg})
}

// checkSession refuses a request for a session of another server, as one that
// was restarted does.
func (s *Server) checkSession(req any) error {
	observed, ok := req.(interface{ GetClientObservedServerSideSessionId() string })
	if !ok || observed.GetClientObservedServerSideSessionId() == "" || observed.GetClientObservedServerSideSessionId() == s.sessionID {
		return nil
	}
	return failure("INVALID_HANDLE.SESSION_CHANGED", "HY000")
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
			unary(s, "ArtifactStatus", s.artifactStatus),
			unary(s, "ReleaseExecute", s.releaseExecute),
		},
		Streams: []grpc.StreamDesc{
			{StreamName: "ExecutePlan", ServerStreams: true, Handler: s.execute},
			{StreamName: "ReattachExecute", ServerStreams: true, Handler: s.reattach},
			{StreamName: "AddArtifacts", ClientStreams: true, Handler: s.addArtifacts},
		},
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
		if err := s.checkSession(req); err != nil {
			return nil, err
		}
		return answer(req)
	}}
}
