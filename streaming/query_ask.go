package streaming

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// ask sends a command about the query and returns the answer, which is never nil.
func (q *Query) ask(ctx context.Context, what string, cmd *wire.StreamingQueryCommand) (*wire.StreamingQueryCommandResult, error) {
	cmd.QueryId = &wire.StreamingQueryInstanceId{Id: q.id, RunId: q.runID}
	result := &wire.StreamingQueryCommandResult{}
	err := execute(ctx, q.spark, &wire.Command{CommandType: &wire.Command_StreamingQueryCommand{StreamingQueryCommand: cmd}},
		func(resp *wire.ExecutePlanResponse) error {
			if got := resp.GetStreamingQueryCommandResult(); got != nil {
				result = got
			}
			return nil
		})
	return result, q.fault(ctx, what, err)
}

// fault says of an error what was done on which query.
func (q *Query) fault(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if failed := q.failure(ctx, err); failed != nil {
		return failed
	}
	return fmt.Errorf("%s of the streaming query %s: %w", what, q.label(), err)
}

func (q *Query) label() string { return label(q.name, q.id) }

// execute runs a command of ours.
func execute(ctx context.Context, spark *dataflow.Session, cmd *wire.Command, handle func(*wire.ExecutePlanResponse) error) error {
	data, err := proto.Marshal(cmd)
	if err != nil {
		return fmt.Errorf("marshal a command: %w", err)
	}
	return spark.Execute(ctx, data, func(response []byte) error {
		resp := new(wire.ExecutePlanResponse)
		if err := proto.Unmarshal(response, resp); err != nil {
			return fmt.Errorf("read a response: %w", err)
		}
		return handle(resp)
	})
}
