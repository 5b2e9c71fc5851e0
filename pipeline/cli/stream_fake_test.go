package cli_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// fakeStreams is a server whose streams do what a test says.
type fakeStreams struct {
	*fakeconnect.Server

	mu     sync.Mutex
	runs   map[string][]*fakeRun // by the name of the query
	refuse map[string][]error    // of the next starts; nil lets one start
	view   error                 // of every view that is made
	buses  []*fakeBus
}

// fakeRun is a run of a query.
type fakeRun struct {
	id      *wire.StreamingQueryInstanceId
	options map[string]string
	active  bool
	failed  string
}

// fakeBus are the events for one session.
type fakeBus struct {
	events chan *wire.StreamingQueryListenerEvent
	left   chan struct{}
	lost   chan struct{}
}

func startFakeStreams(t *testing.T) *fakeStreams {
	t.Helper()
	f := &fakeStreams{Server: fakeconnect.Start(t), runs: map[string][]*fakeRun{}, refuse: map[string][]error{}}
	f.OnExecute(f.answer)
	return f
}

func (f *fakeStreams) answer(op *fakeconnect.Operation) error {
	switch cmd := op.Request.GetPlan().GetCommand().GetCommandType().(type) {
	case *wire.Command_WriteStreamOperationStart:
		return f.start(op, cmd.WriteStreamOperationStart)
	case *wire.Command_StreamingQueryCommand:
		return f.query(op, cmd.StreamingQueryCommand)
	case *wire.Command_StreamingQueryListenerBusCommand:
		return f.bus(op, cmd.StreamingQueryListenerBusCommand.GetRemoveListenerBusListener())
	case *wire.Command_CreateDataframeView:
		if f.view != nil {
			return f.view
		}
	}
	return fakeconnect.ErrUnscripted
}

func (f *fakeStreams) start(op *fakeconnect.Operation, start *wire.WriteStreamOperationStart) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := start.GetQueryName()
	if refuse := f.refuse[name]; len(refuse) > 0 {
		f.refuse[name] = refuse[1:]
		if refuse[0] != nil {
			return refuse[0]
		}
	}
	run := &fakeRun{id: &wire.StreamingQueryInstanceId{Id: "id of " + name, RunId: uuid.NewString()}, options: start.GetOptions(), active: true}
	f.runs[name] = append(f.runs[name], run)
	return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_WriteStreamOperationStartResult{
		WriteStreamOperationStartResult: &wire.WriteStreamOperationStartResult{QueryId: run.id, Name: name},
	}})
}

func (f *fakeStreams) query(op *fakeconnect.Operation, cmd *wire.StreamingQueryCommand) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var run fakeRun
	for _, runs := range f.runs {
		for _, r := range runs {
			if r.id.GetRunId() == cmd.GetQueryId().GetRunId() {
				if cmd.GetStop() {
					r.active = false
				}
				run = *r
			}
		}
	}
	result := &wire.StreamingQueryCommandResult{QueryId: cmd.GetQueryId()}
	switch cmd.GetCommand().(type) {
	case *wire.StreamingQueryCommand_Status:
		result.ResultType = &wire.StreamingQueryCommandResult_Status{Status: &wire.StreamingQueryCommandResult_StatusResult{IsActive: run.active}}
	case *wire.StreamingQueryCommand_Exception:
		exception := &wire.StreamingQueryCommandResult_ExceptionResult{}
		if run.failed != "" {
			exception.ExceptionMessage = &run.failed
		}
		result.ResultType = &wire.StreamingQueryCommandResult_Exception{Exception: exception}
	case *wire.StreamingQueryCommand_AwaitTermination:
		result.ResultType = &wire.StreamingQueryCommandResult_AwaitTermination{
			AwaitTermination: &wire.StreamingQueryCommandResult_AwaitTerminationResult{Terminated: !run.active},
		}
	}
	return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_StreamingQueryCommandResult{StreamingQueryCommandResult: result}})
}

func (f *fakeStreams) bus(op *fakeconnect.Operation, remove bool) error {
	f.mu.Lock()
	if remove {
		close(f.buses[len(f.buses)-1].left)
		f.mu.Unlock()
		return nil
	}
	bus := &fakeBus{make(chan *wire.StreamingQueryListenerEvent, 100), make(chan struct{}), make(chan struct{})}
	f.buses = append(f.buses, bus)
	f.mu.Unlock()
	send := func(result *wire.StreamingQueryListenerEventsResult) error {
		return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_StreamingQueryListenerEventsResult{
			StreamingQueryListenerEventsResult: result,
		}})
	}
	added := true
	err := send(&wire.StreamingQueryListenerEventsResult{ListenerBusListenerAdded: &added})
	for err == nil {
		select {
		case e := <-bus.events:
			err = send(&wire.StreamingQueryListenerEventsResult{Events: []*wire.StreamingQueryListenerEvent{e}})
		case <-bus.lost:
			return fakeconnect.Failure{Class: "INVALID_HANDLE.SESSION_NOT_FOUND", State: "HY000", Message: "gone"}.Error()
		case <-bus.left:
			return nil
		case <-op.Interrupted():
			return op.Wait()
		case <-op.Context().Done():
			return op.Context().Err()
		}
	}
	return err
}

// tell pushes an event of the last run of a query.
func (f *fakeStreams) tell(kind wire.StreamingQueryEventType, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.buses[len(f.buses)-1].events <- &wire.StreamingQueryListenerEvent{EventType: kind, EventJson: text}
}

// runsOf are the runs of a query until now.
func (f *fakeStreams) runsOf(name string) []*fakeRun {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs[name]
}

func (f *fakeStreams) last(name string) *fakeRun {
	runs := f.runsOf(name)
	return runs[len(runs)-1]
}

// batch tells that a batch is done.
func (f *fakeStreams) batch(name string, id, in, out int) {
	f.tell(wire.StreamingQueryEventType_QUERY_PROGRESS_EVENT, fmt.Sprintf(
		`{"progress":{"runId":%q,"batchId":%d,"numInputRows":%d,"sources":[{"numInputRows":%d}],"sink":{"description":"x","numOutputRows":%d}}}`,
		f.last(name).id.GetRunId(), id, in, in, out))
}

// end ends the last run of a query, with a failure unless that is "".
func (f *fakeStreams) end(name, failure string) {
	run := f.last(name)
	f.mu.Lock()
	run.active, run.failed = false, failure
	f.mu.Unlock()
	text, _ := json.Marshal(map[string]string{"runId": run.id.GetRunId(), "exception": failure})
	f.tell(wire.StreamingQueryEventType_QUERY_TERMINATED_EVENT, string(text))
}

// lose makes the server forget the session.
func (f *fakeStreams) lose() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.buses[len(f.buses)-1].lost)
}

// streamRun is stream run in this process.
type streamRun struct {
	stdout, stderr lockedBuffer
	state          string
	done           chan int
}

// runStreams starts stream run --json; it is stopped with the test if it still runs.
func runStreams(t *testing.T, file string, opts cli.Options, args ...string) *streamRun {
	t.Helper()
	r := &streamRun{state: t.TempDir(), done: make(chan int, 1)}
	opts.Stdout, opts.Stderr = &r.stdout, &r.stderr
	args = append([]string{"stream", "run", "--json", "--state", r.state}, append(args, file)...)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.done <- cli.Main(t.Context(), args, &opts)
	}()
	t.Cleanup(func() { <-ended })
	return r
}

// stop stops the streams, all of them without names.
func (r *streamRun) stop(t *testing.T, names ...string) {
	t.Helper()
	got := sparkpipe(t, append([]string{"stream", "stop", "--state", r.state}, names...)...)
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
}

// wait waits for the end and returns the exit code.
func (r *streamRun) wait(t *testing.T) int {
	t.Helper()
	select {
	case code := <-r.done:
		return code
	case <-time.After(patience):
		require.Fail(t, "it does not end", "stdout:\n%s\nstderr:\n%s", &r.stdout, &r.stderr)
		return 0
	}
}

// both is everything that was printed.
func (r *streamRun) both() string { return r.stdout.String() + r.stderr.String() }

// auditEvent is what tests look at in an entry of a trail.
type auditEvent struct {
	Action, Status, Actor, Resource, Session string
	RunID                                    string `json:"run_id"`
	TraceID                                  string `json:"trace_id"`
	Metadata                                 map[string]string
}

// trail reads an audit log.
func trail(t *testing.T, dir string) []auditEvent {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "audit.jsonl"))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	var events []auditEvent
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var e auditEvent
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			break // it is being written
		}
		events = append(events, e)
	}
	return events
}

// requirePaired asks that each start has one end, in turns, and that the log is
// whole.
func requirePaired(t *testing.T, dir string) (events []auditEvent) {
	t.Helper()
	events = trail(t, dir)
	require.NotEmpty(t, events)
	open := map[string]bool{}
	for _, e := range events {
		kind, what, _ := strings.Cut(e.Action, "_")
		if kind != "stream" && kind != "supervisor" && kind != "component" {
			continue
		}
		key := kind + " " + e.Actor + " of run " + e.RunID
		switch what {
		case "started":
			require.False(t, open[key], "%s is started twice", key)
			open[key] = true
		case "completed", "failed":
			require.True(t, open[key], "%s ends without a start", key)
			open[key] = false
		}
	}
	for key, is := range open {
		require.False(t, is, "%s has no end", key)
	}
	got := sparkpipe(t, "audit", "verify", dir)
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	return events
}

// actionsOf are the actions of a trail in which a stream, or anything if it is "",
// plays a part.
func actionsOf(events []auditEvent, actor string) []string {
	var out []string
	for _, e := range events {
		if e.Actor == actor || actor == "" {
			out = append(out, e.Action)
		}
	}
	return out
}
