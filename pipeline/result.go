package pipeline

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/quality"
)

// Status is the outcome of a run.
type Status = hooks.Status

// The outcomes of a run.
const (
	// StatusSucceeded means that nothing failed. Components may have been
	// disabled, or skipped because they depend on a disabled one.
	StatusSucceeded = hooks.StatusSucceeded
	// StatusFailed means that the run stopped at a failure, or that something
	// failed and nothing succeeded.
	StatusFailed = hooks.StatusFailed
	// StatusPartlyFailed means that the run went on after a failure and that at
	// least one component succeeded.
	StatusPartlyFailed = hooks.StatusPartlyFailed
	// StatusInterrupted means that the context of the run ended before every
	// component was done.
	StatusInterrupted = hooks.StatusInterrupted
)

// Result tells what became of a run. It is complete when Run returns and does
// not change afterwards.
type Result struct {
	// Pipeline is the name of the pipeline.
	Pipeline string
	// RunID identifies the run.
	RunID string
	// Status is the outcome.
	Status Status
	// Components has one entry for every step, in the order of execution, skipped
	// and disabled ones included. When the order could not be found it is that of
	// the declaration.
	Components []component.Result
	// Started is when the run began.
	Started time.Time
	// Duration is the time from Started until everything was closed, without the
	// AfterPipeline hooks.
	Duration time.Duration
	// Err is what Run returned: nil, or a [*RunError].
	Err error
	// Warnings are faults that did not make the run fail: the error of closing a
	// component whose run succeeded, as [*ComponentError], and of closing the
	// session, as [*SessionError].
	Warnings []error
	// Quality are the reports on checks, in the order in which the checks ended.
	Quality []*quality.Report
	// HookErrors are the panics of hooks, as [*hooks.PanicError].
	HookErrors []error
}

// Succeeded returns the components that succeeded, in the order of execution.
func (r *Result) Succeeded() []component.Result { return r.with(component.StatusSucceeded) }

// Failed returns the components that failed, in the order of execution.
func (r *Result) Failed() []component.Result { return r.with(component.StatusFailed) }

// Component returns what became of the step with the name.
func (r *Result) Component(name string) (component.Result, bool) {
	for i := range r.Components {
		if r.Components[i].Name == name {
			return r.Components[i], true
		}
	}
	return component.Result{}, false
}

func (r *Result) with(status component.Status) []component.Result {
	var some []component.Result
	for i := range r.Components {
		if r.Components[i].Status == status {
			some = append(some, r.Components[i])
		}
	}
	return some
}

// resultJSON is the JSON form of [Result].
type resultJSON struct {
	Pipeline   string             `json:"pipeline"`
	RunID      string             `json:"run_id"`
	Status     Status             `json:"status"`
	Started    time.Time          `json:"started,omitzero"`
	DurationMS float64            `json:"duration_ms"`
	Components []component.Result `json:"components"`
	Error      string             `json:"error,omitempty"`
	Warnings   []string           `json:"warnings,omitempty"`
	HookErrors []string           `json:"hook_errors,omitempty"`
	Quality    []*quality.Report  `json:"quality,omitempty"`
}

// MarshalJSON writes the keys pipeline, run_id, status, started (RFC 3339),
// duration_ms, components, error, warnings, hook_errors and quality. Errors are
// written as their texts; keys from error on are left out when there are none.
func (r Result) MarshalJSON() ([]byte, error) {
	out := resultJSON{
		Pipeline:   r.Pipeline,
		RunID:      r.RunID,
		Status:     r.Status,
		Started:    r.Started,
		DurationMS: float64(r.Duration) / float64(time.Millisecond),
		Components: r.Components,
		Warnings:   texts(r.Warnings),
		HookErrors: texts(r.HookErrors),
		Quality:    r.Quality,
	}
	if out.Components == nil {
		out.Components = []component.Result{}
	}
	if r.Err != nil {
		out.Error = r.Err.Error()
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes. Of the errors only the texts come
// back.
func (r *Result) UnmarshalJSON(data []byte) error {
	var in resultJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*r = Result{
		Pipeline:   in.Pipeline,
		RunID:      in.RunID,
		Status:     in.Status,
		Components: in.Components,
		Started:    in.Started,
		Duration:   time.Duration(in.DurationMS * float64(time.Millisecond)),
		Warnings:   plainErrors(in.Warnings),
		HookErrors: plainErrors(in.HookErrors),
		Quality:    in.Quality,
	}
	if in.Error != "" {
		r.Err = errors.New(in.Error)
	}
	return nil
}

func texts(errs []error) []string {
	var out []string
	for _, err := range errs {
		out = append(out, err.Error())
	}
	return out
}

func plainErrors(texts []string) []error {
	var out []error
	for _, text := range texts {
		out = append(out, errors.New(text))
	}
	return out
}
