package streaming

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// StreamingSink starts a query that writes a streaming DataFrame. It gets a
// writer that has the query's name, trigger, output mode and checkpoint location,
// adds its own format, options and target, and returns what [Writer.Start]
// returns.
//
// A sink may also be a [component.Validator], a [dataflow.Describer] and a
// [TraitedSink].
type StreamingSink interface {
	WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error)
}

// SinkFunc is the function form of [StreamingSink].
type SinkFunc func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error)

// WriteStream implements [StreamingSink].
func (f SinkFunc) WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	return f(ctx, spark, df, w)
}

// SinkTraits say what a sink can do and needs. [StreamingPipeline.Validate] finds
// with them what Spark would refuse later, or would do in a way that nobody wants.
type SinkTraits struct {
	// OutputModes are those that the sink can do; none means all.
	OutputModes []OutputMode
	// Triggers are the kinds of triggers that the sink can do; none means all.
	Triggers []TriggerKind
	// NeedsCheckpoint means that a query has to name its CheckpointLocation. The
	// sinks for trying things out do without: Spark gives them a folder of their
	// own that goes with the query.
	NeedsCheckpoint bool
	// NeedsQueryName means that a query has to have a name, which the sink uses.
	NeedsQueryName bool
	// ExactlyOnce means that a batch which is written again after a crash changes
	// nothing.
	ExactlyOnce bool
}

// TraitedSink is a sink that tells its traits. Traits touches nothing and may be
// called at any time.
type TraitedSink interface {
	StreamingSink
	Traits() SinkTraits
}
