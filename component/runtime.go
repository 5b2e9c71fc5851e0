package component

import (
	"io"
	"os"

	"go.uber.org/zap"
)

// Runtime is what the runner hands to a component at each run. It is a value:
// the With methods return a changed copy. The zero value works and is what a
// unit test of a component may pass. It is safe for concurrent use.
type Runtime struct {
	// Pipeline is the name of the pipeline.
	Pipeline string
	// Component is the name that the pipeline gives this step.
	Component string
	// RunID identifies the run. It appears in logs, in the tags of Spark
	// operations and in results.
	RunID string
	// Attempt counts the tries of this component in this run, starting at 1.
	Attempt int

	logger    *zap.Logger
	output    io.Writer
	resources *resource
}

// resource is a linked list, as in package context: short, immutable, and
// cheap to copy with the Runtime.
type resource struct {
	key, value any
	next       *resource
}

// Logger returns the logger of this step, never nil.
func (r Runtime) Logger() *zap.Logger {
	if r.logger == nil {
		return zap.NewNop()
	}
	return r.logger
}

// WithLogger returns a copy of r that logs to logger; nil is silent.
func (r Runtime) WithLogger(logger *zap.Logger) Runtime {
	r.logger = logger
	return r
}

// Output is where a component prints what people are meant to read, such as the
// rows of a table. It is the standard output unless the run says otherwise, and
// never nil.
func (r Runtime) Output() io.Writer {
	if r.output == nil {
		return os.Stdout
	}
	return r.output
}

// WithOutput returns a copy of r that prints to w; nil is the standard output. w
// must be safe for concurrent use when components run at the same time.
func (r Runtime) WithOutput(w io.Writer) Runtime {
	r.output = w
	return r
}

// WithResource returns a copy of r that carries value under key. Packages that
// hand something to their components, as dataflow does with the Spark session,
// use an unexported key type of their own, as with [context.WithValue].
func (r Runtime) WithResource(key, value any) Runtime {
	r.resources = &resource{key: key, value: value, next: r.resources}
	return r
}

// Resource returns the value stored under key, or nil.
func (r Runtime) Resource(key any) any {
	for res := r.resources; res != nil; res = res.next {
		if res.key == key {
			return res.value
		}
	}
	return nil
}
