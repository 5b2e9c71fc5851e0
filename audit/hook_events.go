package audit

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
)

// BeforePipeline records [ActionPipelineStarted] with component_count, the version
// and the environment of the pipeline and its tags.
func (h *Hook) BeforePipeline(ctx context.Context, e hooks.PipelineStart) (context.Context, error) {
	trace := ""
	if h.opts.Trace != nil {
		_ = guard(func() error { trace = h.opts.Trace(ctx); return nil })
	}
	if trace == "" {
		trace = randomHex(16)
	}
	h.mu.Lock()
	h.runs[e.RunID] = &runState{trace: trace, open: map[string]hooks.ComponentStart{}}
	h.mu.Unlock()
	metadata := map[string]string{"component_count": strconv.Itoa(e.Total)}
	put(metadata, "version", e.Version)
	put(metadata, "environment", e.Environment)
	for tag, value := range e.Tags {
		put(metadata, "tag."+tag, value)
	}
	event := Event{
		Action: ActionPipelineStarted, Status: StatusSuccess, Actor: h.opts.Actor, Resource: e.Pipeline,
		Pipeline: e.Pipeline, RunID: e.RunID, Metadata: metadata, Environment: h.environment(),
	}
	return ctx, h.start(ctx, event)
}

// start records a beginning, whose fault is a veto when events are required.
func (h *Hook) start(ctx context.Context, e Event) error {
	err := h.required(e, h.store(ctx, h.filled(e)))
	if !errors.Is(err, ErrRequired) {
		return nil // it was logged, and Err tells
	}
	return err
}

func (h *Hook) environment() map[string]string {
	return h.opts.Redactor.Environment(h.opts.Environment)
}

// AfterPipeline records [ActionPipelineCompleted] for a run that succeeded and
// [ActionPipelineFailed] for any other, with its status, duration_ms and how many
// components have each status, and flushes the sink.
func (h *Hook) AfterPipeline(ctx context.Context, e hooks.PipelineEnd) {
	h.closeComponents(ctx, e)
	event := Event{
		Action: ActionPipelineCompleted, Status: StatusSuccess, Actor: h.opts.Actor, Resource: e.Pipeline,
		Pipeline: e.Pipeline, RunID: e.RunID, Metadata: endMetadata(e),
	}
	if e.Status != hooks.StatusSucceeded || e.Err != nil {
		event.Action, event.Status = ActionPipelineFailed, StatusFailure
		if e.Status == hooks.StatusInterrupted {
			event.Status = StatusCancelled
		}
		event.Error = reason(e.Err)
	}
	if fault := h.Err(e.RunID); fault != nil {
		var unaudited *UnauditedError
		_ = errors.As(fault, &unaudited)
		event.Metadata["unaudited"] = strconv.Itoa(unaudited.Events)
	}
	stored := h.store(ctx, h.filled(event)) == nil
	h.mu.Lock()
	delete(h.runs, e.RunID)
	h.mu.Unlock()
	if !stored {
		return
	}
	// The context lives for a bounded time; a table of the cluster needs more of it
	// than one event may take.
	for _, l := range h.lanes {
		if err := flush(ctx, l.sink); err != nil && l.counts() {
			h.mu.Lock()
			h.blame(e.RunID, l, err)
			h.mu.Unlock()
		}
	}
}

// closeComponents gives an end to what a runner began and did not end.
func (h *Hook) closeComponents(ctx context.Context, e hooks.PipelineEnd) {
	h.mu.Lock()
	var open []hooks.ComponentStart
	if run := h.runs[e.RunID]; run != nil {
		for _, start := range run.open {
			open = append(open, start)
		}
	}
	h.mu.Unlock()
	for _, s := range open {
		h.OnComponentFailure(ctx, hooks.ComponentFailure{
			Pipeline: s.Pipeline, RunID: s.RunID, Name: s.Name, Type: s.Type, Index: s.Index, Total: s.Total, Attempt: s.Attempt,
			Err: errors.New("the end of the component was not told"), Result: component.Result{Status: component.StatusFailed},
		})
	}
}

func endMetadata(e hooks.PipelineEnd) map[string]string {
	counts := map[component.Status]int{}
	for i := range e.Results {
		counts[e.Results[i].Status]++
	}
	metadata := map[string]string{
		"status": e.Status.String(), "duration_ms": milliseconds(e.Duration), "component_count": strconv.Itoa(e.Total),
		"warnings": strconv.Itoa(len(e.Warnings)),
	}
	for _, status := range []component.Status{
		component.StatusSucceeded, component.StatusFailed, component.StatusSkipped, component.StatusDisabled, component.StatusCancelled,
	} {
		metadata[status.String()] = strconv.Itoa(counts[status])
	}
	return metadata
}

// BeforeComponent records [ActionComponentStarted] with index and total.
func (h *Hook) BeforeComponent(ctx context.Context, e hooks.ComponentStart) (context.Context, error) {
	h.mu.Lock()
	if run := h.runs[e.RunID]; run != nil {
		run.open[e.Name] = e
	}
	h.mu.Unlock()
	return ctx, h.start(ctx, of(e, ActionComponentStarted, StatusSuccess))
}

// AfterComponent records [ActionComponentCompleted] with duration_ms and attempt.
func (h *Hook) AfterComponent(ctx context.Context, e hooks.ComponentEnd) {
	event := of(hooks.ComponentStart{
		Pipeline: e.Pipeline, RunID: e.RunID, Name: e.Name, Type: e.Type, Index: e.Index, Total: e.Total,
	}, ActionComponentCompleted, StatusSuccess)
	event.Metadata["duration_ms"], event.Metadata["attempt"] = milliseconds(e.Duration), strconv.Itoa(e.Attempt)
	h.end(ctx, event, e.Name)
}

// OnComponentFailure records [ActionComponentFailed] with duration_ms, attempt and
// error; attempt 0 says that a hook vetoed it. The status of a component that was
// stopped is [StatusCancelled].
func (h *Hook) OnComponentFailure(ctx context.Context, e hooks.ComponentFailure) {
	event := of(hooks.ComponentStart{
		Pipeline: e.Pipeline, RunID: e.RunID, Name: e.Name, Type: e.Type, Index: e.Index, Total: e.Total,
	}, ActionComponentFailed, StatusFailure)
	if e.Result.Status == component.StatusCancelled {
		event.Status = StatusCancelled
	}
	event.Metadata["duration_ms"], event.Metadata["attempt"] = milliseconds(e.Duration), strconv.Itoa(e.Attempt)
	event.Error = reason(e.Err)
	h.end(ctx, event, e.Name)
}

func (h *Hook) end(ctx context.Context, e Event, name string) {
	h.mu.Lock()
	if run := h.runs[e.RunID]; run != nil {
		delete(run.open, name)
	}
	h.mu.Unlock()
	_ = h.store(ctx, h.filled(e)) // Err tells
}

// OnRetryAttempt records [ActionComponentRetried] with attempt, max_attempts,
// delay_ms and error.
func (h *Hook) OnRetryAttempt(ctx context.Context, e hooks.RetryAttempt) {
	event := of(hooks.ComponentStart{
		Pipeline: e.Pipeline, RunID: e.RunID, Name: e.Name, Type: e.Type, Index: e.Index, Total: e.Total,
	}, ActionComponentRetried, StatusRetry)
	event.Metadata["attempt"], event.Metadata["max_attempts"] = strconv.Itoa(e.Attempt), strconv.Itoa(e.MaxAttempts)
	event.Metadata["delay_ms"] = milliseconds(e.Delay)
	event.Error = reason(e.Err)
	_ = h.store(ctx, h.filled(event))
}

// OnCircuitBreakerStateChange records [ActionCircuitBreakerChanged] with
// old_state, new_state and the name of the breaker.
func (h *Hook) OnCircuitBreakerStateChange(ctx context.Context, e hooks.BreakerChange) {
	metadata := map[string]string{"old_state": e.From, "new_state": e.To}
	put(metadata, "breaker", e.Breaker)
	_ = h.store(ctx, h.filled(Event{
		Action: ActionCircuitBreakerChanged, Status: StatusWarning, Actor: e.Name, Resource: e.Name,
		Pipeline: e.Pipeline, RunID: e.RunID, Metadata: metadata,
	}))
}

// of is an event of a component: it is the actor, and its type the resource.
func of(e hooks.ComponentStart, action Action, status Status) Event {
	resource := e.Type
	if resource == "" {
		resource = e.Name
	}
	return Event{
		Action: action, Status: status, Actor: e.Name, Resource: resource, Pipeline: e.Pipeline, RunID: e.RunID,
		Metadata: map[string]string{"index": strconv.Itoa(e.Index), "total": strconv.Itoa(e.Total)},
	}
}

// reason says why an event is no success; it is redacted with the event, which
// then has it as the metadata error, too.
func reason(err error) *EventError {
	if err == nil {
		return nil
	}
	return rawError(err)
}

func put(metadata map[string]string, key, value string) {
	if value != "" {
		metadata[key] = value
	}
}

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64)
}
