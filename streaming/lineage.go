package streaming

import (
	"slices"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Lineage implements [dataflow.Describer]: what the source and the transforms read
// and what the sink makes. A query with a checkpoint goes on where it was, so to run
// it again does nothing twice if its sink is exactly-once; any other sink may get
// its last batch again, and without a checkpoint everything. A part that is no
// Describer makes the lineage opaque and the effect unknown.
func (p StreamingPipeline) Lineage() dataflow.Lineage {
	sink := lineageOf(p.Sink)
	l := dataflow.Lineage{Effect: p.effect(sink.Effect), Partial: sink.Effect != dataflow.EffectNone, Continues: p.CheckpointLocation != ""}
	parts := []dataflow.Lineage{lineageOf(p.Source)}
	for _, t := range p.Transforms {
		parts = append(parts, lineageOf(t))
	}
	for _, part := range parts {
		if part.Effect == dataflow.EffectUnknown {
			l.Effect = dataflow.EffectUnknown
		}
	}
	for _, part := range append(parts, sink) {
		l.Opaque = l.Opaque || part.Opaque
		l.Inputs = merge(l.Inputs, part.Inputs)
		l.Outputs = merge(l.Outputs, part.Outputs)
	}
	return l
}

func lineageOf(part any) dataflow.Lineage {
	if d, ok := part.(dataflow.Describer); ok {
		return d.Lineage()
	}
	return dataflow.Lineage{Opaque: true}
}

func merge(list, more []dataflow.Dataset) []dataflow.Dataset {
	for _, d := range more {
		if !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	return list
}

// effect is what a second run does, as far as the sink is concerned.
func (p StreamingPipeline) effect(sink dataflow.Effect) dataflow.Effect {
	traited, ok := p.Sink.(TraitedSink)
	switch {
	case sink == dataflow.EffectUnknown, sink == dataflow.EffectNone:
		return sink
	case ok && traited.Traits().ExactlyOnce && p.CheckpointLocation != "":
		return dataflow.EffectIdempotent
	default:
		return dataflow.EffectRepeats
	}
}
