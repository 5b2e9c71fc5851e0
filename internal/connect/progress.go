package connect

import (
	"context"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Progress is how far an execution has come.
type Progress struct {
	// OperationID is the id of the execution.
	OperationID string
	// Stages are those that have been submitted.
	Stages []StageProgress
	// InflightTasks is how many tasks run at the moment.
	InflightTasks int64
}

// StageProgress is how far one stage has come.
type StageProgress struct {
	ID             int64
	Tasks          int64
	CompletedTasks int64
	// InputBytes is how much the stage has read so far.
	InputBytes int64
	Done       bool
}

type progressKey struct{}

// WithProgress returns a context under which f is told how far executions have
// come, from the goroutine that reads their results.
func WithProgress(ctx context.Context, f func(Progress)) context.Context {
	return context.WithValue(ctx, progressKey{}, f)
}

func progressOf(ctx context.Context) func(Progress) {
	f, _ := ctx.Value(progressKey{}).(func(Progress))
	return f
}

func newProgress(operationID string, p *wire.ExecutePlanResponse_ExecutionProgress) Progress {
	out := Progress{OperationID: operationID, InflightTasks: p.GetNumInflightTasks()}
	for _, s := range p.GetStages() {
		out.Stages = append(out.Stages, StageProgress{
			ID: s.GetStageId(), Tasks: s.GetNumTasks(), CompletedTasks: s.GetNumCompletedTasks(),
			InputBytes: s.GetInputBytesRead(), Done: s.GetDone(),
		})
	}
	return out
}
