package hooks

import (
	"time"

	"github.com/sparkpipe/sparkpipe/component"
)

// Maps and slices in events are shared with the run: read them, do not change
// them.

// PipelineStart tells that a run begins.
type PipelineStart struct {
	// Pipeline is the name of the pipeline.
	Pipeline string
	// Version and Environment describe the pipeline; they may be empty.
	Version, Environment string
	// Tags are the labels of the pipeline.
	Tags map[string]string
	// RunID identifies the run.
	RunID string
	// Total counts the components that are not disabled.
	Total int
	// Started is when the run began.
	Started time.Time
}

// PipelineEnd tells how a run ended.
type PipelineEnd struct {
	// Pipeline and RunID are those of [PipelineStart].
	Pipeline, RunID string
	// Total counts the components that are not disabled.
	Total int
	// Status is the outcome of the run.
	Status Status
	// Results tells what became of each component, in the order of execution,
	// skipped and disabled ones included.
	Results []component.Result
	// Duration is the time since [PipelineStart.Started].
	Duration time.Duration
	// Err is the error that the run returns; nil exactly when it succeeded.
	Err error
	// Warnings are faults that did not make the run fail.
	Warnings []error
}

// ComponentStart tells that a component is about to start.
type ComponentStart struct {
	// Pipeline and RunID are those of [PipelineStart].
	Pipeline, RunID string
	// Name and Type are those of the component in the pipeline; Type may be empty.
	Name, Type string
	// Index is the position among the components that are not disabled, in the
	// order of execution, counted from 0.
	Index int
	// Total counts the components that are not disabled.
	Total int
	// Attempt is the attempt that is about to start, counted from 1.
	Attempt int
}

// ComponentEnd tells that a component succeeded.
type ComponentEnd struct {
	// These fields are those of [ComponentStart].
	Pipeline, RunID, Name, Type string
	Index, Total                int
	// Attempt is the attempt that succeeded, counted from 1.
	Attempt int
	// Duration is the time since the first attempt began.
	Duration time.Duration
	// Result is what stands in the result of the run.
	Result component.Result
}

// ComponentFailure tells that a component did not succeed.
type ComponentFailure struct {
	// These fields are those of [ComponentStart].
	Pipeline, RunID, Name, Type string
	Index, Total                int
	// Attempt is the last attempt, counted from 1, or 0 when a hook vetoed the
	// component before it started.
	Attempt int
	// Duration is the time since the first attempt began.
	Duration time.Duration
	// Err is why; never nil.
	Err error
	// Result is what stands in the result of the run. Its status is
	// [component.StatusFailed], or [component.StatusCancelled] when the run was
	// cancelled while the component ran.
	Result component.Result
}

// RetryAttempt tells that an attempt failed and another will follow.
type RetryAttempt struct {
	// These fields are those of [ComponentStart].
	Pipeline, RunID, Name, Type string
	Index, Total                int
	// Attempt is the attempt that failed, counted from 1.
	Attempt int
	// MaxAttempts is how many attempts the policy allows, the first included.
	MaxAttempts int
	// Delay is how long the policy waits before the next attempt.
	Delay time.Duration
	// Err is the error of the attempt that failed.
	Err error
}

// BreakerChange tells that a circuit breaker changed its state.
type BreakerChange struct {
	// Pipeline and RunID are those of [PipelineStart].
	Pipeline, RunID string
	// Name is the component that the breaker protects.
	Name string
	// Breaker is the name of the breaker, which several components may share; each
	// that is under way is told of the change.
	Breaker string
	// From and To are "closed", "open" or "half-open".
	From, To string
}
