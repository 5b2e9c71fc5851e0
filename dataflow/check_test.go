package dataflow_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// checkable is a session on a fake server on which everything has the columns a
// and b.
func checkable(t testing.TB) bundle {
	t.Helper()
	b := setup(t, nil)
	b.server.OnAnalyze(func(_ *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		resp.Result = fakeconnect.StringColumns("a", "b")
		return nil
	})
	return b
}

// view reads a source into a view.
func view(source dataflow.Source) dataflow.DataFlow {
	return dataflow.ReadView{Source: source, View: "v"}
}

const undeclared = "note not analysed: its schema is not declared, and Spark would read data to find it; declare schema, or allow it with --infer (CheckSessionOptions.Infer)"

func TestCheckOfSources(t *testing.T) {
	t.Parallel()
	path, declared := dataflow.FileSource{Path: "/in"}, dataflow.FileSource{Path: "/in", Schema: "a STRING"}
	option := func(key, value string) dataflow.FileSource {
		return dataflow.FileSource{Path: "/in", Options: map[string]string{key: value}}
	}
	tests := map[string]struct {
		source dataflow.Source
		want   string // empty: analysed
	}{
		"csv":                     {dataflow.CSVSource{FileSource: path, Header: true}, ""},
		"csv, inferred":           {dataflow.CSVSource{FileSource: path, InferSchema: true}, undeclared},
		"csv, inferred by option": {dataflow.CSVSource{FileSource: option("INFERSCHEMA", "true")}, undeclared},
		"csv, not by option":      {dataflow.CSVSource{FileSource: option("inferSchema", "false"), InferSchema: true}, ""},
		"csv, declared":           {dataflow.CSVSource{FileSource: declared, InferSchema: true}, ""},
		"json":                    {dataflow.JSONSource{FileSource: path}, undeclared},
		"json, declared":          {dataflow.JSONSource{FileSource: declared}, ""},
		"parquet":                 {dataflow.ParquetSource{FileSource: path}, ""},
		"object store, by ending": {dataflow.ObjectStoreSource{FileSource: dataflow.FileSource{Path: "s3a://b/x.json"}}, undeclared},
		"object store, csv":       {dataflow.ObjectStoreSource{FileSource: dataflow.FileSource{Path: "s3a://b/x.csv"}}, undeclared},
		"reader, the default":     {dataflow.Reader{Paths: []string{"/in"}}, ""},
		"reader, orc":             {dataflow.Reader{Format: "ORC", Paths: []string{"/in"}}, ""},
		"reader, xml":             {dataflow.Reader{Format: "xml", Paths: []string{"/in"}}, undeclared},
		"reader, anything":        {dataflow.Reader{Format: "org.example.Source"}, "note not analysed: nobody knows what the data source org.example.Source does to find its columns; declare schema"},
		"table":                   {dataflow.TableSource{Table: "db.t"}, ""},
		"table, files":            {dataflow.TableSource{Table: "json.`/in`"}, "note not analysed: Spark would read json.`/in` to find its columns; allow that, or read it with a schema"},
		"query, files":            {dataflow.Input{Query: "SELECT * FROM CSV.`/in`"}, "note not analysed: Spark would read CSV.`/in` to find its columns; allow that, or read it with a schema"},
		"query, footers":          {dataflow.Input{Query: "SELECT * FROM parquet.`/in`"}, ""},
		"bigquery":                {dataflow.BigQuerySource{Table: "p.d.t"}, ""},
		"bigquery, query":         {dataflow.BigQuerySource{Query: "SELECT 1"}, "note not analysed: BigQuery would run its query to find the columns"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := checkable(t)
			want, count := []string{}, 1
			if tt.want != "" {
				want, count = append(want, tt.want), 0
			}
			checks := checkSession(t, b.spark, nil)
			require.Equal(t, want, checkOf(t, checks, "c", view(tt.source)))
			require.Equal(t, count, checks.Analyses())
		})
	}
	b := checkable(t)
	infers := checkSession(t, b.spark, &dataflow.CheckSessionOptions{Infer: true})
	require.Empty(t, checkOf(t, infers, "c", view(dataflow.JSONSource{FileSource: path})))
}

func TestCheckOfJDBCSources(t *testing.T) {
	t.Parallel()
	const url = "jdbc:postgresql://h/db?user=x"
	tests := map[string]struct {
		source   dataflow.JDBCSource
		url      string
		options  map[string]string
		harmless bool
	}{
		"table":               {source: dataflow.JDBCSource{Table: `public."Ö 1"`}, harmless: false},
		"plain table":         {source: dataflow.JDBCSource{Table: `public."Öl"`}, harmless: true},
		"query":               {source: dataflow.JDBCSource{Query: "SELECT a FROM t"}, harmless: true},
		"subquery":            {source: dataflow.JDBCSource{Table: "(SELECT a FROM t) AS x"}, harmless: true},
		"subquery, no alias":  {source: dataflow.JDBCSource{Table: "(SELECT a FROM t)"}, harmless: true},
		"query that deletes":  {source: dataflow.JDBCSource{Query: "DELETE FROM t RETURNING *"}},
		"hidden in a CTE":     {source: dataflow.JDBCSource{Query: "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x"}},
		"SELECT INTO":         {source: dataflow.JDBCSource{Query: "SELECT a INTO u FROM t"}},
		"several":             {source: dataflow.JDBCSource{Query: "SELECT 1; DROP TABLE t"}},
		"table and more":      {source: dataflow.JDBCSource{Table: "t; DROP TABLE t"}},
		"table and a comment": {source: dataflow.JDBCSource{Table: "t--"}},
		"out of the brackets": {source: dataflow.JDBCSource{Table: "(SELECT 1) x; DROP TABLE t; SELECT (1)"}},
		"prepare":             {source: dataflow.JDBCSource{Table: "t"}, options: map[string]string{"PREPAREQUERY": "DROP TABLE t;"}},
		"init":                {source: dataflow.JDBCSource{Table: "t"}, options: map[string]string{"sessionInitStatement": "DROP TABLE t"}},
		"table by option":     {source: dataflow.JDBCSource{Table: "t"}, options: map[string]string{"dbTable": "(DROP TABLE t) x"}},
		"query by option":     {source: dataflow.JDBCSource{Query: "SELECT 1"}, options: map[string]string{"QUERY": "DROP TABLE t"}},
		"H2 script":           {source: dataflow.JDBCSource{Table: "t"}, url: "jdbc:h2:mem:x;INIT=DROP TABLE t"},
		"Derby makes it":      {source: dataflow.JDBCSource{Table: "t"}, url: "jdbc:derby:memory:x;create=true"},
		"Derby drops it":      {source: dataflow.JDBCSource{Table: "t"}, url: "jdbc:derby:memory:x; drop = true"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := checkable(t)
			tt.source.JDBC = dataflow.JDBC{URL: secrets.NewValue(url), Options: tt.options}
			if tt.url != "" {
				tt.source.URL = secrets.NewValue(tt.url)
			}
			checks := checkSession(t, b.spark, nil)
			got := checkOf(t, checks, "c", view(tt.source))
			require.Equal(t, tt.harmless, len(got) == 0, "%v", got)
			require.Equal(t, tt.harmless, checks.Analyses() == 1)
			require.NotContains(t, fmt.Sprint(got), "user=x")
		})
	}
}

func TestCheckOfJDBCSinks(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	checks := checkSession(t, b.spark, nil)
	columns := schema.New(schema.Nullable("a", schema.ArrayOf(schema.Long(), true)), schema.Nullable("b", schema.MapOf(schema.String(), schema.Long(), true)))
	write := func(url string) []string {
		return checkOf(t, checks, "w", sinkCheck{dataflow.JDBCSink{JDBC: dataflow.JDBC{URL: secrets.NewValue(url)}, Table: "t"}, columns})
	}
	require.Equal(t, []string{"error CANNOT_GET_JDBC_TYPE"}, write("jdbc:postgresql://h/db"))
	require.Equal(t, []string{"error CANNOT_GET_JDBC_TYPE", "error CANNOT_GET_JDBC_TYPE"}, write("jdbc:mysql://h/db"))
}

// sinkCheck is a flow that checks a sink with columns.
type sinkCheck struct {
	dataflow.Sink
	columns schema.Definition
}

func (sinkCheck) Name() string { return "sink" }

func (sinkCheck) Run(context.Context, *dataflow.Session, component.Runtime) error { return nil }

func (s sinkCheck) Check(ctx context.Context, scope *dataflow.CheckScope) error {
	return scope.Write(ctx, s.Sink, s.columns)
}

// loud is a transform and a source that can be checked.
type loud struct{}

func (loud) Load(context.Context, *dataflow.Session) (sql.DataFrame, error) { return nil, errReason }

func (loud) CheckLoad(ctx context.Context, scope *dataflow.CheckScope) (sql.DataFrame, error) {
	return scope.Table(ctx, "t", nil)
}

func (loud) Transform(context.Context, *dataflow.Session, sql.DataFrame) (sql.DataFrame, error) {
	return nil, errReason
}

func (loud) CheckTransform(ctx context.Context, scope *dataflow.CheckScope, in sql.DataFrame) (sql.DataFrame, error) {
	return scope.Filter(ctx, in, "a = 'x'")
}

func TestCheckOfOwnParts(t *testing.T) {
	t.Parallel()
	b := checkable(t)
	checks := checkSession(t, b.spark, nil)
	require.Empty(t, checkOf(t, checks, "c", dataflow.Steps{Source: loud{}, Transforms: []dataflow.Transform{loud{}}, View: "v"}))
	require.Equal(t, 1, checks.Analyses())
	require.Equal(t, []string{"error set \"input_view\" or \"query\"\nthe flow has no sink"}, checkOf(t, checks, "d", dataflow.WriteView{}), "what Validate finds")
}

func TestCheckSeverity(t *testing.T) {
	t.Parallel()
	for _, s := range []dataflow.CheckSeverity{dataflow.CheckError, dataflow.CheckWarning, dataflow.CheckNote} {
		text, err := s.MarshalText()
		require.NoError(t, err)
		var back dataflow.CheckSeverity
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, s, back)
	}
	_, err := dataflow.CheckSeverity(9).MarshalText()
	require.EqualError(t, err, "CheckSeverity(9) is no severity")
	require.Error(t, new(dataflow.CheckSeverity).UnmarshalText([]byte("loud")))
}
