package streaming_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// fakeQueries answers the commands about streaming queries. Queries run until they
// are stopped.
type fakeQueries struct {
	mu        sync.Mutex
	active    []*wire.StreamingQueryManagerCommandResult_StreamingQueryInstance
	stopped   chan string // the runs, in order
	awaited   chan string // the runs whose end is waited for
	recent    []string    // progress of every query
	exception string
	// bus are the events to push; nil refuses the bus.
	bus     chan *wire.StreamingQueryListenerEvent
	left    chan struct{} // closed when the bus is removed
	onStart func(op *fakeconnect.Operation) error
}

func newFakeQueries(server *fakeconnect.Server) *fakeQueries {
	f := &fakeQueries{stopped: make(chan string, 10), awaited: make(chan string, 10), bus: make(chan *wire.StreamingQueryListenerEvent, 5000), left: make(chan struct{})}
	server.OnExecute(f.answer)
	return f
}

func (f *fakeQueries) answer(op *fakeconnect.Operation) error {
	switch cmd := op.Request.GetPlan().GetCommand().GetCommandType().(type) {
	case *wire.Command_WriteStreamOperationStart:
		return f.start(op, cmd.WriteStreamOperationStart)
	case *wire.Command_StreamingQueryCommand:
		return f.query(op, cmd.StreamingQueryCommand)
	case *wire.Command_StreamingQueryManagerCommand:
		f.mu.Lock()
		defer f.mu.Unlock()
		return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_StreamingQueryManagerCommandResult{
			StreamingQueryManagerCommandResult: &wire.StreamingQueryManagerCommandResult{ResultType: &wire.StreamingQueryManagerCommandResult_Active{
				Active: &wire.StreamingQueryManagerCommandResult_ActiveResult{ActiveQueries: f.active},
			}},
		}})
	case *wire.Command_StreamingQueryListenerBusCommand:
		return f.push(op, cmd.StreamingQueryListenerBusCommand)
	default:
		return fakeconnect.ErrUnscripted
	}
}

func (f *fakeQueries) start(op *fakeconnect.Operation, start *wire.WriteStreamOperationStart) error {
	id := &wire.StreamingQueryInstanceId{Id: uuid.NewString(), RunId: uuid.NewString()}
	f.mu.Lock()
	f.active = append(f.active, &wire.StreamingQueryManagerCommandResult_StreamingQueryInstance{Id: id, Name: &start.QueryName})
	f.mu.Unlock()
	if f.onStart != nil {
		if err := f.onStart(op); err != nil {
			return err
		}
	}
	event := `{"timestamp":"2026-01-02T03:04:05.006Z"}`
	return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_WriteStreamOperationStartResult{
		WriteStreamOperationStartResult: &wire.WriteStreamOperationStartResult{QueryId: id, Name: start.GetQueryName(), QueryStartedEventJson: &event},
	}})
}

func (f *fakeQueries) isActive(run string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.active {
		if one.GetId().GetRunId() == run {
			return true
		}
	}
	return false
}

func (f *fakeQueries) query(op *fakeconnect.Operation, cmd *wire.StreamingQueryCommand) error {
	run := cmd.GetQueryId().GetRunId()
	result := &wire.StreamingQueryCommandResult{QueryId: cmd.GetQueryId()}
	switch cmd.GetCommand().(type) {
	case *wire.StreamingQueryCommand_Status:
		result.ResultType = &wire.StreamingQueryCommandResult_Status{Status: &wire.StreamingQueryCommandResult_StatusResult{IsActive: f.isActive(run), StatusMessage: "Waiting"}}
	case *wire.StreamingQueryCommand_RecentProgress, *wire.StreamingQueryCommand_LastProgress:
		f.mu.Lock()
		recent := make([]string, len(f.recent))
		for i, text := range f.recent {
			recent[i] = fmt.Sprintf(text, run)
		}
		f.mu.Unlock()
		result.ResultType = &wire.StreamingQueryCommandResult_RecentProgress{RecentProgress: &wire.StreamingQueryCommandResult_RecentProgressResult{RecentProgressJson: recent}}
	case *wire.StreamingQueryCommand_Stop:
		f.end(run)
		f.stopped <- run
	case *wire.StreamingQueryCommand_Exception:
		exception := &wire.StreamingQueryCommandResult_ExceptionResult{}
		if f.exception != "" {
			exception.StackTrace = &f.exception
		}
		result.ResultType = &wire.StreamingQueryCommandResult_Exception{Exception: exception}
	case *wire.StreamingQueryCommand_AwaitTermination:
		result.ResultType = &wire.StreamingQueryCommandResult_AwaitTermination{
			AwaitTermination: &wire.StreamingQueryCommandResult_AwaitTerminationResult{Terminated: !f.isActive(run)},
		}
		if f.isActive(run) {
			f.awaited <- run
			return op.Wait()
		}
	}
	return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_StreamingQueryCommandResult{StreamingQueryCommandResult: result}})
}

func (f *fakeQueries) end(run string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, one := range f.active {
		if one.GetId().GetRunId() == run {
			f.active = append(f.active[:i:i], f.active[i+1:]...)
			return
		}
	}
}

func (f *fakeQueries) push(op *fakeconnect.Operation, cmd *wire.StreamingQueryListenerBusCommand) error {
	if f.bus == nil {
		return fakeconnect.Failure{Class: "UNSUPPORTED_FEATURE.X", State: "0A000", Message: "no bus"}.Error()
	}
	if cmd.GetRemoveListenerBusListener() {
		close(f.left)
		return nil
	}
	send := func(result *wire.StreamingQueryListenerEventsResult) error {
		return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_StreamingQueryListenerEventsResult{
			StreamingQueryListenerEventsResult: result,
		}})
	}
	added := true
	if err := send(&wire.StreamingQueryListenerEventsResult{ListenerBusListenerAdded: &added}); err != nil {
		return err
	}
	for {
		select {
		case e := <-f.bus:
			if err := send(&wire.StreamingQueryListenerEventsResult{Events: []*wire.StreamingQueryListenerEvent{e}}); err != nil {
				return err
			}
		case <-f.left:
			return nil
		case <-op.Interrupted():
			return op.Wait()
		case <-op.Context().Done():
			return op.Context().Err()
		}
	}
}

// progressEvent is an event of a batch.
func progressEvent(run string, batch int) *wire.StreamingQueryListenerEvent {
	return &wire.StreamingQueryListenerEvent{
		EventType: wire.StreamingQueryEventType_QUERY_PROGRESS_EVENT, EventJson: fmt.Sprintf(`{"progress":{"runId":%q,"batchId":%d}}`, run, batch),
	}
}

// fake is a bundle whose server has streaming queries.
func fake(t testing.TB) (bundle, *fakeQueries) {
	t.Helper()
	b := setup(t)
	return b, newFakeQueries(b.server)
}
