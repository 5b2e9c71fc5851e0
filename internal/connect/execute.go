package connect

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Execute runs a command and reads its answer to the end. It blocks until the
// command is done on the server; when ctx ends, the command is interrupted
// there first. It returns the relation of a SQL command's result, or nil.
func (c *Conn) Execute(ctx context.Context, command *wire.Command) ([]byte, error) {
	s, err := c.grpc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, servicePrefix+"ExecutePlan")
	if err != nil {
		return nil, err
	}
	req := &wire.ExecutePlanRequest{
		SessionId: c.sessionID, UserContext: c.userContext(), ClientType: &c.agent,
		Plan: &wire.Plan{OpType: &wire.Plan_Command{Command: command}},
	}
	if err := s.SendMsg(req); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := s.CloseSend(); err != nil {
		return nil, err
	}
	var relation []byte
	for {
		var resp wire.ExecutePlanResponse
		err := s.RecvMsg(&resp)
		if errors.Is(err, io.EOF) {
			return relation, nil
		}
		if err != nil {
			return nil, err
		}
		if result := resp.GetSqlCommandResult(); result != nil {
			relation = result.GetRelation()
		}
	}
}
