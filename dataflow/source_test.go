package dataflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func files(path string, more ...string) dataflow.FileSource {
	return dataflow.FileSource{Path: path, Paths: more}
}

// sources is every source with every option, by the name of its plan.
func sources() map[string]dataflow.Source {
	options := map[string]string{"k": "v", "header": "maybe"}
	full := dataflow.FileSource{Paths: []string{"/a", "s3a://b/*"}, Schema: "id BIGINT, name STRING", Options: options}
	database := dataflow.JDBC{
		URL: secrets.NewValue("jdbc:h2:mem:x"), User: "ann", Password: secrets.NewValue("pw"), Driver: "org.h2.Driver",
		Options: map[string]string{"queryTimeout": "9", "fetchsize": "2"},
	}
	return map[string]dataflow.Source{
		"reader":                         dataflow.Reader{},
		"reader format":                  dataflow.Reader{Format: "orc"},
		"reader schema":                  dataflow.Reader{Schema: "id INT"},
		"reader options":                 dataflow.Reader{Options: options},
		"reader paths":                   dataflow.Reader{Paths: []string{"/a", "/b"}},
		"reader all":                     dataflow.Reader{Format: "x.y.Z", Schema: "id INT", Options: options, Paths: []string{"/a"}},
		"csv":                            dataflow.CSVSource{FileSource: files("/a")},
		"csv header, infer":              dataflow.CSVSource{FileSource: files("/a"), Header: true, InferSchema: true},
		"csv schema needs no inference":  dataflow.CSVSource{FileSource: dataflow.FileSource{Path: "/a", Schema: "id INT"}, InferSchema: true},
		"csv options win in any case":    dataflow.CSVSource{FileSource: dataflow.FileSource{Path: "/a", Options: map[string]string{"HEADER": "false", "inferschema": "true"}}, Header: true},
		"csv options win":                dataflow.CSVSource{FileSource: full, Header: true},
		"json":                           dataflow.JSONSource{FileSource: files("/a")},
		"json multi line, all":           dataflow.JSONSource{FileSource: full, MultiLine: true},
		"parquet":                        dataflow.ParquetSource{FileSource: files("/a")},
		"parquet all":                    dataflow.ParquetSource{FileSource: full},
		"object store":                   dataflow.ObjectStoreSource{FileSource: files("s3a://b/x")},
		"object store csv":               dataflow.ObjectStoreSource{FileSource: files("s3a://b/x.csv.gz")},
		"object store csv, options win":  dataflow.ObjectStoreSource{FileSource: dataflow.FileSource{Path: "s3a://b/x.csv", Options: map[string]string{"header": "false", "inferSchema": "false"}}},
		"object store format wins":       dataflow.ObjectStoreSource{FileSource: files("s3a://b/x.csv"), Format: "text"},
		"table":                          dataflow.TableSource{Table: "db.t"},
		"table options":                  dataflow.TableSource{Table: "`a b`.t", Options: options},
		"input view":                     dataflow.Input{View: "v"},
		"input query":                    dataflow.Input{Query: "SELECT 1"},
		"jdbc table":                     dataflow.JDBCSource{JDBC: dataflow.JDBC{URL: database.URL}, Table: "t"},
		"jdbc query, all":                dataflow.JDBCSource{JDBC: database, Query: "SELECT 1", FetchSize: 5},
		"jdbc parallel":                  dataflow.JDBCSource{JDBC: dataflow.JDBC{URL: database.URL}, Table: "t", FetchSize: 5, PartitionColumn: "id", LowerBound: "1", UpperBound: "9", NumPartitions: 3},
		"bigquery table":                 dataflow.BigQuerySource{Table: "p.d.t", Options: options},
		"bigquery query wins over table": dataflow.BigQuerySource{Table: "p.d.t", Query: "SELECT 1"},
	}
}

func TestPlansOfSources(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	plans := map[string]json.RawMessage{}
	for name, source := range sources() {
		if v, ok := source.(component.Validator); ok {
			require.NoError(t, v.Validate(), name)
		}
		df, err := source.Load(t.Context(), b.spark)
		require.NoError(t, err, name)
		plans[name] = b.planOf(t, df)
	}
	require.Zero(t, b.trips(), "no source costs a round trip")
	golden(t, "sources", plans)
}

func TestSourceFaults(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	none, both := `set "path" or "paths"`, `"path" and "paths" exclude each other`
	parallel := "a parallel read wants partition_column, lower_bound, upper_bound and num_partitions together"
	tests := map[string]struct {
		source dataflow.Source
		want   string
	}{
		"csv none":                {dataflow.CSVSource{}, none},
		"csv both":                {dataflow.CSVSource{FileSource: files("/a", "/b")}, both},
		"json none":               {dataflow.JSONSource{}, none},
		"parquet both":            {dataflow.ParquetSource{FileSource: files("/a", "/b")}, both},
		"object store none":       {dataflow.ObjectStoreSource{}, none},
		"object store csv both":   {dataflow.ObjectStoreSource{FileSource: files("/a", "/b"), Format: "csv"}, both},
		"input none":              {dataflow.Input{}, `set "input_view" or "query"`},
		"input both":              {dataflow.Input{View: "v", Query: "q"}, `"input_view" and "query" exclude each other`},
		"jdbc none":               {dataflow.JDBCSource{}, `set either "table" or "query"`},
		"jdbc both":               {dataflow.JDBCSource{Table: "t", Query: "q"}, `set either "table" or "query"`},
		"jdbc half parallel":      {dataflow.JDBCSource{Table: "t", PartitionColumn: "id"}, parallel},
		"jdbc parallel, query":    {dataflow.JDBCSource{Query: "q", PartitionColumn: "id", LowerBound: "1", UpperBound: "2", NumPartitions: 2}, `a parallel read wants "table"`},
		"bigquery none":           {dataflow.BigQuerySource{}, `set "table" or "query"`},
		"csv one of the is empty": {dataflow.CSVSource{FileSource: files("", "/a", "")}, "read: a path is empty"},
		"table none":              {dataflow.TableSource{}, "read: the table has no name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tt.source.Load(t.Context(), b.spark)
			require.ErrorContains(t, err, tt.want)
			if v, ok := tt.source.(component.Validator); ok && name != "csv one of the is empty" {
				require.ErrorContains(t, v.Validate(), tt.want)
			}
		})
	}
}

func TestObjectStoreTellsTheFormatByTheEnding(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	tests := map[string]string{
		"s3a://b/x": "parquet", "s3a://b/x.parquet": "parquet", "s3a://b/x.snappy.parquet": "parquet", "s3a://b/x.csv": "csv",
		"s3a://b/X.CSV": "csv", "s3a://b/x.csv.gz": "csv", "s3a://b/x.json": "json", "s3a://b/x.jsonl.zst": "json",
		"s3a://b/x.ndjson": "json", "s3a://b/x.orc": "orc", "s3a://b/x.avro": "avro", "s3a://b/x.txt.bz2": "text",
		"s3a://b/x.csv/part-0": "parquet", "s3a://b/*.json": "json", "s3a://b/x.pdf": "parquet", "s3a://b/": "parquet",
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			df, err := dataflow.ObjectStoreSource{FileSource: files(path)}.Load(t.Context(), b.spark)
			require.NoError(t, err)
			require.JSONEq(t, `"`+want+`"`, string(at(t, b.planOf(t, df), "root", "read", "dataSource", "format")))
		})
	}
	df, err := dataflow.ObjectStoreSource{FileSource: files("", "s3a://b/x", "s3a://b/y.orc")}.Load(t.Context(), b.spark)
	require.NoError(t, err)
	require.JSONEq(t, `"orc"`, string(at(t, b.planOf(t, df), "root", "read", "dataSource", "format")))
}

// TestSourcesLeaveWhatTheyAreGivenAlone matters because a source is a plain
// value that may run twice, and at the same time.
func TestSourcesLeaveWhatTheyAreGivenAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	backing := []string{"s3a://b/x", "untouched"}
	options := map[string]string{"sep": ";"}
	source := dataflow.ObjectStoreSource{FileSource: dataflow.FileSource{Paths: backing[:1], Options: options}}
	for range 2 {
		_, err := source.Load(t.Context(), b.spark)
		require.NoError(t, err)
		_, err = dataflow.CSVSource{FileSource: source.FileSource, Header: true}.Load(t.Context(), b.spark)
		require.NoError(t, err)
	}
	require.Equal(t, []string{"s3a://b/x", "untouched"}, backing)
	require.Equal(t, map[string]string{"sep": ";"}, options)
}

func TestSourceFunc(t *testing.T) {
	t.Parallel()
	source := dataflow.SourceFunc(func(context.Context, *dataflow.Session) (sql.DataFrame, error) { return nil, errReason })
	_, err := source.Load(t.Context(), nil)
	require.True(t, errors.Is(err, errReason))
}
