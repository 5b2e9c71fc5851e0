package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

// Sentinels to branch on with [errors.Is].
var (
	// ErrNoPipeline is returned by a run of a nil pipeline.
	ErrNoPipeline = errors.New("there is no pipeline")
	// ErrNoName is the fault of a pipeline or a step without a name.
	ErrNoName = errors.New("the name is empty")
	// ErrNoSteps is the fault of a pipeline without steps.
	ErrNoSteps = errors.New("there are no steps")
	// ErrNoComponent is the fault of an enabled step without a component.
	ErrNoComponent = errors.New("the step has no component")
	// ErrDuplicateName is the fault of two steps with one name.
	ErrDuplicateName = errors.New("the name is used twice")
	// ErrUnknownDependency is matched by the [*DependencyError] of a name that no
	// step has.
	ErrUnknownDependency = errors.New("unknown dependency")
	// ErrDisabledDependency is matched by the [*DependencyError] of a disabled
	// step under [DisabledError].
	ErrDisabledDependency = errors.New("disabled dependency")
	// ErrCycle is matched by [*CycleError].
	ErrCycle = errors.New("dependency cycle")
)

// InvalidError tells why a pipeline cannot run.
type InvalidError struct {
	// Pipeline is the name of the pipeline.
	Pipeline string
	// Faults are all that is wrong, at least one: [*component.ConfigError],
	// [*DependencyError], [*CycleError] and errors that wrap the sentinels of this
	// package.
	Faults []error
}

// Error implements error, with one fault a line.
func (e *InvalidError) Error() string {
	separator := ": "
	if len(e.Faults) > 1 {
		separator = ":\n"
	}
	return fmt.Sprintf("pipeline %q is not valid%s%s", e.Pipeline, separator, lines(e.Faults))
}

// Unwrap returns the faults.
func (e *InvalidError) Unwrap() []error { return e.Faults }

// DependencyError is a name in DependsOn that cannot be depended on.
type DependencyError struct {
	// Component is the step that has the dependency.
	Component string
	// DependsOn is the name that it gives.
	DependsOn string
	// Err is [ErrUnknownDependency] or [ErrDisabledDependency].
	Err error
}

// Error implements error.
func (e *DependencyError) Error() string {
	which := "which is not in the pipeline"
	if errors.Is(e.Err, ErrDisabledDependency) {
		which = "which is disabled; enable it, disable the dependent too, " +
			"or choose another policy for disabled steps"
	}
	return fmt.Sprintf("component %q depends on %q, %s", e.Component, e.DependsOn, which)
}

// Unwrap returns the sentinel.
func (e *DependencyError) Unwrap() error { return e.Err }

// CycleError tells that steps depend on each other in a circle.
type CycleError struct {
	// Path are the names along the circle, each depending on the next. It begins
	// and ends with the same name, that of the step that was declared first.
	Path []string
}

// Error implements error: dependency cycle: a -> b -> a.
func (e *CycleError) Error() string {
	return fmt.Sprintf("%v: %s (each depends on the next)", ErrCycle, strings.Join(e.Path, " -> "))
}

// Is reports whether target is [ErrCycle].
func (e *CycleError) Is(target error) bool { return target == ErrCycle }

// ComponentError is the failure of one component in a run.
type ComponentError struct {
	// Component is the name of the step.
	Component string
	// Type is its type, or empty.
	Type string
	// Err is the cause.
	Err error
}

// Error implements error: component "clean" (sql): cause.
func (e *ComponentError) Error() string {
	return fmt.Sprintf("%s: %v", component.Label(e.Component, e.Type), e.Err)
}

// Unwrap returns the cause.
func (e *ComponentError) Unwrap() error { return e.Err }

// SessionError tells that the Spark session of a run could not be opened or
// closed.
type SessionError struct {
	// Op is "open" or "close".
	Op string
	// Component is the first step that needs the session, or empty.
	Component string
	// Err is the cause.
	Err error
}

// Error implements error: open the Spark session for component "read": cause.
func (e *SessionError) Error() string {
	if e.Component == "" {
		return fmt.Sprintf("%s the Spark session: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("%s the Spark session for component %q: %v", e.Op, e.Component, e.Err)
}

// Unwrap returns the cause.
func (e *SessionError) Unwrap() error { return e.Err }

// RunError is the error of every run that did not succeed.
type RunError struct {
	// Pipeline and RunID are those of the run.
	Pipeline, RunID string
	// Status is the status of the result, never [StatusSucceeded].
	Status Status
	// Errs are the causes: the [*ComponentError] of each failed component in the
	// order of the run; before them what ended the run as a whole, such as a
	// [*hooks.VetoError], an [*InvalidError], a [*SessionError] or the cause of
	// the context.
	Errs []error
}

// Error implements error: pipeline "orders" failed: cause, with one cause a line.
func (e *RunError) Error() string {
	outcome := "failed"
	switch e.Status {
	case StatusPartlyFailed:
		outcome = "partly failed"
	case StatusInterrupted:
		outcome = "was interrupted"
	case StatusSucceeded, StatusFailed:
	}
	return fmt.Sprintf("pipeline %q %s: %s", e.Pipeline, outcome, lines(e.Errs))
}

// Unwrap returns the causes.
func (e *RunError) Unwrap() []error { return e.Errs }

// interruption is why a context ended. Besides its cause it wraps
// [context.Canceled] or [context.DeadlineExceeded], which a cause given by the
// program need not wrap.
type interruption struct{ cause, ended error }

func interrupted(ctx context.Context) error {
	return &interruption{cause: context.Cause(ctx), ended: ctx.Err()}
}

func (e *interruption) Error() string   { return e.cause.Error() }
func (e *interruption) Unwrap() []error { return []error{e.cause, e.ended} }

func lines(errs []error) string {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "\n")
}
