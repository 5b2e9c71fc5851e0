package streaming

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// MemorySink keeps the rows in the memory of the driver, as a temporary view of
// the session that is named after the query. It is for tests: the memory is never
// given back before the session ends.
type MemorySink struct{}

var _ TraitedSink = MemorySink{}

// Traits implements [TraitedSink].
func (MemorySink) Traits() SinkTraits {
	return SinkTraits{OutputModes: []OutputMode{OutputModeAppend, OutputModeComplete, OutputModeUpdate}, NeedsQueryName: true}
}

// WriteStream implements [StreamingSink].
func (MemorySink) WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	w.Format = "memory"
	return w.Start(ctx, spark, df)
}

// Lineage implements [dataflow.Describer]: nothing outside of the session changes.
func (MemorySink) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Effect: dataflow.EffectNone}
}
