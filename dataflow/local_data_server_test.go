package dataflow_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// filesOf stands in front of a fake server and answers, as Spark does, whether
// there are files to read: with a schema for a local file that exists and for
// every one on another file system, else with an error.
func filesOf(t testing.TB, server *fakeconnect.Server) (remote string) {
	t.Helper()
	behind, err := grpc.NewClient(strings.TrimPrefix(server.Remote(), "sc://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	front := grpc.NewServer(grpc.ForceServerCodec(plainCodec{}), grpc.UnknownServiceHandler(func(_ any, in grpc.ServerStream) error {
		return pass(in, behind)
	}))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = front.Serve(listener)
	}()
	t.Cleanup(func() {
		front.Stop()
		<-served
		_ = behind.Close()
	})
	return "sc://" + listener.Addr().String()
}

// plainCodec leaves messages as they are.
type plainCodec struct{}

func (plainCodec) Name() string { return "proto" }

func (plainCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (plainCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = data
	return nil
}

// pass hands a call on, but for those that ask for a schema.
func pass(in grpc.ServerStream, behind *grpc.ClientConn) error {
	method, _ := grpc.MethodFromServerStream(in)
	var first []byte
	if err := in.RecvMsg(&first); err != nil {
		return err
	}
	if resp := schemaAnswer(method, first); resp != nil {
		return in.SendMsg(resp)
	}
	headers, _ := metadata.FromIncomingContext(in.Context())
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(in.Context(), headers))
	defer cancel()
	out, err := behind.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method, grpc.ForceCodec(plainCodec{}))
	if err != nil {
		return err
	}
	for msg, err := first, error(nil); err == nil; err = in.RecvMsg(&msg) {
		if err := out.SendMsg(&msg); err != nil {
			break
		}
	}
	if err := out.CloseSend(); err != nil {
		return err
	}
	for {
		var msg []byte
		err := out.RecvMsg(&msg)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = in.SendMsg(&msg)
		}
		if err != nil {
			return err
		}
	}
}

// schemaAnswer is the answer to a question for a schema, nil to others. One that
// is about a local file that is not there is answered by the fake server: with
// an error.
func schemaAnswer(method string, data []byte) *[]byte {
	var req wire.AnalyzePlanRequest
	if !strings.HasSuffix(method, "/AnalyzePlan") || proto.Unmarshal(data, &req) != nil || req.GetSchema() == nil {
		return nil
	}
	var rel wire.Relation
	if proto.Unmarshal(req.GetSchema().GetPlan().GetRoot(), &rel) != nil {
		return nil
	}
	for _, path := range rel.GetRead().GetDataSource().GetPaths() {
		u, err := url.Parse(path)
		if err != nil {
			return nil
		}
		if _, err := os.Stat(u.Path); err != nil && u.Scheme == "file" {
			return nil
		}
	}
	resp := &wire.AnalyzePlanResponse{SessionId: req.GetSessionId(), Result: &wire.AnalyzePlanResponse_Schema_{
		Schema: &wire.AnalyzePlanResponse_Schema{Schema: &wire.DataType{Kind: &wire.DataType_Struct_{Struct: &wire.DataType_Struct{}}}},
	}}
	out, err := proto.Marshal(resp)
	if err != nil {
		return nil
	}
	return &out
}
