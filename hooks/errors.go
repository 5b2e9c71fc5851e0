package hooks

import (
	"context"
	"fmt"
)

// VetoError is the error of a pipeline or a component that a before-hook did
// not let run.
type VetoError struct {
	// Hook names the hook that said no.
	Hook string
	// Err is what it returned.
	Err error
}

// Error implements error: vetoed by hook "freeze": cause.
func (e *VetoError) Error() string { return fmt.Sprintf("vetoed by hook %q: %v", e.Hook, e.Err) }

// Unwrap returns what the hook returned.
func (e *VetoError) Unwrap() error { return e.Err }

// PanicError tells that a hook panicked. The run went on.
type PanicError struct {
	// Hook names the hook.
	Hook string
	// Moment is the method that panicked, for example "AfterComponent".
	Moment string
	// Component is the component of the moment, or empty for the moments of the
	// pipeline.
	Component string
	// Err is a [*component.PanicError] with the value and the stack.
	Err error
}

// Error implements error: hook "metrics": AfterComponent of "clean": panic: cause.
func (e *PanicError) Error() string {
	if e.Component == "" {
		return fmt.Sprintf("hook %q: %s: %v", e.Hook, e.Moment, e.Err)
	}
	return fmt.Sprintf("hook %q: %s of %q: %v", e.Hook, e.Moment, e.Component, e.Err)
}

// Unwrap returns the [*component.PanicError].
func (e *PanicError) Unwrap() error { return e.Err }

type reportKey struct{}

// WithPanicReport returns a context under which the hooks made by [Join] hand
// each panic that they catch, as a [*PanicError], to report. Runners call it.
// report may be called from several goroutines at once. Without it a caught
// panic is dropped.
func WithPanicReport(ctx context.Context, report func(error)) context.Context {
	return context.WithValue(ctx, reportKey{}, report)
}

func reportPanic(ctx context.Context, err *PanicError) {
	if report, _ := ctx.Value(reportKey{}).(func(error)); report != nil {
		report(err)
	}
}

// nameOf returns the name of a hook in errors. A hook that panics even there,
// such as a nil pointer, is named by its type.
func nameOf(h PipelineHooks) (name string) {
	defer func() {
		if recover() != nil || name == "" {
			name = fmt.Sprintf("%T", h)
		}
	}()
	if named, ok := h.(interface{ HookName() string }); ok {
		return named.HookName()
	}
	return ""
}
