package dataflow_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// v2 is a method of WriterV2 as a sink.
type v2 func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, table string) error

func (write v2) to(table string) dataflow.SinkFunc {
	return func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
		return write(ctx, spark, df, table)
	}
}

// overwrite is WriterV2.Overwrite as a sink.
func overwrite(w dataflow.WriterV2, condition column.Convertible) dataflow.SinkFunc {
	return func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
		return w.Overwrite(ctx, spark, df, "cat.db.t", condition)
	}
}

func TestPlansOfTheWriterV2(t *testing.T) {
	t.Parallel()
	full := dataflow.WriterV2{
		Provider: "iceberg", Options: map[string]string{"write-format": "orc"}, TableProperties: map[string]string{"owner": "ann"},
		PartitionBy: []dataflow.Partition{
			dataflow.PartitionColumn("a.b"), dataflow.PartitionYears("y"), dataflow.PartitionMonths("m"), dataflow.PartitionDays("d"),
			dataflow.PartitionHours("`h.h`"), dataflow.PartitionBucket(16, "x", "y"),
		},
	}
	options := dataflow.WriterV2{Options: map[string]string{"mergeSchema": "true"}}
	plansOfSinks(t, "writer_v2", map[string]dataflow.Sink{
		"create":              v2(dataflow.WriterV2{}.Create).to("cat.db.t"),
		"create all":          v2(full.Create).to("cat.db.`my-table`"),
		"create clusterBy":    v2(dataflow.WriterV2{ClusterBy: []string{"a", "b.c"}}.Create).to("cat.db.t"),
		"replace":             v2(dataflow.WriterV2{Provider: "delta"}.Replace).to("cat.db.t"),
		"createOrReplace":     v2(dataflow.WriterV2{PartitionBy: dataflow.PartitionColumns("a", "b")}.CreateOrReplace).to("t"),
		"append":              v2(options.Append).to("cat.db.t"),
		"overwrite column":    overwrite(options, functions.Col("a").Eq(functions.StringLit("it's"))),
		"overwrite SQL":       overwrite(dataflow.WriterV2{}, functions.Expr("a = 'x' AND b > 1")),
		"overwritePartitions": v2(options.OverwritePartitions).to("cat.db.t"),
	})
}

func TestWriterV2Conflicts(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	cols := []string{"a"}
	parts := func(p ...dataflow.Partition) dataflow.SinkFunc {
		return v2(dataflow.WriterV2{PartitionBy: p}.Create).to("t")
	}
	const keeps = "the table exists and keeps its provider, properties, partitions and clusters"
	tests := map[string]struct {
		sink dataflow.Sink
		want string
	}{
		"append provider":         {v2(dataflow.WriterV2{Provider: "delta"}.Append).to("t"), "save to t: these settings of the writer do not go together: " + keeps},
		"append properties":       {v2(dataflow.WriterV2{TableProperties: map[string]string{"a": "b"}}.Append).to("t"), keeps},
		"overwrite partitions":    {overwrite(dataflow.WriterV2{PartitionBy: dataflow.PartitionColumns("a")}, functions.Expr("true")), keeps},
		"dynamic overwrite":       {v2(dataflow.WriterV2{ClusterBy: cols}.OverwritePartitions).to("t"), keeps},
		"overwrite nothing":       {overwrite(dataflow.WriterV2{}, nil), "the condition is nil"},
		"clusters and partitions": {v2(dataflow.WriterV2{ClusterBy: cols, PartitionBy: dataflow.PartitionColumns("a")}.Create).to("t"), "clusterBy excludes partitionBy"},
		"cluster without a name":  {v2(dataflow.WriterV2{ClusterBy: []string{"a", " "}}.Replace).to("t"), "clustering column 2 has no name"},
		"partition, zero value":   {parts(dataflow.PartitionColumn("a"), dataflow.Partition{}), "partition 2: it names no column"},
		"partition, no name":      {parts(dataflow.PartitionYears("")), "partition 1: a column has no name"},
		"no buckets":              {parts(dataflow.PartitionBucket(0, "a")), "partition 1: 0 is no number of buckets"},
		"negative buckets":        {parts(dataflow.PartitionBucket(-1, "a")), "-1 is no number of buckets"},
		"too many buckets":        {parts(dataflow.PartitionBucket(math.MaxInt32+1, "a")), "2147483648 is no number of buckets"},
		"buckets of nothing":      {parts(dataflow.PartitionBucket(4)), "it names no column"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.sink.Write(t.Context(), b.spark, b.frame(t))
			require.ErrorIs(t, err, dataflow.ErrWriterConflict)
			require.ErrorContains(t, err, tt.want)
		})
	}
	require.Zero(t, b.trips(), "a conflict sends nothing")
}

func TestWriterV2Faults(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	w := dataflow.WriterV2{}
	require.EqualError(t, w.Append(t.Context(), b.spark, b.frame(t), " "), "save: the table has no name")
	require.EqualError(t, w.Create(t.Context(), b.spark, nil, "t"), "save to t: the DataFrame is nil")
	require.EqualError(t, w.Overwrite(t.Context(), b.spark, b.frame(t), "t", column.Column{}), "overwrite t: the condition: the column is empty")
	require.ErrorIs(t, w.Create(t.Context(), b.spark, setup(t, nil).frame(t), "t"), dataflow.ErrForeignSession)
	require.Zero(t, b.trips())
	b.server.OnExecute(func(*fakeconnect.Operation) error { return notFound.Error() })
	err := w.Append(t.Context(), b.spark, b.frame(t), "db.t")
	require.EqualError(t, err, "save to db.t: [TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found. (SQLSTATE 42P01)")
	var spark *component.SparkError
	require.ErrorAs(t, err, &spark)
}

func TestPartitionReadsAsInSQL(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]dataflow.Partition{
		"a": dataflow.PartitionColumn("a"), "years(a)": dataflow.PartitionYears("a"), "months(a)": dataflow.PartitionMonths("a"),
		"days(a)": dataflow.PartitionDays("a"), "hours(a)": dataflow.PartitionHours("a"), "bucket(4, a, b)": dataflow.PartitionBucket(4, "a", "b"),
		"": {},
	} {
		require.Equal(t, want, p.String())
	}
}

// TestPartitionsAreNoText holds against text in the place of a transform, which
// Spark refuses.
func TestPartitionsAreNoText(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	w := dataflow.WriterV2{PartitionBy: []dataflow.Partition{dataflow.PartitionBucket(4, "id")}}
	require.NoError(t, w.Create(t.Context(), b.spark, b.frame(t), "t"))
	columns := at(t, b.lastPlan(t), "command", "writeOperationV2", "partitioningColumns")
	var got []map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(columns, &got))
	require.Len(t, got, 1)
	require.Contains(t, got[0], "unresolvedFunction")
	require.JSONEq(t, `[{"literal":{"integer":4}},{"unresolvedAttribute":{"unparsedIdentifier":"id"}}]`,
		string(at(t, got[0]["unresolvedFunction"], "arguments")))
}
