package connect

import (
	"context"
	"errors"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Interrupt ends an operation on the server and returns the ids of what it
// interrupted, none when the operation is not known there or has ended.
func (c *Conn) Interrupt(ctx context.Context, operationID string) ([]string, error) {
	return c.interrupt(ctx, &wire.InterruptRequest{
		InterruptType: wire.InterruptRequest_INTERRUPT_TYPE_OPERATION_ID,
		Interrupt:     &wire.InterruptRequest_OperationId{OperationId: operationID},
	})
}

// InterruptTag ends all operations of the session that carry the tag, in the form
// that [WithTags] gives it.
func (c *Conn) InterruptTag(ctx context.Context, tag string) ([]string, error) {
	if tag == "" {
		return nil, errors.New("interrupt Spark operations by their tag: the tag is empty")
	}
	tag = plainTag(tag)
	return c.interrupt(ctx, &wire.InterruptRequest{
		InterruptType: wire.InterruptRequest_INTERRUPT_TYPE_TAG,
		Interrupt:     &wire.InterruptRequest_OperationTag{OperationTag: tag},
	})
}

// InterruptAll ends all operations of the session.
func (c *Conn) InterruptAll(ctx context.Context) ([]string, error) {
	return c.interrupt(ctx, &wire.InterruptRequest{InterruptType: wire.InterruptRequest_INTERRUPT_TYPE_ALL})
}

func (c *Conn) interrupt(ctx context.Context, req *wire.InterruptRequest) ([]string, error) {
	req.SessionId, req.UserContext, req.ClientType = c.sessionID, c.userContext(), &c.agent
	var resp wire.InterruptResponse
	if err := c.invoke(ctx, "Interrupt", req, &resp); err != nil {
		return nil, err
	}
	return resp.GetInterruptedIds(), nil
}
