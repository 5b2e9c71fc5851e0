package dataflow

import (
	"cmp"
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// ObjectStoreSink writes files of any format to S3 or Google Cloud Storage. The
// cluster needs the store's connector and credentials.
type ObjectStoreSink struct {
	FileSink `koanf:",squash"`
	// Format is the data source; default Parquet.
	Format string `koanf:"format" default:"parquet" doc:"parquet, csv, json, orc, avro or any other format"`
}

var _ Sink = ObjectStoreSink{}

// Write implements [Sink]. CSV files get a header line unless the options say
// otherwise.
func (s ObjectStoreSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	format := cmp.Or(s.Format, "parquet")
	if format == "csv" {
		return CSVSink{FileSink: s.FileSink, Header: true}.Write(ctx, spark, df)
	}
	return s.write(ctx, spark, df, format, nil)
}

// Lineage implements [Describer]. An append in the format delta is idempotent
// when the options txnAppId and txnVersion are set.
func (s ObjectStoreSink) Lineage() Lineage {
	return writes(Dataset{DatasetPath, s.Path}, writeEffect(s.Mode, s.Format, s.Options))
}
