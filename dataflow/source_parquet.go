package dataflow

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// ParquetSource reads Parquet files.
type ParquetSource struct {
	FileSource `koanf:",squash"`
	// MergeSchema takes the columns of all files together, instead of those of some
	// file. Nil is what the session says, by default false.
	MergeSchema *bool `koanf:"merge_schema" doc:"take the columns of all files together, not those of one; by default what the session says, false"`
}

var _ Source = ParquetSource{}

// Load implements [Source].
func (s ParquetSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	o := options.Set{}
	o.Choice("mergeSchema", s.MergeSchema)
	return s.load(ctx, spark, "parquet", o)
}
