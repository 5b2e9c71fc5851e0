package streaming

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// NoopSink throws the rows away, for measurements.
type NoopSink struct{}

var _ TraitedSink = NoopSink{}

// Traits implements [TraitedSink].
func (NoopSink) Traits() SinkTraits { return SinkTraits{} }

// WriteStream implements [StreamingSink].
func (NoopSink) WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	w.Format = "noop"
	return w.Start(ctx, spark, df)
}

// Lineage implements [dataflow.Describer]: nothing changes.
func (NoopSink) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Effect: dataflow.EffectNone}
}
