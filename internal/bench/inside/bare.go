package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// service is the path of the calls.
const service = "/spark.connect.SparkConnectService/"

// bare is a gRPC stub with nothing around it: the least that any client takes.
type bare struct {
	conn     *grpc.ClientConn
	session  string
	releases sync.WaitGroup
}

func newBare() (*bare, error) {
	host, _, _ := strings.Cut(strings.TrimPrefix(os.Getenv("SPARK_REMOTE"), "sc://"), "/")
	conn, err := grpc.NewClient(host, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(128<<20)))
	if err != nil {
		return nil, err
	}
	return &bare{conn: conn, session: uuid.NewString()}, nil
}

func (b *bare) close() error {
	b.releases.Wait()
	return b.conn.Close()
}

// query runs a SQL text as a relation and answers the number of its rows, none
// of which it looks at. One that is reattachable is released behind the caller's
// back.
func (b *bare) query(ctx context.Context, text string, reattachable bool) (rows int64, err error) {
	root, err := proto.Marshal(&wire.Relation{RelType: &wire.Relation_Sql{Sql: &wire.SQL{Query: text}}})
	if err != nil {
		return 0, err
	}
	stream, err := b.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, service+"ExecutePlan")
	if err != nil {
		return 0, err
	}
	req := &wire.ExecutePlanRequest{
		SessionId: b.session, UserContext: &wire.UserContext{UserId: "bench"},
		Plan: &wire.Plan{OpType: &wire.Plan_Root{Root: root}},
	}
	if reattachable {
		id := uuid.NewString()
		req.OperationId = &id
		req.RequestOptions = []*wire.ExecutePlanRequest_RequestOption{{
			RequestOption: &wire.ExecutePlanRequest_RequestOption_ReattachOptions{ReattachOptions: &wire.ReattachOptions{Reattachable: true}},
		}}
		defer b.releases.Go(func() { b.release(ctx, id) })
	}
	if err := errors.Join(stream.SendMsg(req), stream.CloseSend()); err != nil {
		return 0, err
	}
	for {
		resp := new(wire.ExecutePlanResponse)
		switch err := stream.RecvMsg(resp); {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return rows, fmt.Errorf("bare query: %w", err)
		}
		rows += resp.GetArrowBatch().GetRowCount()
	}
}

// release tells the server that an operation is over; it is a favour to it.
func (b *bare) release(ctx context.Context, id string) {
	_ = b.conn.Invoke(ctx, service+"ReleaseExecute", &wire.ReleaseExecuteRequest{
		SessionId: b.session, UserContext: &wire.UserContext{UserId: "bench"}, OperationId: id,
		Release: &wire.ReleaseExecuteRequest_ReleaseAll_{ReleaseAll: &wire.ReleaseExecuteRequest_ReleaseAll{}},
	}, &wire.ReleaseExecuteResponse{})
}
