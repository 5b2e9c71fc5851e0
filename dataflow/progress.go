package dataflow

import (
	"context"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

// Progress is what the server tells of a running operation.
type Progress struct {
	// OperationID is the operation; [Session.InterruptOperation] ends it.
	OperationID string
	// Stages are those that have been begun, in the order of the server.
	Stages []StageProgress
	// InflightTasks is how many tasks run at this moment.
	InflightTasks int64
}

// StageProgress is how far a stage of an operation is.
type StageProgress struct {
	ID int64
	// Tasks is how many tasks the stage has, CompletedTasks how many of them are
	// done.
	Tasks, CompletedTasks int64
	// InputBytes is how many bytes the stage has read.
	InputBytes int64
	Done       bool
}

type progressKey struct{}

// WithProgress returns a context under which every operation of a session
// reports its progress to f, beside what ctx reports to already. A nil f changes
// nothing. The server reports every spark.connect.progress.reportInterval, by
// default two seconds, which can be set for the session; so an operation that is
// over before reports nothing.
//
// f is called from the goroutine that reads the results, one call after the
// other for one operation; the results wait meanwhile. Operations that run at
// the same time under one context call it at the same time.
func WithProgress(ctx context.Context, f func(Progress)) context.Context {
	if f == nil {
		return ctx
	}
	report := f
	if outer, ok := ctx.Value(progressKey{}).(func(Progress)); ok {
		report = func(p Progress) {
			outer(p)
			f(p)
		}
	}
	ctx = context.WithValue(ctx, progressKey{}, report)
	return connect.WithProgress(ctx, func(p connect.Progress) {
		out := Progress{OperationID: p.OperationID, InflightTasks: p.InflightTasks}
		for _, stage := range p.Stages {
			out.Stages = append(out.Stages, StageProgress(stage))
		}
		report(out)
	})
}
