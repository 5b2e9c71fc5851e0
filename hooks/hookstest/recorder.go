package hookstest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// Moment is one call of a hook.
type Moment struct {
	// Method is the name of the method, for example "BeforeComponent".
	Method string
	// Name is the component of the moment, or the pipeline for the moments of the
	// pipeline.
	Name string
	// Event is the argument, for example a [hooks.ComponentStart].
	Event any
}

// String returns the method and the name, for example "BeforeComponent clean".
func (m Moment) String() string { return m.Method + " " + m.Name }

// Recorder is a hook that remembers the moments in the order of their calls.
// The zero value is ready to use. It is safe for concurrent use and must not be
// copied.
type Recorder struct {
	// Veto, when set, is asked at each before-moment; an error vetoes.
	Veto func(m Moment) error

	mu      sync.Mutex
	moments []Moment
}

var _ hooks.PipelineHooks = (*Recorder)(nil)

// Moments returns a copy of what was recorded.
func (r *Recorder) Moments() []Moment {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.moments)
}

// Lines returns the moments as texts, for example "BeforeComponent clean".
func (r *Recorder) Lines() []string {
	moments := r.Moments()
	lines := make([]string, len(moments))
	for i, m := range moments {
		lines[i] = m.String()
	}
	return lines
}

// String returns the lines, one below the other.
func (r *Recorder) String() string { return strings.Join(r.Lines(), "\n") }

// Reset forgets what was recorded.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moments = nil
}

// Events returns the recorded events of one type in their order, for example
// Events[hooks.ComponentEnd](recorder).
func Events[E any](r *Recorder) []E {
	var events []E
	for _, m := range r.Moments() {
		if e, ok := m.Event.(E); ok {
			events = append(events, e)
		}
	}
	return events
}

func (r *Recorder) record(method, name string, event any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moments = append(r.moments, Moment{Method: method, Name: name, Event: event})
}

func (r *Recorder) before(
	ctx context.Context, method, name string, event any,
) (context.Context, error) {
	r.record(method, name, event)
	if r.Veto == nil {
		return ctx, nil
	}
	return ctx, r.Veto(Moment{Method: method, Name: name, Event: event})
}

// BeforePipeline records the moment and asks Veto.
func (r *Recorder) BeforePipeline(ctx context.Context, e hooks.PipelineStart) (context.Context, error) {
	return r.before(ctx, "BeforePipeline", e.Pipeline, e)
}

// AfterPipeline records the moment.
func (r *Recorder) AfterPipeline(_ context.Context, e hooks.PipelineEnd) {
	r.record("AfterPipeline", e.Pipeline, e)
}

// BeforeComponent records the moment and asks Veto.
func (r *Recorder) BeforeComponent(ctx context.Context, e hooks.ComponentStart) (context.Context, error) {
	return r.before(ctx, "BeforeComponent", e.Name, e)
}

// AfterComponent records the moment.
func (r *Recorder) AfterComponent(_ context.Context, e hooks.ComponentEnd) {
	r.record("AfterComponent", e.Name, e)
}

// OnComponentFailure records the moment.
func (r *Recorder) OnComponentFailure(_ context.Context, e hooks.ComponentFailure) {
	r.record("OnComponentFailure", e.Name, e)
}

// OnRetryAttempt records the moment.
func (r *Recorder) OnRetryAttempt(_ context.Context, e hooks.RetryAttempt) {
	r.record("OnRetryAttempt", e.Name, e)
}

// OnCircuitBreakerStateChange records the moment.
func (r *Recorder) OnCircuitBreakerStateChange(_ context.Context, e hooks.BreakerChange) {
	r.record("OnCircuitBreakerStateChange", e.Name, e)
}
