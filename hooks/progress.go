package hooks

import (
	"context"
	"time"
)

// ProgressObserver is a hook that also hears how far running components are. It
// is apart from [PipelineHooks] because it tells of no moment: how often it is
// called, and whether at all, is up to the server and to how long the work takes.
//
// OnProgress is called at most ten times a second for a component. Calls for one
// component never overlap and lie between its BeforeComponent and its end; calls
// for different components may come at the same time. The results of the
// component wait meanwhile, so it should return soon. A panic is caught as that
// of any hook.
type ProgressObserver interface {
	OnProgress(ctx context.Context, e ComponentProgress)
}

// ComponentProgress tells how far the work of a component on the server is. Within
// one operation no count but TasksRunning ever falls. A total can still grow:
// Spark plans stages while it runs others. The protocol does not tell rows.
type ComponentProgress struct {
	// These fields are those of [ComponentStart]; Attempt is the one that runs.
	Pipeline, RunID, Name, Type string
	Attempt                     int
	// OperationID is the operation that the counts are of. A component may run
	// several, one after the other or at the same time.
	OperationID string
	// Stages is how many stages the operation has so far, StagesDone how many of
	// them are done.
	Stages, StagesDone int
	// Tasks is how many tasks these stages have, TasksCompleted how many of them
	// are done, and TasksRunning how many run at this moment.
	Tasks, TasksCompleted, TasksRunning int64
	// InputBytes is how many bytes the operation has read.
	InputBytes int64
	// Started is when the attempt began, Elapsed the time since then.
	Started time.Time
	Elapsed time.Duration
}

// ObservesProgress reports whether h wants to hear of progress: it is a
// [ProgressObserver]; of joined hooks one is, and a [Funcs] has the function.
// Where nobody wants to hear, runners do not ask the server.
func ObservesProgress(h PipelineHooks) (wants bool) {
	defer func() {
		if recover() != nil { // a nil pointer, which panics at every moment
			wants = false
		}
	}()
	if some, ok := h.(interface{ observesProgress() bool }); ok {
		return some.observesProgress()
	}
	_, wants = h.(ProgressObserver)
	return wants
}

var (
	_ ProgressObserver = joined(nil)
	_ ProgressObserver = Funcs{}
)

// OnProgress tells those that observe, in the given order.
func (j joined) OnProgress(ctx context.Context, e ComponentProgress) {
	for _, h := range j {
		if observer, ok := h.(ProgressObserver); ok {
			guard(ctx, h, "OnProgress", e.Name, func() { observer.OnProgress(ctx, e) })
		}
	}
}

func (j joined) observesProgress() bool {
	for _, h := range j {
		if ObservesProgress(h) {
			return true
		}
	}
	return false
}

// OnProgress calls OnProgressFunc.
func (f Funcs) OnProgress(ctx context.Context, e ComponentProgress) {
	if f.OnProgressFunc != nil {
		f.OnProgressFunc(ctx, e)
	}
}

func (f Funcs) observesProgress() bool { return f.OnProgressFunc != nil }
