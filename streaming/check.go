package streaming

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

var (
	_ dataflow.Checker          = ReadStreamView{}
	_ dataflow.Checker          = StreamingPipeline{}
	_ dataflow.TransformChecker = Watermark{}
	_ dataflow.TransformChecker = DropDuplicates{}
	_ dataflow.TransformChecker = SQL{}
)

// Check implements [dataflow.Checker], with one analysis: the stream is described
// and not started.
func (r ReadStreamView) Check(ctx context.Context, scope *dataflow.CheckScope) error {
	if err := r.Validate(); err != nil {
		return err
	}
	df, err := checkRead(ctx, scope, r.Source)
	if err != nil {
		return err
	}
	if df, err = r.Watermark.Transform(ctx, scope.Spark(), df); err != nil {
		return err
	}
	if df, err = scope.Filter(ctx, df, r.Filter); err != nil {
		return err
	}
	def, err := scope.Analyze(ctx, df)
	if err != nil {
		return err
	}
	return scope.Register(ctx, r.View, df, def)
}

// checkRead gives the stream of a source for its columns alone.
func checkRead(ctx context.Context, scope *dataflow.CheckScope, source StreamingSource) (sql.DataFrame, error) {
	if scope.Sampling() {
		return nil, &dataflow.NotAnalysedError{Reason: "a stream has no sample"}
	}
	if view, ok := source.(FromView); ok {
		return scope.Load(ctx, dataflow.Input(view))
	}
	if file, ok := source.(FileSource); ok && file.InferSchema && !scope.Infer() {
		return nil, &dataflow.NotAnalysedError{Reason: "its columns are those of its files, which are not read; declare a schema, or allow it with --infer"}
	}
	if _, known := source.(dataflow.Describer); !known {
		return nil, &dataflow.NotAnalysedError{Reason: fmt.Sprintf("its source, a %T, is written in Go and tells nothing", source)}
	}
	return source.ReadStream(ctx, scope.Spark())
}

// Check implements [dataflow.Checker], with one analysis, one more for each SQL
// transform. What Spark refuses of streams alone, such as an aggregation without
// a watermark, comes with the start of the query.
func (p StreamingPipeline) Check(ctx context.Context, scope *dataflow.CheckScope) error {
	if err := p.Validate(); err != nil {
		return err
	}
	df, err := checkRead(ctx, scope, p.Source)
	if err != nil {
		return err
	}
	if df, err = p.Watermark.Transform(ctx, scope.Spark(), df); err != nil {
		return err
	}
	for i, t := range p.Transforms {
		checker, ok := t.(dataflow.TransformChecker)
		if !ok {
			return &dataflow.NotAnalysedError{Reason: fmt.Sprintf("transform %d, a %T, is no dataflow.TransformChecker", i+1, t)}
		}
		if df, err = checker.CheckTransform(ctx, scope, df); err != nil {
			return fmt.Errorf("transform %d: %w", i+1, err)
		}
	}
	def, err := scope.Analyze(ctx, df)
	if err != nil {
		return err
	}
	scope.Delivers(def)
	names := make([]string, len(def.Fields))
	for i, field := range def.Fields {
		names[i] = strings.ToLower(field.Name)
	}
	for _, column := range partitionsOf(p.Sink) {
		if !slices.Contains(names, strings.ToLower(column)) {
			scope.Report(dataflow.CheckError, fmt.Errorf("partition_by: the stream has no column %q; it has %s", column, strings.Join(names, ", ")))
		}
	}
	return nil
}

// partitionsOf are the columns by which a sink partitions, where they are plain
// columns.
func partitionsOf(sink StreamingSink) []string {
	switch s := sink.(type) {
	case DeltaSink:
		return s.PartitionBy
	case FileSink:
		return s.PartitionBy
	case TableSink:
		return s.PartitionBy
	default:
		return nil
	}
}

// CheckTransform implements [dataflow.TransformChecker].
func (w Watermark) CheckTransform(ctx context.Context, scope *dataflow.CheckScope, in sql.DataFrame) (sql.DataFrame, error) {
	return w.Transform(ctx, scope.Spark(), in)
}

// CheckTransform implements [dataflow.TransformChecker]. Duplicates are a matter of
// streams: the columns are the same.
func (d DropDuplicates) CheckTransform(_ context.Context, _ *dataflow.CheckScope, in sql.DataFrame) (sql.DataFrame, error) {
	return in, nil
}

// CheckTransform implements [dataflow.TransformChecker], with an analysis of the
// input.
func (s SQL) CheckTransform(ctx context.Context, scope *dataflow.CheckScope, in sql.DataFrame) (sql.DataFrame, error) {
	def, err := scope.Analyze(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := scope.Register(ctx, s.View, in, def); err != nil {
		return nil, err
	}
	return scope.SQL(ctx, s.Query)
}
