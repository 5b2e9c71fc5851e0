package dataflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// TableSink writes a table of the catalog and creates it when it does not
// exist.
type TableSink struct {
	// Table is its name, with catalog and database where they are needed.
	Table string `koanf:"output_table" alias:"table" required:"true" doc:"name of the table, with its database where needed"`
	// Mode says what becomes of existing data. In Go the default is
	// SaveModeErrorIfExists; in configuration files it is overwrite.
	Mode SaveMode `koanf:"mode" default:"overwrite" enum:"overwrite,append,errorifexists,error,default,ignore" doc:"what becomes of existing data"`
	// Insert writes into a table that must exist, columns by position.
	Insert bool `koanf:"insert" default:"false" doc:"insert into a table that must exist, columns by position"`
	// Format is the data source of a table that is created; empty is the
	// server's default.
	Format string `koanf:"format" doc:"format of a table that is created; by default the server's"`
	// PartitionBy are the partition columns of a table that is created.
	PartitionBy []string `koanf:"partition_by" doc:"partition columns of a table that is created"`
	// Buckets, BucketBy and SortBy bucket a table that is created.
	Buckets  int      `koanf:"buckets" min:"0" doc:"number of buckets of a table that is created"`
	BucketBy []string `koanf:"bucket_by" doc:"columns whose hash chooses the bucket"`
	SortBy   []string `koanf:"sort_by" doc:"columns by which each bucket is sorted"`
	// Options are passed to the data source under Spark's own keys.
	Options map[string]string `koanf:"options" doc:"options of the data source under Spark's own keys"`
}

var _ Sink = TableSink{}

// Validate refuses what Spark cannot combine.
func (s TableSink) Validate() error {
	if s.Insert && (len(s.PartitionBy)+len(s.BucketBy)+len(s.SortBy) > 0 || s.Buckets != 0 || s.Format != "") {
		return errors.New(`"insert" takes format, partitions and buckets from the table that exists`)
	}
	if err := options.WrittenTable(s.Table); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return s.writer().check()
}

// Write implements [Sink].
func (s TableSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if s.Insert {
		return s.writer().InsertInto(ctx, spark, df, s.Table)
	}
	return s.writer().SaveAsTable(ctx, spark, df, s.Table)
}

func (s TableSink) writer() Writer {
	return Writer{
		Format: s.Format, Mode: s.Mode, Options: s.Options, PartitionBy: s.PartitionBy,
		Buckets: s.Buckets, BucketBy: s.BucketBy, SortBy: s.SortBy,
	}
}

// Lineage implements [Describer]. An append in the format delta is idempotent
// when the options txnAppId and txnVersion are set.
func (s TableSink) Lineage() Lineage {
	return writes(tableDataset(s.Table), writeEffect(s.Mode, s.Format, s.Options))
}

// tableDataset is what a table that is written stands for; delta.`/a` is a path.
func tableDataset(name string) Dataset {
	d := relationDataset(name)
	if d.Kind == DatasetRelation {
		d.Kind = DatasetTable
	}
	return d
}
