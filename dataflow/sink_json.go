package dataflow

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// JSONSink writes files of JSON lines.
type JSONSink struct {
	FileSink `koanf:",squash"`
}

var _ Sink = JSONSink{}

// Write implements [Sink].
func (s JSONSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	return s.write(ctx, spark, df, "json", nil)
}
