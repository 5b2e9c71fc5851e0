package dataflow

import "context"

// InterruptOperation ends the operation of that id, if it runs in the session,
// and returns the ids of what was interrupted: none when it is not known there
// or has ended. It blocks for one round trip.
func (s *Session) InterruptOperation(ctx context.Context, id string) ([]string, error) {
	return s.conn.Interrupt(ctx, id)
}

// InterruptAll ends all operations of the session and returns their ids. It
// blocks for one round trip.
func (s *Session) InterruptAll(ctx context.Context) ([]string, error) {
	return s.conn.InterruptAll(ctx)
}
