package component

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
)

// Sentinels to branch on with [errors.Is].
var (
	// ErrUnknownType is matched by [*UnknownTypeError].
	ErrUnknownType = errors.New("unknown component type")
	// ErrDuplicateType is returned when a type or an alias is registered twice.
	ErrDuplicateType = errors.New("component type is already registered")
	// ErrNoComponent is returned when a factory built nothing and gave no error.
	ErrNoComponent = errors.New("the factory returned no component")
)

// ConfigError is a fault in the settings of one component.
type ConfigError struct {
	// Component is the name that the pipeline gives the component.
	Component string
	// Type is the registered type. It is empty when the type is not known.
	Type string
	// Where is the place of the fault as file:line:column, and Path its key path,
	// for example "components[2].config". Both are empty when the component does
	// not come from a file.
	Where, Path string
	// Err is the fault.
	Err error
}

// Error implements error:
// p.yaml:7:5: components[2].config: component "clean" (sql): cause.
func (e *ConfigError) Error() string {
	var b strings.Builder
	for _, place := range []string{e.Where, e.Path} {
		if place != "" {
			b.WriteString(place)
			b.WriteString(": ")
		}
	}
	b.WriteString(Label(e.Component, e.Type))
	b.WriteString(": ")
	b.WriteString(errorText(e.Err))
	return b.String()
}

// Unwrap returns the fault.
func (e *ConfigError) Unwrap() error { return e.Err }

// Label names a component in error texts: component "clean" (sql), or without
// the parentheses when the type is empty.
func Label(name, typ string) string {
	if typ == "" {
		return fmt.Sprintf("component %q", name)
	}
	return fmt.Sprintf("component %q (%s)", name, typ)
}

// PanicError is a panic of a component or a hook that was caught.
type PanicError struct {
	// Value is what was given to panic.
	Value any
	// Stack is the stack of the goroutine that panicked, as in a crash report.
	Stack []byte
}

// NewPanicError returns the error for a value that recover returned. Call it in
// the deferred function itself, so that Stack shows where the panic began.
func NewPanicError(value any) *PanicError {
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// Error implements error. It leaves the stack out.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value of the panic if it is an error, so that
// [errors.Is] and [errors.As] reach it.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// UnknownTypeError is returned for a type that no factory is registered for.
type UnknownTypeError struct {
	// Type is the type as it was asked for.
	Type string
	// Suggestion is the registered type or alias that looks most like it, or
	// empty.
	Suggestion string
	// Known are the registered types, sorted.
	Known []string
}

// Error implements error.
func (e *UnknownTypeError) Error() string {
	var b strings.Builder
	if e.Type == "" {
		b.WriteString("the component type is empty")
	} else {
		fmt.Fprintf(&b, "unknown component type %q", e.Type)
	}
	if e.Suggestion != "" {
		fmt.Fprintf(&b, "; did you mean %q?", e.Suggestion)
	} else {
		b.WriteString(";")
	}
	known := "none"
	if len(e.Known) > 0 {
		known = strings.Join(e.Known, ", ")
	}
	b.WriteString(" known types: " + known)
	return b.String()
}

// Is reports whether target is [ErrUnknownType].
func (e *UnknownTypeError) Is(target error) bool { return target == ErrUnknownType }

func errorText(err error) string {
	if err == nil {
		return "unknown fault"
	}
	return err.Error()
}
