package connect_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// relay is a gRPC proxy that does to single calls what faultproxy does to whole
// connections: it counts them, holds them back and sends copies. It passes
// messages on as the bytes that they are.
type relay struct {
	addr    string
	backend *grpc.ClientConn

	mu      sync.Mutex
	calls   map[string]int
	execute executeScript
}

// executeScript decides about an ExecutePlan. forward sends it to the server and
// the responses to the client, and returns how the call ended.
type executeScript func(plan *planCopy, forward func() error) error

// planCopy is an ExecutePlan on its way.
type planCopy struct {
	relay   *relay
	call    context.Context // of the client; ends with its stream
	number  int             // 1 for the first that came by
	request message
}

// message is one in its encoded form.
type message []byte

// asBytes is the codec of messages that nobody reads.
type asBytes struct{}

func (asBytes) Name() string                  { return "proto" }
func (asBytes) Marshal(v any) ([]byte, error) { return *v.(*message), nil }

func (asBytes) Unmarshal(data []byte, v any) error {
	*v.(*message) = append(message(nil), data...) // gRPC uses the buffer again
	return nil
}

var bothWays = &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}

// startRelay starts a relay in front of a server, until the test ends. The script
// may be nil.
func startRelay(t *testing.T, remote string, script executeScript) *relay {
	t.Helper()
	addr, err := connect.ParseAddress(remote)
	require.NoError(t, err)
	if addr.TLS {
		t.Skip("NOT RUN: the relay of this test speaks plain text")
	}
	const enough = 128 << 20
	backend, err := grpc.NewClient(addr.Endpoint(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(asBytes{}), grpc.MaxCallRecvMsgSize(enough), grpc.MaxCallSendMsgSize(enough)))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{addr: listener.Addr().String(), backend: backend, calls: map[string]int{}, execute: script}
	server := grpc.NewServer(grpc.UnknownServiceHandler(r.serve), grpc.ForceServerCodec(asBytes{}), grpc.MaxRecvMsgSize(enough))
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		server.Stop()
		_ = backend.Close()
		served.Wait()
	})
	return r
}

// count is how often a method was called.
func (r *relay) count(method string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls[method]
}

func (r *relay) serve(_ any, client grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(client)
	name := path.Base(method)
	r.mu.Lock()
	r.calls[name]++
	number := r.calls[name]
	r.mu.Unlock()
	if name != "ExecutePlan" || r.execute == nil {
		return r.forward(client, method, nil)
	}
	plan := &planCopy{relay: r, call: client.Context(), number: number}
	if err := client.RecvMsg(&plan.request); err != nil {
		return err
	}
	return r.execute(plan, func() error { return r.forward(client, method, plan.request) })
}

// forward connects a call with one of the server. first is a message that has
// been read already.
func (r *relay) forward(client grpc.ServerStream, method string, first message) error {
	server, err := r.backend.NewStream(onwards(client.Context()), bothWays, method)
	if err != nil {
		return err
	}
	if first != nil {
		_ = server.SendMsg(&first) // RecvMsg knows the reason
	}
	go func() { // ends with the client's stream
		for {
			var m message
			if err := client.RecvMsg(&m); err != nil {
				_ = server.CloseSend()
				return
			}
			_ = server.SendMsg(&m)
		}
	}()
	for {
		var m message
		if err := server.RecvMsg(&m); err != nil {
			client.SetTrailer(server.Trailer())
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := client.SendMsg(&m); err != nil {
			return err
		}
	}
}

// onwards gives a context to the server the headers that came from the client.
func onwards(ctx context.Context) context.Context {
	headers, _ := metadata.FromIncomingContext(ctx)
	return metadata.NewOutgoingContext(ctx, headers.Copy())
}

// send sends the copy to the server, whatever has become of the client, and reads
// to the end. It returns what the server answered.
func (p *planCopy) send(ctx context.Context) answers {
	headers, _ := metadata.FromIncomingContext(p.call)
	ctx = metadata.NewOutgoingContext(ctx, headers.Copy())
	server, err := p.relay.backend.NewStream(ctx, bothWays, "/spark.connect.SparkConnectService/ExecutePlan")
	if err != nil {
		return answers{err: err}
	}
	_ = server.SendMsg(&p.request)
	_ = server.CloseSend()
	var got answers
	for {
		var m message
		err := server.RecvMsg(&m)
		if errors.Is(err, io.EOF) {
			return got
		}
		resp := new(wire.ExecutePlanResponse)
		if err == nil {
			err = proto.Unmarshal(m, resp)
		}
		if err != nil {
			got.err = err
			return got
		}
		got.all = append(got.all, resp)
	}
}
