package dataflow

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Execute runs a marshalled spark.connect.Command and calls handle with each
// response, a marshalled spark.connect.ExecutePlanResponse, in order and from
// this goroutine. It is for commands of the protocol that this module has no
// method for. It blocks until the command has ended on the server; when ctx ends,
// or handle returns an error, the command is interrupted there first. A nil handle
// takes no notice of the responses.
func (s *Session) Execute(ctx context.Context, command []byte, handle func(response []byte) error) error {
	cmd := new(wire.Command)
	if err := proto.Unmarshal(command, cmd); err != nil { // keeps the fields that we do not know
		return fmt.Errorf("run a command: %w", err)
	}
	return s.conn.Run(ctx, &wire.Plan{OpType: &wire.Plan_Command{Command: cmd}}, func(resp *wire.ExecutePlanResponse) error {
		if handle == nil {
			return nil
		}
		data, err := proto.Marshal(resp)
		if err != nil {
			return fmt.Errorf("pass a response on: %w", err)
		}
		return handle(data)
	})
}

// InputPath returns the path that the server is told for a path to read. A
// relative one is looked for on this machine when the server is on this machine,
// see [Reader]; every other path is returned as it is.
func (s *Session) InputPath(path string) string { return s.inputPath(path) }

// OutputPath returns the path that the server is told for a path to write. A
// relative one lies in the working directory of this process when the server is
// on this machine; every other path is returned as it is.
func (s *Session) OutputPath(path string) string { return s.outputPath(path) }

// Attach returns what is kept under key for the life of the session, which open
// makes at the first call. Its Close is called once when the session is closed,
// before the session ends on the server. The key is of a type of the caller's own,
// as with [context.WithValue]. open must not call Attach.
func (s *Session) Attach(key any, open func() Attachment) Attachment {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.attached[key]; ok {
		return have
	}
	if s.attached == nil {
		s.attached = map[any]Attachment{}
	}
	made := open()
	s.attached[key] = made
	s.cleanups = append(s.cleanups, made.Close)
	return made
}

// Attachment is something that lives as long as a [Session].
type Attachment interface {
	Close(ctx context.Context) error
}
