package pipeline

import (
	"context"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
)

// progressPause is the shortest time between two events of one component.
const progressPause = 100 * time.Millisecond

// withProgress returns a context under which hooks hear of the progress of the
// attempt, and what tells them the newest that they have not heard, to be called
// when the attempt is over. When no hook wants to hear it costs nothing.
func (r *run) withProgress(ctx context.Context, step *Step, attempt int) (context.Context, func()) {
	observer, ok := r.runner.hooks.(hooks.ProgressObserver)
	if !ok || !hooks.ObservesProgress(r.runner.hooks) {
		return ctx, func() {}
	}
	p := &attemptProgress{
		now: r.runner.now,
		// Under this context, not the one with the progress, a hook may work on Spark.
		tell: func(e hooks.ComponentProgress) { observer.OnProgress(ctx, e) },
		event: hooks.ComponentProgress{
			Pipeline: r.result.Pipeline, RunID: r.result.RunID, Name: step.Name, Type: step.Type,
			Attempt: attempt, Started: r.runner.now(),
		},
		operations: map[string]map[int64]dataflow.StageProgress{},
	}
	return dataflow.WithProgress(ctx, p.report), p.flush
}

// attemptProgress makes events of what the server reports of one attempt. It is
// safe for concurrent use; its events come one after the other.
type attemptProgress struct {
	now  func() time.Time
	tell func(hooks.ComponentProgress)

	mu sync.Mutex
	// event is the newest; heard tells that the hooks know it.
	event hooks.ComponentProgress
	heard bool
	// last is when the hooks were told.
	last time.Time
	over bool
	// operations has the stages of each operation, with the highest counts seen: a
	// stage that is run again begins anew.
	operations map[string]map[int64]dataflow.StageProgress
}

func (p *attemptProgress) report(seen dataflow.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	p.take(seen)
	p.heard = false
	if now := time.Now(); now.Sub(p.last) >= progressPause { // the clock of the runner may stand still
		p.last = now
		p.pass()
	}
}

// flush tells what the pause has kept back.
func (p *attemptProgress) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over && !p.heard && p.event.OperationID != "" {
		p.pass()
	}
	p.over = true
}

func (p *attemptProgress) pass() {
	p.heard = true
	p.event.Elapsed = p.now().Sub(p.event.Started)
	p.tell(p.event)
}

// take makes the report the newest event.
func (p *attemptProgress) take(seen dataflow.Progress) {
	stages := p.operations[seen.OperationID]
	if stages == nil {
		stages = map[int64]dataflow.StageProgress{}
		p.operations[seen.OperationID] = stages
	}
	for _, s := range seen.Stages {
		stages[s.ID] = highest(stages[s.ID], s)
	}
	e := &p.event
	e.OperationID, e.TasksRunning = seen.OperationID, seen.InflightTasks
	e.Stages, e.StagesDone, e.Tasks, e.TasksCompleted, e.InputBytes = len(stages), 0, 0, 0, 0
	for _, s := range stages {
		if s.Done {
			e.StagesDone++
		}
		e.Tasks += s.Tasks
		e.TasksCompleted += s.CompletedTasks
		e.InputBytes += s.InputBytes
	}
}

func highest(a, b dataflow.StageProgress) dataflow.StageProgress {
	return dataflow.StageProgress{
		ID: b.ID, Tasks: max(a.Tasks, b.Tasks), CompletedTasks: max(a.CompletedTasks, b.CompletedTasks),
		InputBytes: max(a.InputBytes, b.InputBytes), Done: a.Done || b.Done,
	}
}
