package dataflow

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// ParquetSource reads Parquet files.
type ParquetSource struct {
	FileSource `koanf:",squash"`
}

var _ Source = ParquetSource{}

// Load implements [Source].
func (s ParquetSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	return s.load(ctx, spark, "parquet", nil)
}
