package component

import "context"

// PipelineComponent is one step of a pipeline.
//
// A component is a plain value: it holds its settings and nothing of a run, so
// the same value can run twice. Name is the label used in logs and errors of
// the component itself; the runner reports under the name that the pipeline
// gives the step. Run blocks until the step is done. It must return soon after
// ctx ends, with an error that wraps [context.Cause] of ctx.
type PipelineComponent interface {
	Name() string
	Run(ctx context.Context, rt Runtime) error
}

// Opener is implemented by components that acquire something before Run. The
// runner calls Open once before the first attempt.
type Opener interface {
	Open(ctx context.Context, rt Runtime) error
}

// Closer is implemented by components that release something after Run. The
// runner calls Close once after the last attempt, also when Open or Run failed.
// The context is still alive when that of Run was cancelled.
type Closer interface {
	Close(ctx context.Context) error
}

// Validator is implemented by components that can check their settings without
// a cluster. All faults are returned at once, joined with [errors.Join].
type Validator interface {
	Validate() error
}

// RunFunc is the function form of [PipelineComponent.Run].
type RunFunc func(ctx context.Context, rt Runtime) error

// Func returns a component with the given name that calls run. A nil run does
// nothing.
func Func(name string, run RunFunc) PipelineComponent {
	return funcComponent{name: name, run: run}
}

type funcComponent struct {
	name string
	run  RunFunc
}

var _ PipelineComponent = funcComponent{}

func (f funcComponent) Name() string { return f.name }

func (f funcComponent) Run(ctx context.Context, rt Runtime) error {
	if f.run == nil {
		return nil
	}
	return f.run(ctx, rt)
}
