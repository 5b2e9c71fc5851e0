package dataflow

import "github.com/sparkpipe/sparkpipe/component"

// ViewsOnly is implemented by flows that can register their views without doing
// the rest of their work, for the resumption of a run in which that is done.
type ViewsOnly interface {
	// ViewsOnly returns the flow that registers the same views and writes nothing,
	// or nil when there is none.
	ViewsOnly() DataFlow
}

// ViewsOnlyOf returns the component that registers the views of c and does
// nothing else, or nil when c cannot be taken apart like that. A component
// without an effect is returned as it is.
func ViewsOnlyOf(c component.PipelineComponent) component.PipelineComponent {
	if LineageOf(c).Effect == EffectNone {
		return c
	}
	flow, ok := c.(*flowComponent)
	if !ok {
		return nil
	}
	part, ok := flow.flow.(ViewsOnly)
	if !ok {
		return nil
	}
	if views := part.ViewsOnly(); views != nil {
		return Component(views)
	}
	return nil
}

// ViewsOnly implements [ViewsOnly].
func (s Steps) ViewsOnly() DataFlow {
	if s.View == "" {
		return nil
	}
	s.Sink = nil
	return s
}
