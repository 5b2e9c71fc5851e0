package dataflow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// WriterV2 writes a DataFrame to a table of a catalog that supports it, such as
// one of Iceberg or Delta, as Spark's DataFrameWriterV2 does. Unlike [Writer] it
// says what is to become of the table instead of naming a mode, and rows can be
// replaced by a condition or by partition. It is a plain value. Its methods
// block until the data is written, in one round trip.
//
// The name of a table is read as in SQL: "catalog.db.t", with backquotes around
// a part that holds anything but letters, digits and underscores, as in
// "db.`my-table`". A backquote within such a part is doubled.
//
// Columns are matched by name.
type WriterV2 struct {
	// Provider is the format of a table that is made, for example "iceberg";
	// empty is the default of the catalog.
	Provider string
	// Options are passed to the data source under its own keys.
	Options map[string]string
	// TableProperties are kept with a table that is made.
	TableProperties map[string]string
	// PartitionBy is how a table that is made is partitioned, the outermost
	// first.
	PartitionBy []Partition
	// ClusterBy are the clustering columns of a table that is made. They exclude
	// PartitionBy.
	ClusterBy []string
}

// Create makes the table and fails when it exists.
func (w WriterV2) Create(ctx context.Context, spark *Session, df sql.DataFrame, table string) error {
	return w.makeTable(ctx, spark, df, table, wire.WriteOperationV2_MODE_CREATE)
}

// Replace puts a new table in the place of one that exists, and fails when there
// is none.
func (w WriterV2) Replace(ctx context.Context, spark *Session, df sql.DataFrame, table string) error {
	return w.makeTable(ctx, spark, df, table, wire.WriteOperationV2_MODE_REPLACE)
}

// CreateOrReplace makes the table, in the place of the one that exists if there
// is one.
func (w WriterV2) CreateOrReplace(ctx context.Context, spark *Session, df sql.DataFrame, table string) error {
	return w.makeTable(ctx, spark, df, table, wire.WriteOperationV2_MODE_CREATE_OR_REPLACE)
}

// Append adds the rows to a table that exists.
func (w WriterV2) Append(ctx context.Context, spark *Session, df sql.DataFrame, table string) error {
	return w.changeTable(ctx, spark, df, table, &wire.WriteOperationV2{Mode: wire.WriteOperationV2_MODE_APPEND})
}

// Overwrite replaces the rows of a table that satisfy the condition. SQL text is
// a condition by the client's functions.Expr. Which conditions a table takes is
// up to its format: Iceberg, for one, takes those that select whole files.
func (w WriterV2) Overwrite(ctx context.Context, spark *Session, df sql.DataFrame, table string, condition column.Convertible) error {
	if condition == nil {
		return fmt.Errorf("overwrite %s: %w: the condition is nil; to replace all rows write functions.Expr(\"true\")", table, ErrWriterConflict)
	}
	expr, err := expression(ctx, condition)
	if err != nil {
		return fmt.Errorf("overwrite %s: the condition: %w", table, err)
	}
	return w.changeTable(ctx, spark, df, table, &wire.WriteOperationV2{
		Mode: wire.WriteOperationV2_MODE_OVERWRITE, OverwriteCondition: expr,
	})
}

// OverwritePartitions replaces those partitions of a table for which the
// DataFrame has rows. All rows of a table without partitions are replaced.
func (w WriterV2) OverwritePartitions(ctx context.Context, spark *Session, df sql.DataFrame, table string) error {
	return w.changeTable(ctx, spark, df, table, &wire.WriteOperationV2{Mode: wire.WriteOperationV2_MODE_OVERWRITE_PARTITIONS})
}

// makeTable writes to a table that is made by it.
func (w WriterV2) makeTable(ctx context.Context, spark *Session, df sql.DataFrame, table string, mode wire.WriteOperationV2_Mode) error {
	if len(w.ClusterBy) > 0 && len(w.PartitionBy) > 0 {
		return fmt.Errorf("save to %s: %w: clusterBy excludes partitionBy", table, ErrWriterConflict)
	}
	op := &wire.WriteOperationV2{Mode: mode, TableProperties: w.TableProperties}
	for i, part := range w.PartitionBy {
		expr, err := part.expression()
		if err != nil {
			return fmt.Errorf("save to %s: %w: partition %d: %w", table, ErrWriterConflict, i+1, err)
		}
		op.PartitioningColumns = append(op.PartitioningColumns, expr)
	}
	for i, name := range w.ClusterBy {
		if strings.TrimSpace(name) == "" {
			return fmt.Errorf("save to %s: %w: clustering column %d has no name", table, ErrWriterConflict, i+1)
		}
	}
	op.ClusteringColumns = w.ClusterBy
	if w.Provider != "" {
		op.Provider = &w.Provider
	}
	return w.write(ctx, spark, df, table, op)
}

// changeTable writes to a table that exists, with a layout of its own.
func (w WriterV2) changeTable(ctx context.Context, spark *Session, df sql.DataFrame, table string, op *wire.WriteOperationV2) error {
	if w.Provider != "" || len(w.TableProperties)+len(w.PartitionBy)+len(w.ClusterBy) > 0 {
		return fmt.Errorf("save to %s: %w: the table exists and keeps its provider, properties, partitions and clusters",
			table, ErrWriterConflict)
	}
	return w.write(ctx, spark, df, table, op)
}

func (w WriterV2) write(ctx context.Context, spark *Session, df sql.DataFrame, table string, op *wire.WriteOperationV2) error {
	if strings.TrimSpace(table) == "" {
		return errors.New("save: the table has no name")
	}
	if err := options.WrittenTable(table); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	plan, err := spark.Export(ctx, df)
	if err != nil {
		return fmt.Errorf("save to %s: %w", table, err)
	}
	for _, set := range []map[string]string{w.Options, w.TableProperties} {
		if err := spark.ConcealOptions(ctx, set); err != nil {
			return fmt.Errorf("save to %s: %w", table, err)
		}
	}
	op.Input, op.TableName, op.Options = plan, table, w.Options
	_, err = spark.conn.Execute(ctx, &wire.Command{CommandType: &wire.Command_WriteOperationV2{WriteOperationV2: op}})
	if err != nil {
		return fmt.Errorf("save to %s: %w", table, err)
	}
	return nil
}
