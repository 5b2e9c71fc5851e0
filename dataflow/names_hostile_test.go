package dataflow_test

import (
	"context"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// TestNamesThatSparkWouldReadOtherwise is for every way to name a table or a view:
// what Spark would take for something else is refused, and nothing is sent.
func TestNamesThatSparkWouldReadOtherwise(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	df := b.frame(t)
	reads := map[string]func(ctx context.Context, name string) error{
		"table source": func(ctx context.Context, name string) error {
			_, err := dataflow.TableSource{Table: name}.Load(ctx, b.spark)
			return err
		},
		"format source": func(ctx context.Context, name string) error {
			_, err := dataflow.FormatSource{Table: name}.Load(ctx, b.spark)
			return err
		},
		"delta source": func(ctx context.Context, name string) error {
			_, err := dataflow.DeltaSource{Table: name}.Load(ctx, b.spark)
			return err
		},
		"iceberg source": func(ctx context.Context, name string) error {
			_, err := dataflow.IcebergSource{Table: name}.Load(ctx, b.spark)
			return err
		},
		"view":        func(ctx context.Context, name string) error { return b.spark.CreateTempView(ctx, df, name) },
		"global view": func(ctx context.Context, name string) error { return b.spark.CreateGlobalTempView(ctx, df, name) },
	}
	v2 := dataflow.WriterV2{}
	writes := map[string]func(ctx context.Context, name string) error{
		"table sink": func(ctx context.Context, name string) error {
			return dataflow.TableSink{Table: name}.Write(ctx, b.spark, df)
		},
		"insert": func(ctx context.Context, name string) error {
			return dataflow.TableSink{Table: name, Insert: true}.Write(ctx, b.spark, df)
		},
		"format sink": func(ctx context.Context, name string) error {
			return dataflow.FormatSink{Format: "orc", Table: name}.Write(ctx, b.spark, df)
		},
		"delta sink": func(ctx context.Context, name string) error {
			return dataflow.DeltaSink{Table: name}.Write(ctx, b.spark, df)
		},
		"iceberg sink": func(ctx context.Context, name string) error {
			return dataflow.IcebergSink{Table: name}.Write(ctx, b.spark, df)
		},
		"save as table": func(ctx context.Context, name string) error {
			return dataflow.Writer{}.SaveAsTable(ctx, b.spark, df, name)
		},
		"insert into": func(ctx context.Context, name string) error {
			return dataflow.Writer{}.InsertInto(ctx, b.spark, df, name)
		},
		"create":            func(ctx context.Context, name string) error { return v2.Create(ctx, b.spark, df, name) },
		"replace":           func(ctx context.Context, name string) error { return v2.Replace(ctx, b.spark, df, name) },
		"create or replace": func(ctx context.Context, name string) error { return v2.CreateOrReplace(ctx, b.spark, df, name) },
		"append":            func(ctx context.Context, name string) error { return v2.Append(ctx, b.spark, df, name) },
		"overwrite": func(ctx context.Context, name string) error {
			return v2.Overwrite(ctx, b.spark, df, name, functions.Expr("true"))
		},
		"overwrite partitions": func(ctx context.Context, name string) error { return v2.OverwritePartitions(ctx, b.spark, df, name) },
	}
	before := b.trips()
	for how, do := range reads {
		require.ErrorContains(t, do(t.Context(), "db.`${spark.app.name}`"), "Spark replaces ${…} in names", how)
		require.ErrorContains(t, do(t.Context(), "a--b"), "for a comment", how)
	}
	for how, do := range writes {
		require.ErrorContains(t, do(t.Context(), "db.`${spark.app.name}`"), "Spark replaces ${…} in names", how)
		require.ErrorContains(t, do(t.Context(), "a/*b*/"), "for a comment", how)
		require.ErrorContains(t, do(t.Context(), "db.`../other`"), "the way to another one", how)
	}
	require.Equal(t, before, b.trips(), "nothing is sent")
	for _, part := range []component.Validator{dataflow.TableSource{Table: "${t}"}, dataflow.TableSink{Table: "${t}"}, dataflow.TableSource{}} {
		require.Error(t, part.Validate(), "files are told before they run")
	}
}
