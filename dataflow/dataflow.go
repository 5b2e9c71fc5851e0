package dataflow

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
)

// DataFlow is a component that works on the cluster. It gets the session at
// Run, so that it stays a plain value and can be validated with no cluster.
type DataFlow interface {
	Name() string
	Run(ctx context.Context, spark *Session, rt component.Runtime) error
}

// Provider hands out the session of a run, opening it at the first call.
type Provider func(ctx context.Context) (*Session, error)

type providerKey struct{}

// WithSession returns a copy of rt from which [SessionOf] takes the session.
// Runners call it; tests of components may.
func WithSession(rt component.Runtime, provide Provider) component.Runtime {
	return rt.WithResource(providerKey{}, provide)
}

// SessionOf returns the session of the run. It may block to open it.
func SessionOf(ctx context.Context, rt component.Runtime) (*Session, error) {
	provide, _ := rt.Resource(providerKey{}).(Provider)
	if provide == nil {
		return nil, ErrNoSession
	}
	return provide(ctx)
}

// NeedsSession reports whether c is known to work on the cluster, so that a
// runner opens the session before the first component starts.
func NeedsSession(c component.PipelineComponent) bool {
	_, ok := c.(*flowComponent)
	return ok
}

// Component makes a DataFlow a [component.PipelineComponent]. Optional
// abilities of flow ([component.Validator], [component.Opener],
// [component.Closer]) are kept.
func Component(flow DataFlow) component.PipelineComponent {
	return &flowComponent{flow: flow}
}

// FlowOf returns the flow of a [Component].
func FlowOf(c component.PipelineComponent) (DataFlow, bool) {
	if f, ok := c.(*flowComponent); ok {
		return f.flow, true
	}
	return nil, false
}

type flowComponent struct{ flow DataFlow }

var (
	_ component.PipelineComponent = (*flowComponent)(nil)
	_ component.Validator         = (*flowComponent)(nil)
	_ component.Opener            = (*flowComponent)(nil)
	_ component.Closer            = (*flowComponent)(nil)
)

func (f *flowComponent) Name() string { return f.flow.Name() }

func (f *flowComponent) Run(ctx context.Context, rt component.Runtime) error {
	spark, err := SessionOf(ctx, rt)
	if err != nil {
		return fmt.Errorf("open the Spark session: %w", err)
	}
	return spark.Error(ctx, f.flow.Run(ctx, spark, rt))
}

func (f *flowComponent) Validate() error {
	if v, ok := f.flow.(component.Validator); ok {
		return v.Validate()
	}
	return nil
}

func (f *flowComponent) Open(ctx context.Context, rt component.Runtime) error {
	if o, ok := f.flow.(component.Opener); ok {
		return o.Open(ctx, rt)
	}
	return nil
}

func (f *flowComponent) Close(ctx context.Context) error {
	if c, ok := f.flow.(component.Closer); ok {
		return c.Close(ctx)
	}
	return nil
}
