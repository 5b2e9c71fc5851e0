package dataflow_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/secrets"
)

var notFound = fakeconnect.Failure{
	Class: "TABLE_OR_VIEW_NOT_FOUND", State: "42P01", Message: "The table `t` cannot be found.",
	Parameters: map[string]string{"relationName": "`t`"},
}

// save, table and insert are the three ways of a writer, as sinks.
func save(w dataflow.Writer) dataflow.SinkFunc {
	return func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
		return w.Save(ctx, spark, df, "/out")
	}
}

func table(w dataflow.Writer) dataflow.SinkFunc {
	return func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
		return w.SaveAsTable(ctx, spark, df, "db.t")
	}
}

func insert(w dataflow.Writer) dataflow.SinkFunc {
	return func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
		return w.InsertInto(ctx, spark, df, "db.t")
	}
}

func TestPlansOfTheWriter(t *testing.T) {
	t.Parallel()
	options := map[string]string{"compression": "zstd"}
	plansOfSinks(t, "writer", map[string]dataflow.Sink{
		"save":                save(dataflow.Writer{}),
		"save format":         save(dataflow.Writer{Format: "orc"}),
		"save append":         save(dataflow.Writer{Mode: dataflow.SaveModeAppend}),
		"save overwrite":      save(dataflow.Writer{Mode: dataflow.SaveModeOverwrite}),
		"save ignore":         save(dataflow.Writer{Mode: dataflow.SaveModeIgnore}),
		"save options":        save(dataflow.Writer{Options: options}),
		"save partitionBy":    save(dataflow.Writer{PartitionBy: []string{"y", "m"}}),
		"table":               table(dataflow.Writer{}),
		"table partitionBy":   table(dataflow.Writer{PartitionBy: []string{"y"}, Format: "parquet", Mode: dataflow.SaveModeOverwrite, Options: options}),
		"table bucketBy":      table(dataflow.Writer{Buckets: 8, BucketBy: []string{"a", "b"}}),
		"table sortBy":        table(dataflow.Writer{Buckets: 8, BucketBy: []string{"a"}, SortBy: []string{"b", "c"}}),
		"table partition all": table(dataflow.Writer{PartitionBy: []string{"y"}, Buckets: 8, BucketBy: []string{"a"}, SortBy: []string{"b"}}),
		"table clusterBy":     table(dataflow.Writer{ClusterBy: []string{"a", "b"}}),
		"insert":              insert(dataflow.Writer{}),
		"insert overwrite":    insert(dataflow.Writer{Mode: dataflow.SaveModeOverwrite, Options: options}),
	})
}

func TestPlansOfSinks(t *testing.T) {
	t.Parallel()
	options := map[string]string{"k": "v", "header": "maybe"}
	full := dataflow.FileSink{Path: "/out", Mode: dataflow.SaveModeAppend, PartitionBy: []string{"y"}, Options: options}
	database := dataflow.JDBC{
		URL: secrets.NewValue("jdbc:postgresql://h/db"), User: "ann", Password: secrets.NewValue("pw"), Driver: "org.postgresql.Driver",
		Options: map[string]string{"isolationLevel": "NONE"},
	}
	plansOfSinks(t, "sinks", map[string]dataflow.Sink{
		"csv":              dataflow.CSVSink{FileSink: dataflow.FileSink{Path: "/out"}},
		"csv header":       dataflow.CSVSink{FileSink: dataflow.FileSink{Path: "/out"}, Header: true},
		"csv options win":  dataflow.CSVSink{FileSink: full, Header: true},
		"json":             dataflow.JSONSink{FileSink: dataflow.FileSink{Path: "/out"}},
		"json all":         dataflow.JSONSink{FileSink: full},
		"parquet":          dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: "/out"}},
		"parquet all":      dataflow.ParquetSink{FileSink: full},
		"object store":     dataflow.ObjectStoreSink{FileSink: full},
		"object store csv": dataflow.ObjectStoreSink{FileSink: dataflow.FileSink{Path: "s3a://b/x"}, Format: "csv"},
		"object store orc": dataflow.ObjectStoreSink{FileSink: dataflow.FileSink{Path: "s3a://b/x"}, Format: "orc"},
		"table":            dataflow.TableSink{Table: "db.t"},
		"table all": dataflow.TableSink{
			Table: "db.t", Mode: dataflow.SaveModeOverwrite, Format: "orc", PartitionBy: []string{"y"},
			Buckets: 4, BucketBy: []string{"a"}, SortBy: []string{"b"}, Options: options,
		},
		"table insert": dataflow.TableSink{Table: "db.t", Insert: true, Mode: dataflow.SaveModeAppend},
		"jdbc":         dataflow.JDBCSink{JDBC: dataflow.JDBC{URL: database.URL}, Table: "t"},
		"jdbc all":     dataflow.JDBCSink{JDBC: database, Table: "t", Mode: dataflow.SaveModeOverwrite, Truncate: true, BatchSize: 500},
		"bigquery":     dataflow.BigQuerySink{Table: "p.d.t"},
		"bigquery all": dataflow.BigQuerySink{Table: "p.d.t", Mode: dataflow.SaveModeAppend, Options: options},
	})
}

// plansOfSinks compares what sinks send.
func plansOfSinks(t *testing.T, name string, sinks map[string]dataflow.Sink) {
	t.Helper()
	b := setup(t, nil)
	plans := map[string]json.RawMessage{}
	trips := func() int { return b.trips() - len(b.server.Requests("Config")) }
	for what, sink := range sinks {
		before := trips()
		require.NoError(t, sink.Write(t.Context(), b.spark, b.frame(t)), what)
		require.Equal(t, before+1, trips(), "%s costs one round trip, and a look at a property where partitions are overwritten", what)
		plans[what] = b.lastPlan(t)
	}
	golden(t, name, plans)
}

func TestWriterConflicts(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	cols := []string{"a"}
	tests := map[string]struct {
		sink dataflow.Sink
		want string
	}{
		"save bucketBy":             {save(dataflow.Writer{Buckets: 2, BucketBy: cols}), "save to /out: these settings of the writer do not go together: bucketing needs a table"},
		"save buckets only":         {save(dataflow.Writer{Buckets: 2}), "bucketing needs a table"},
		"save columns only":         {save(dataflow.Writer{BucketBy: cols}), "bucketing needs a table"},
		"save negative buckets":     {save(dataflow.Writer{Buckets: -1}), "bucketing needs a table"},
		"save sortBy":               {save(dataflow.Writer{SortBy: cols}), "sortBy wants bucketBy"},
		"save clusterBy":            {save(dataflow.Writer{ClusterBy: cols}), "clusterBy needs a table"},
		"table negative buckets":    {table(dataflow.Writer{Buckets: -1, BucketBy: cols}), "save to db.t: these settings of the writer do not go together: the number of buckets is negative"},
		"table too many buckets":    {table(dataflow.Writer{Buckets: math.MaxInt32 + 1, BucketBy: cols}), "the number of buckets is too large"},
		"table buckets only":        {table(dataflow.Writer{Buckets: 2}), "wants both a number of buckets and columns"},
		"table columns only":        {table(dataflow.Writer{BucketBy: cols}), "wants both a number of buckets and columns"},
		"table sortBy":              {table(dataflow.Writer{SortBy: cols}), "sortBy wants bucketBy"},
		"table cluster, partition":  {table(dataflow.Writer{ClusterBy: cols, PartitionBy: cols}), "clusterBy excludes partitionBy and bucketBy"},
		"table cluster, bucket":     {table(dataflow.Writer{ClusterBy: cols, Buckets: 2, BucketBy: cols}), "clusterBy excludes partitionBy and bucketBy"},
		"insert partitionBy":        {insert(dataflow.Writer{PartitionBy: cols}), "insertInto takes the layout of the table"},
		"insert bucketBy":           {insert(dataflow.Writer{BucketBy: cols, Buckets: 2}), "insertInto takes the layout of the table"},
		"insert buckets":            {insert(dataflow.Writer{Buckets: 2}), "insertInto takes the layout of the table"},
		"insert sortBy":             {insert(dataflow.Writer{SortBy: cols}), "insertInto takes the layout of the table"},
		"insert clusterBy":          {insert(dataflow.Writer{ClusterBy: cols}), "insertInto takes the layout of the table"},
		"mode that does not exist":  {save(dataflow.Writer{Mode: 9}), "SaveMode(9) is no save mode"},
		"table sink through Write":  {dataflow.TableSink{Table: "t", SortBy: cols}, "sortBy wants bucketBy"},
		"insert sink through Write": {dataflow.TableSink{Table: "t", Insert: true, PartitionBy: cols}, "insertInto takes the layout of the table"},
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

func TestTableSinkValidate(t *testing.T) {
	t.Parallel()
	cols := []string{"a"}
	require.NoError(t, dataflow.TableSink{Table: "t"}.Validate())
	require.NoError(t, dataflow.TableSink{Table: "t", Insert: true, Mode: dataflow.SaveModeOverwrite}.Validate())
	require.ErrorIs(t, dataflow.TableSink{Table: "t", Buckets: 2}.Validate(), dataflow.ErrWriterConflict)
	for name, sink := range map[string]dataflow.TableSink{
		"format": {Format: "orc"}, "partition": {PartitionBy: cols}, "buckets": {Buckets: 1}, "bucket by": {BucketBy: cols}, "sort by": {SortBy: cols},
	} {
		sink.Insert = true
		require.EqualError(t, sink.Validate(), `"insert" takes format, partitions and buckets from the table that exists`, name)
	}
}

func TestWriterNamesItsTarget(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	require.EqualError(t, dataflow.Writer{}.SaveAsTable(t.Context(), b.spark, b.frame(t), ""), "save: the table has no name")
	require.EqualError(t, dataflow.Writer{}.InsertInto(t.Context(), b.spark, b.frame(t), ""), "save: the table has no name")
	b.server.OnExecute(func(*fakeconnect.Operation) error { return notFound.Error() })
	const cause = ": [TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found. (SQLSTATE 42P01)"
	tests := map[string]dataflow.Sink{
		"save to /out" + cause: save(dataflow.Writer{}),
		"save to db.t" + cause: insert(dataflow.Writer{}),
		"save in the format noop" + cause: dataflow.SinkFunc(func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
			return dataflow.Writer{Format: "noop"}.Save(ctx, spark, df, "")
		}),
	}
	for want, sink := range tests {
		err := sink.Write(t.Context(), b.spark, b.frame(t))
		require.EqualError(t, err, want)
		var spark *component.SparkError
		require.ErrorAs(t, err, &spark)
		require.Equal(t, map[string]string{"relationName": "`t`"}, spark.Parameters)
	}
}

// TestIgnoringAnExistingTableIsNoError holds against Spark 4.0, which reports an
// error after it has rightly done nothing.
func TestIgnoringAnExistingTableIsNoError(t *testing.T) {
	t.Parallel()
	const manager = "org.apache.spark.sql.connect.service.ExecuteEventsManager"
	tests := map[string]struct {
		mode      dataflow.SaveMode
		class     string
		javaClass string
		method    string
		ignored   bool
	}{
		"nothing to do":         {dataflow.SaveModeIgnore, "", "java.lang.IllegalStateException", "postFinished", true},
		"not yet finished":      {dataflow.SaveModeIgnore, "", "java.lang.IllegalStateException", "postAnalyzed", false},
		"another exception":     {dataflow.SaveModeIgnore, "", "java.lang.RuntimeException", "postFinished", false},
		"an error with a class": {dataflow.SaveModeIgnore, "X", "java.lang.IllegalStateException", "postFinished", false},
		"another mode":          {dataflow.SaveModeAppend, "", "java.lang.IllegalStateException", "postFinished", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			b.server.OnExecute(func(*fakeconnect.Operation) error {
				return fakeconnect.Failure{Class: tt.class, JavaClass: tt.javaClass, Message: "with status Analyzed", ErrorID: "e"}.Error()
			})
			b.server.SetDetails("e", &wire.FetchErrorDetailsResponse{
				RootErrorIdx: ptr(int32(0)),
				Errors: []*wire.FetchErrorDetailsResponse_Error{{
					ErrorTypeHierarchy: []string{tt.javaClass},
					StackTrace: []*wire.FetchErrorDetailsResponse_StackTraceElement{
						{DeclaringClass: manager, MethodName: "assertStatus"}, {DeclaringClass: manager, MethodName: tt.method},
					},
				}},
			})
			err := dataflow.TableSink{Table: "t", Mode: tt.mode}.Write(t.Context(), b.spark, b.frame(t))
			require.Equal(t, tt.ignored, err == nil, "%v", err)
		})
	}
}

func TestSinksLeaveWhatTheyAreGivenAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	options := map[string]string{"sep": ";"}
	require.NoError(t, dataflow.CSVSink{FileSink: dataflow.FileSink{Path: "/out", Options: options}}.Write(t.Context(), b.spark, b.frame(t)))
	require.Equal(t, map[string]string{"sep": ";"}, options)
}

func TestSaveModeText(t *testing.T) {
	t.Parallel()
	names := map[dataflow.SaveMode][]string{
		dataflow.SaveModeErrorIfExists: {"errorifexists", "error", "default", "ErrorIfExists"},
		dataflow.SaveModeAppend:        {"append", "APPEND"},
		dataflow.SaveModeOverwrite:     {"overwrite", "Overwrite"},
		dataflow.SaveModeIgnore:        {"ignore"},
		dataflow.SaveModeUpsert:        {"upsert", "Upsert"},
	}
	for mode, texts := range names {
		for _, text := range texts {
			got := dataflow.SaveMode(77)
			require.NoError(t, got.UnmarshalText([]byte(text)))
			require.Equal(t, mode, got)
		}
		data, err := json.Marshal(mode)
		require.NoError(t, err)
		require.JSONEq(t, `"`+texts[0]+`"`, string(data))
		require.Equal(t, texts[0], mode.String())
	}
	require.Zero(t, dataflow.SaveModeErrorIfExists, "the zero value is Spark's default")
	mode := dataflow.SaveModeAppend
	require.EqualError(t, mode.UnmarshalText([]byte("merge")), `unknown save mode "merge"; write append, overwrite, errorifexists or ignore`)
	require.Error(t, mode.UnmarshalText(nil))
	require.Equal(t, dataflow.SaveModeAppend, mode, "a fault changes nothing")
	require.Equal(t, "SaveMode(9)", dataflow.SaveMode(9).String())
	_, err := dataflow.SaveMode(9).MarshalText()
	require.EqualError(t, err, "SaveMode(9) is no save mode")
}
