package dataflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Writer writes a DataFrame in any format that the server knows, as Spark's
// DataFrameWriter does. It is a plain value: the zero value writes the server's
// default format and fails when the target exists. Its methods block until the
// data is written, in one round trip.
type Writer struct {
	// Format is the short name or class of the data source; empty is the
	// server's default (spark.sql.sources.default, Parquet).
	Format string
	// Mode says what becomes of existing data; default SaveModeErrorIfExists.
	Mode SaveMode
	// Options are passed to the data source under Spark's own keys.
	Options map[string]string
	// PartitionBy are the columns that become folders.
	PartitionBy []string
	// Buckets and BucketBy spread the rows of a table over that many files by
	// the hash of the columns. Both are set or none; tables only.
	Buckets  int
	BucketBy []string
	// SortBy sorts the rows within each bucket.
	SortBy []string
	// ClusterBy are the clustering columns of a table.
	ClusterBy []string
}

// ErrWriterConflict is returned for settings of a [Writer] that Spark cannot
// combine. Nothing has been sent.
var ErrWriterConflict = errors.New("these settings of the writer do not go together")

// Save writes to a path. A relative path lies in the working directory of this
// process when the server is on this machine. An empty path is for formats whose
// options name the target. An overwrite of files that fails can return
// [ErrTargetLost].
func (w Writer) Save(ctx context.Context, spark *Session, df sql.DataFrame, path string) error {
	target := "to " + shownPath(path)
	if path == "" {
		target = "in the format " + cmp.Or(w.Format, "of the server")
	}
	if len(w.BucketBy) > 0 || w.Buckets != 0 {
		return fmt.Errorf("save %s: %w: bucketing needs a table", target, ErrWriterConflict)
	}
	if len(w.ClusterBy) > 0 {
		return fmt.Errorf("save %s: %w: clusterBy needs a table", target, ErrWriterConflict)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("save %s: %w", target, context.Cause(ctx))
	}
	op := &wire.WriteOperation{}
	if path != "" {
		op.SaveType = &wire.WriteOperation_Path{Path: spark.outputPath(path)}
	}
	if w.Mode == SaveModeOverwrite && path != "" && w.dynamic() {
		if err := spark.replacesPartitions(ctx); err != nil {
			return fmt.Errorf("save %s: %w", target, err)
		}
	}
	return w.overwriteFault(ctx, path, w.write(ctx, spark, df, op, target))
}

// SaveAsTable writes to a table of the catalog and creates it when it does not
// exist. Columns are matched by name when appending.
func (w Writer) SaveAsTable(ctx context.Context, spark *Session, df sql.DataFrame, table string) error {
	return w.saveTable(ctx, spark, df, table, wire.WriteOperation_SaveTable_TABLE_SAVE_METHOD_SAVE_AS_TABLE)
}

// InsertInto writes to a table that exists. Columns are matched by position.
// PartitionBy, BucketBy and SortBy are the table's own and refused here.
func (w Writer) InsertInto(ctx context.Context, spark *Session, df sql.DataFrame, table string) error {
	if len(w.PartitionBy)+len(w.BucketBy)+len(w.SortBy)+len(w.ClusterBy) > 0 || w.Buckets != 0 {
		return fmt.Errorf("save to %s: %w: insertInto takes the layout of the table", table, ErrWriterConflict)
	}
	return w.saveTable(ctx, spark, df, table, wire.WriteOperation_SaveTable_TABLE_SAVE_METHOD_INSERT_INTO)
}

func (w Writer) saveTable(ctx context.Context, spark *Session, df sql.DataFrame, table string,
	method wire.WriteOperation_SaveTable_TableSaveMethod,
) error {
	if strings.TrimSpace(table) == "" {
		return errors.New("save: the table has no name")
	}
	if err := options.WrittenTable(table); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	op := &wire.WriteOperation{SaveType: &wire.WriteOperation_Table{
		Table: &wire.WriteOperation_SaveTable{TableName: table, SaveMethod: method},
	}}
	err := w.write(ctx, spark, df, op, "to "+table)
	if w.Mode == SaveModeIgnore && finishedWithNothingToDo(ctx, err) {
		return nil
	}
	return err
}

// finishedWithNothingToDo recognises the answer of Spark 4.0 to a write that
// leaves an existing table alone: it finishes and then fails to take note of
// that, since no execution was begun. The frame tells that the write itself was
// over.
func finishedWithNothingToDo(ctx context.Context, err error) bool {
	var failed *component.SparkError
	if !errors.As(err, &failed) || failed.Class != "" || failed.JavaClass != "java.lang.IllegalStateException" {
		return false
	}
	causes, _ := failed.Causes(ctx)
	return len(causes) > 0 && slices.ContainsFunc(causes[0].Stack, func(frame string) bool {
		return strings.HasPrefix(frame, "org.apache.spark.sql.connect.service.ExecuteEventsManager.postFinished(")
	})
}

func (w Writer) write(ctx context.Context, spark *Session, df sql.DataFrame, op *wire.WriteOperation, target string) error {
	if err := w.check(); err != nil {
		return fmt.Errorf("save %s: %w", target, err)
	}
	plan, err := spark.Export(ctx, df)
	if err != nil {
		return fmt.Errorf("save %s: %w", target, err)
	}
	if err := spark.ConcealOptions(ctx, w.Options, op.GetPath()); err != nil {
		return fmt.Errorf("save %s: %w", target, err)
	}
	op.Input, op.Mode, op.Options = plan, w.Mode.wire(), w.Options
	op.PartitioningColumns, op.SortColumnNames, op.ClusteringColumns = w.PartitionBy, w.SortBy, w.ClusterBy
	if w.Format != "" {
		op.Source = &w.Format
	}
	if w.Buckets > 0 {
		op.BucketBy = &wire.WriteOperation_BucketBy{BucketColumnNames: w.BucketBy, NumBuckets: int32(w.Buckets)}
	}
	_, err = spark.conn.Execute(ctx, &wire.Command{CommandType: &wire.Command_WriteOperation{WriteOperation: op}})
	if err != nil {
		return fmt.Errorf("save %s: %w", target, err)
	}
	return nil
}

// check refuses what Spark would refuse, before anything is sent.
func (w Writer) check() error {
	switch {
	case w.Mode.check() != nil:
		return fmt.Errorf("%w: %w", ErrWriterConflict, w.Mode.check())
	case w.Mode == SaveModeUpsert:
		return fmt.Errorf("%w: Spark has no mode upsert; a JDBC sink has, and Merge updates a table", ErrWriterConflict)
	case w.Buckets > math.MaxInt32:
		return fmt.Errorf("%w: the number of buckets is too large", ErrWriterConflict)
	case w.Buckets < 0:
		return fmt.Errorf("%w: the number of buckets is negative", ErrWriterConflict)
	case (w.Buckets > 0) != (len(w.BucketBy) > 0):
		return fmt.Errorf("%w: bucketing wants both a number of buckets and columns", ErrWriterConflict)
	case len(w.SortBy) > 0 && len(w.BucketBy) == 0:
		return fmt.Errorf("%w: sorting is within buckets, so sortBy wants bucketBy", ErrWriterConflict)
	case len(w.ClusterBy) > 0 && len(w.PartitionBy)+len(w.BucketBy) > 0:
		return fmt.Errorf("%w: clusterBy excludes partitionBy and bucketBy", ErrWriterConflict)
	}
	return nil
}
