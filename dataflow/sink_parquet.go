package dataflow

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// ParquetSink writes Parquet files.
type ParquetSink struct {
	FileSink `koanf:",squash"`
}

var _ Sink = ParquetSink{}

// Write implements [Sink].
func (s ParquetSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	return s.write(ctx, spark, df, "parquet", nil)
}
