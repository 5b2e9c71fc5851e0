package connect

import (
	"context"
	"fmt"
)

// Rejoin opens a session that the server is known to have, on the same
// connection. It blocks for one round trip. When the server has lost the session,
// the error matches [ErrSessionLost].
func (c *Conn) Rejoin(ctx context.Context, sessionID, serverID string) (*Conn, error) {
	if c.closed.Load() {
		return nil, ErrClosed
	}
	c.retain()
	other, err := c.newConn(ctx, sessionID, serverID)
	if err != nil {
		return nil, fmt.Errorf("go back to session %s at %s: %w", sessionID, c.addr, err)
	}
	return other, nil
}
