package streaming

import (
	"context"
	"fmt"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// ConsoleSink prints the rows of each batch to the standard output of the Spark
// driver, which is not that of this process. Without a checkpoint location Spark
// gives each query a folder of its own that goes with it.
type ConsoleSink struct {
	// NumRows is how many rows of a batch are printed; default 20.
	NumRows int `koanf:"num_rows" default:"20" min:"1" doc:"rows of a batch that are printed"`
	// NoTruncate prints long values whole.
	NoTruncate bool `koanf:"no_truncate" doc:"print long values whole"`
}

var _ TraitedSink = ConsoleSink{}

// Traits implements [TraitedSink].
func (ConsoleSink) Traits() SinkTraits { return SinkTraits{} }

// Validate refuses a negative number of rows.
func (s ConsoleSink) Validate() error {
	if s.NumRows < 0 {
		return fmt.Errorf("console: %d rows is negative", s.NumRows)
	}
	return nil
}

// WriteStream implements [StreamingSink].
func (s ConsoleSink) WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	w.Format = "console"
	ours := map[string]string{"truncate": strconv.FormatBool(!s.NoTruncate)}
	if s.NumRows > 0 {
		ours["numRows"] = strconv.Itoa(s.NumRows)
	}
	w.Options = options.Merge(ours, w.Options)
	return w.Start(ctx, spark, df)
}

// Lineage implements [dataflow.Describer]: nothing changes.
func (ConsoleSink) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Effect: dataflow.EffectNone}
}
