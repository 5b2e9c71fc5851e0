package pipeline

import (
	"container/heap"
	"context"
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
)

// schedule starts each step as soon as what it depends on is done, at most limit
// at a time, and of those that could start the first in the order of the graph.
// With a limit of 1 that is the order of the graph itself.
//
// One goroutine decides and keeps the books; the others only execute.
type schedule struct {
	run   *run
	fates *fates
	limit int
	// position is the place of each step in the order, index that among the
	// enabled ones.
	position, index []int
	// waiting counts what each step still waits for.
	waiting []int
	// ready are the places of the steps that could start.
	ready intHeap
	// running counts the steps that execute.
	running int
	done    chan outcome
	stop    context.CancelCauseFunc
}

// outcome is what came of a step that was executed.
type outcome struct {
	step     int
	result   component.Result
	warnings []error
}

// schedule gives every step a result, in the order of the graph.
func (r *run) schedule(ctx context.Context, fates *fates) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer r.watchLock(ctx, stop)()
	s := newSchedule(r, fates)
	s.stop = stop
	outcomes := make([]outcome, len(fates.graph.order))
	for range outcomes {
		out := s.next(ctx)
		s.settle(out)
		outcomes[s.position[out.step]] = out
	}
	for i := range outcomes {
		r.take(outcomes[i])
	}
	r.stopped = stoppedBy(ctx) != nil
	var lost *CheckpointError
	if errors.As(context.Cause(ctx), &lost) {
		r.ended = lost
	}
	r.timedOut(ctx)
}

func newSchedule(r *run, fates *fates) *schedule {
	g := fates.graph
	s := &schedule{
		run: r, fates: fates, limit: max(1, r.pipeline.MaxParallel),
		position: make([]int, len(g.order)), index: make([]int, len(g.order)), waiting: make([]int, len(g.order)),
	}
	enabled := 0
	for at, i := range g.order {
		s.position[i], s.index[i], s.waiting[i] = at, enabled, len(g.before(i))
		if r.pipeline.Steps[i].enabled() {
			enabled++
		}
		if s.waiting[i] == 0 {
			s.ready = append(s.ready, at) // ascending, which is a heap
		}
	}
	s.done = make(chan outcome, min(s.limit, len(g.order)))
	return s
}

// next returns the next step that has come to its end. It blocks while there is
// none.
func (s *schedule) next(ctx context.Context) outcome {
	for len(s.ready) > 0 && s.running < s.limit {
		i := s.fates.graph.order[heap.Pop(&s.ready).(int)] //nolint:forcetypeassert // it holds nothing else
		out := outcome{step: i}
		if !s.run.decide(ctx, i, s.fates, &out.result) {
			s.run.passes(ctx, i, &out)
			return out
		}
		if s.limit == 1 {
			s.run.execute(ctx, s.index[i], &out)
			return out
		}
		s.running++
		go func() {
			s.run.execute(ctx, s.index[i], &out)
			s.done <- out
		}()
	}
	out := <-s.done
	s.running--
	return out
}

// settle frees the steps that waited for this one, and stops the others when the
// run is not to outlive a failure.
func (s *schedule) settle(out outcome) {
	s.fates.settle(out.step, out.result.Status)
	if out.result.Status == component.StatusFailed && s.run.pipeline.FailFast && s.run.stoppedBy == "" {
		s.run.stoppedBy = out.result.Name
		s.stop(&stopError{component: out.result.Name})
	}
	if cancelledOnServer(out.result.Err) && s.run.ended == nil {
		s.run.ended = ErrRunCancelled
		s.stop(ErrRunCancelled)
	}
	for _, i := range s.fates.graph.dependents[out.step] {
		if s.waiting[i]--; s.waiting[i] == 0 {
			heap.Push(&s.ready, s.position[i])
		}
	}
}

// take enters the outcome of a step into the result.
func (r *run) take(out outcome) {
	r.result.Components = append(r.result.Components, out.result)
	r.result.Warnings = append(r.result.Warnings, out.warnings...)
	if out.result.Status == component.StatusFailed || out.result.Status == component.StatusCancelled && r.stoppedBy == "" && out.result.Err != nil {
		r.errs = append(r.errs, &ComponentError{Component: out.result.Name, Type: out.result.Type, Err: out.result.Err})
	}
}

// stopError is why the steps that ran beside a failed one were cancelled.
type stopError struct{ component string }

func (e *stopError) Error() string {
	return fmt.Sprintf("the run stopped after %q failed", e.component)
}

// Is makes it a cancellation.
func (e *stopError) Is(target error) bool { return target == context.Canceled }

// stoppedBy returns the failure that ended the context, or nil when it has not
// ended or something else ended it before.
func stoppedBy(ctx context.Context) *stopError {
	stop, _ := context.Cause(ctx).(*stopError) //nolint:errorlint // it is set as it is
	return stop
}

// intHeap is a [heap.Interface]; the smallest comes first.
type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements [heap.Interface].
func (h *intHeap) Push(x any) { *h = append(*h, x.(int)) } //nolint:forcetypeassert // only ints are pushed

// Pop implements [heap.Interface].
func (h *intHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}
