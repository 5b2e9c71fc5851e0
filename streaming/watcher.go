package streaming

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Watcher is a transform that hears what becomes of the query that it is a part of,
// such as one that checks the rows. [StreamingPipeline.Run] and a [Supervisor] tell
// it; who calls [StreamingPipeline.Start] tells it himself.
//
// Its methods are called one after the other. Batches come in the order of the
// server, each once as long as the session lives; one that was told of nobody, since
// the session was lost, is missing, which the numbers of the batches show. A
// continuous query has no batches, and so no watchers.
type Watcher interface {
	dataflow.Transform
	// BatchDone is called when a batch is done, with the JSON of Spark's
	// StreamingQueryProgress, see [Progress]. ctx outlives a stop of the query.
	BatchDone(ctx context.Context, progress []byte)
	// RunEnded is called when a run of the query has ended or could not be started,
	// after its last batch. err is why it failed, or nil. What it returns takes the
	// place of err: err itself, or an error that says more of it.
	RunEnded(ctx context.Context, err error) error
}

// watchers are those among the transforms.
func (p StreamingPipeline) watchers() []Watcher {
	var out []Watcher
	for _, t := range p.Transforms {
		if w, ok := t.(Watcher); ok {
			out = append(out, w)
		}
	}
	return out
}

// checkWatchers refuses watchers where there is nothing to hear.
func (p StreamingPipeline) checkWatchers() error {
	if p.Trigger.Kind() != TriggerContinuous || len(p.watchers()) == 0 {
		return nil
	}
	return fmt.Errorf("the trigger %s has no batches, of which a transform (%T) wants to hear; write processing_time", TriggerContinuous, p.watchers()[0])
}

// ran reports whether a batch was done, and not only looked whether there is one to
// do, of which servers that are polled tell too.
func (p Progress) ran() bool {
	_, added := p.Durations["addBatch"]
	return added || p.NumInputRows > 0 || len(p.ObservedMetrics) > 0
}

// runEnded tells watchers of the end of a run.
func runEnded(ctx context.Context, watchers []Watcher, err error) error {
	for _, w := range watchers {
		err = w.RunEnded(ctx, err)
	}
	return err
}

type transformKey struct{}

// WithTransform returns a copy of rt with which a [StreamingPipeline] has one
// transform more, behind its own and those that were put there before. Runners hand
// out so what checks the rows.
func WithTransform(rt component.Runtime, t dataflow.Transform) component.Runtime {
	return rt.WithResource(transformKey{}, append(transformsOf(rt), t))
}

// transformsOf returns a list that may be appended to.
func transformsOf(rt component.Runtime) []dataflow.Transform {
	list, _ := rt.Resource(transformKey{}).([]dataflow.Transform)
	return list[:len(list):len(list)]
}
