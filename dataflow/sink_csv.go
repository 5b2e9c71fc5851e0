package dataflow

import (
	"context"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// CSVSink writes CSV files.
type CSVSink struct {
	FileSink `koanf:",squash"`
	// Header writes the names of the columns as the first line of each file. In
	// Go the default is Spark's, false; in configuration files it is true.
	Header bool `koanf:"header" default:"true" doc:"write the names of the columns as the first line of each file"`
}

var _ Sink = CSVSink{}

// Write implements [Sink].
func (s CSVSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	return s.write(ctx, spark, df, "csv", map[string]string{"header": strconv.FormatBool(s.Header)})
}
