package dataflow

import (
	"context"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// SinkTarget is implemented by sinks that write into something which has columns of
// its own and keeps them.
type SinkTarget interface {
	// TargetSchema returns the columns of the target. It reports false when there is no
	// target yet, or when the write gives it the columns of the rows. It blocks for a
	// round trip and reads no data.
	TargetSchema(ctx context.Context, spark *Session) (def schema.Definition, ok bool, err error)
}

var (
	_ SinkTarget = DeltaSink{}
	_ SinkTarget = IcebergSink{}
	_ SinkTarget = TableSink{}
	_ SinkTarget = JDBCSink{}
)

// TargetSchema implements [SinkTarget]. With the modes create and ignore, and with
// overwrite_schema, the table has no say.
func (s DeltaSink) TargetSchema(ctx context.Context, spark *Session) (schema.Definition, bool, error) {
	switch s.Mode {
	case TableModeAppend, TableModeMerge, TableModeOverwrite:
	default:
		return schema.Definition{}, false, nil
	}
	if s.OverwriteSchema {
		return schema.Definition{}, false, nil
	}
	if s.Table != "" {
		return targetTable(ctx, spark, TableSource{Table: s.Table})
	}
	return targetTable(ctx, spark, Reader{Format: "delta", Paths: []string{spark.outputPath(s.Path)}})
}

// TargetSchema implements [SinkTarget] for the modes that write into a table which
// exists.
func (s IcebergSink) TargetSchema(ctx context.Context, spark *Session) (schema.Definition, bool, error) {
	if s.makes() {
		return schema.Definition{}, false, nil
	}
	return targetTable(ctx, spark, TableSource{Table: icebergTable(s.Catalog, s.Table)})
}

// TargetSchema implements [SinkTarget] for append and insert.
func (s TableSink) TargetSchema(ctx context.Context, spark *Session) (schema.Definition, bool, error) {
	if s.Mode != SaveModeAppend && !s.Insert {
		return schema.Definition{}, false, nil
	}
	return targetTable(ctx, spark, TableSource{Table: s.Table})
}

// TargetSchema implements [SinkTarget] for append, upsert, and overwrite with
// truncate. Spark connects to the database for it.
func (s JDBCSink) TargetSchema(ctx context.Context, spark *Session) (schema.Definition, bool, error) {
	if s.Mode != SaveModeAppend && s.Mode != SaveModeUpsert && (s.Mode != SaveModeOverwrite || !s.Truncate) {
		return schema.Definition{}, false, nil
	}
	return targetTable(ctx, spark, JDBCSource{JDBC: s.JDBC, Table: s.Table})
}

// targetTable reads the columns of a table. One that cannot be read is taken for one
// that is not there: what is wrong with it, the write says.
func targetTable(ctx context.Context, spark *Session, source Source) (schema.Definition, bool, error) {
	df, err := source.Load(ctx, spark)
	if err != nil {
		return schema.Definition{}, false, err
	}
	def, err := SchemaOf(ctx, df)
	if err != nil && cannotCheck(ctx, err) {
		return schema.Definition{}, false, err
	}
	return def, err == nil, nil
}

// growsItself reports whether the sink adds columns to its target.
func growsItself(sink Sink) bool {
	switch s := sink.(type) {
	case DeltaSink:
		return s.MergeSchema
	case IcebergSink:
		return s.MergeSchema
	}
	return false
}

// fills reports whether columns that the rows lack must be filled for the sink. Delta,
// Iceberg and other databases do that, with the defaults of their columns.
func (e evolution) fills() bool {
	_, ok := e.sink.(TableSink)
	return ok
}
