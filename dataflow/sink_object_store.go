package dataflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// ObjectStoreSink writes files of any format to S3 or Google Cloud Storage. The
// cluster needs the store's connector, and credentials of its own unless the
// ObjectStore has them.
type ObjectStoreSink struct {
	FileSink    `koanf:",squash"`
	ObjectStore `koanf:",squash"`
	// Format is the data source; default Parquet.
	Format string `koanf:"format" default:"parquet" doc:"parquet, csv, json, orc, avro or any other format"`
}

var (
	_ Sink                = ObjectStoreSink{}
	_ component.Validator = ObjectStoreSink{}
)

// Validate reports what is missing or does not go together.
func (s ObjectStoreSink) Validate() error {
	f := &options.Faults{What: "write"}
	s.check(f, []string{s.Path})
	return errors.Join(s.FileSink.Validate(), f.Join())
}

// Write implements [Sink]. CSV files get a header line unless the options say
// otherwise. With settings of the store it costs up to two round trips more.
func (s ObjectStoreSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if err := s.Validate(); err != nil {
		return err
	}
	reach, err := s.reach(ctx, spark, []string{s.Path})
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	s.Options = mergeOptions(reach, s.Options)
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
