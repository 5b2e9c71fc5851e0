package streaming

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// StreamingSource gives a streaming DataFrame. ReadStream starts nothing: a
// query reads the source once it is started.
//
// A source may also be a [component.Validator] and a [dataflow.Describer].
type StreamingSource interface {
	ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error)
}

// SourceFunc is the function form of [StreamingSource].
type SourceFunc func(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error)

// ReadStream implements [StreamingSource].
func (f SourceFunc) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	return f(ctx, spark)
}
