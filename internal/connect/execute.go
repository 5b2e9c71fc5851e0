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
	var relation []byte
	err := c.Run(ctx, &wire.Plan{OpType: &wire.Plan_Command{Command: command}}, func(resp *wire.ExecutePlanResponse) error {
		if result := resp.GetSqlCommandResult(); result != nil {
			relation = result.GetRelation()
		}
		return nil
	})
	return relation, err
}

// Query runs a marshalled relation and hands its responses to handle, as
// [Conn.Run] does.
func (c *Conn) Query(ctx context.Context, relation []byte, handle func(*wire.ExecutePlanResponse) error) error {
	return c.Run(ctx, &wire.Plan{OpType: &wire.Plan_Root{Root: relation}}, handle)
}

// Run executes a plan and calls handle with each response, in order, from this
// goroutine; handle may keep the response. When handle returns an error, the
// execution is interrupted on the server and Run returns that error. It blocks
// until the execution has ended there.
func (c *Conn) Run(ctx context.Context, plan *wire.Plan, handle func(*wire.ExecutePlanResponse) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s, err := c.grpc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, servicePrefix+"ExecutePlan")
	if err != nil {
		return err
	}
	req := &wire.ExecutePlanRequest{SessionId: c.sessionID, UserContext: c.userContext(), ClientType: &c.agent, Plan: plan}
	if err := s.SendMsg(req); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	for {
		resp := new(wire.ExecutePlanResponse)
		err := s.RecvMsg(resp)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := handle(resp); err != nil {
			cancel(err)
			for s.RecvMsg(new(wire.ExecutePlanResponse)) == nil { // until the interrupt has ended it
			}
			return err
		}
	}
}

// Analyze asks about a plan without running it. It blocks for one round trip.
// req needs no session and user: they are filled in.
//
// Spark 4.0 runs a command that stands in an analysed plan, so plans must be
// queries.
func (c *Conn) Analyze(ctx context.Context, req *wire.AnalyzePlanRequest) (*wire.AnalyzePlanResponse, error) {
	req.SessionId, req.UserContext, req.ClientType = c.sessionID, c.userContext(), &c.agent
	resp := new(wire.AnalyzePlanResponse)
	if err := c.invoke(ctx, "AnalyzePlan", req, resp); err != nil {
		return nil, err
	}
	return resp, nil
}
