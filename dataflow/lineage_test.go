package dataflow_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func viewOf(name string) dataflow.Dataset {
	return dataflow.Dataset{Kind: dataflow.DatasetView, Name: name}
}
func tableOf(name string) dataflow.Dataset {
	return dataflow.Dataset{Kind: dataflow.DatasetTable, Name: name}
}
func pathOf(name string) dataflow.Dataset {
	return dataflow.Dataset{Kind: dataflow.DatasetPath, Name: name}
}
func relationOf(name string) dataflow.Dataset {
	return dataflow.Dataset{Kind: dataflow.DatasetRelation, Name: name}
}

// inputs is the lineage of what only reads.
func inputs(d ...dataflow.Dataset) dataflow.Lineage {
	return dataflow.Lineage{Inputs: d, Effect: dataflow.EffectNone}
}

// output is the lineage of what only writes one dataset.
func output(d dataflow.Dataset, effect dataflow.Effect) dataflow.Lineage {
	return dataflow.Lineage{Outputs: []dataflow.Dataset{d}, Effect: effect}
}

func TestLineageOfSources(t *testing.T) {
	t.Parallel()
	database := dataflow.JDBC{URL: secrets.NewValue("jdbc:postgresql://host:5432/db?user=ann&password=pw")}
	const place = "`jdbc:postgresql://host:5432/db`."
	opaque := dataflow.Lineage{Effect: dataflow.EffectNone, Opaque: true}
	for name, tt := range map[string]struct {
		source dataflow.Source
		want   dataflow.Lineage
	}{
		"csv":                  {dataflow.CSVSource{FileSource: files("/a")}, inputs(pathOf("/a"))},
		"json, paths":          {dataflow.JSONSource{FileSource: files("", "/a", "s3a://b/*", "/a")}, inputs(pathOf("/a"), pathOf("s3a://b/*"))},
		"parquet":              {dataflow.ParquetSource{FileSource: files("data/x.parquet")}, inputs(pathOf("data/x.parquet"))},
		"object store":         {dataflow.ObjectStoreSource{FileSource: files("gs://b/c")}, inputs(pathOf("gs://b/c"))},
		"reader":               {dataflow.Reader{Paths: []string{"/a", "/b"}}, inputs(pathOf("/a"), pathOf("/b"))},
		"reader, path option":  {dataflow.Reader{Options: map[string]string{"PATH": "/a"}}, inputs(pathOf("/a"))},
		"reader of no files":   {dataflow.Reader{Format: "kafka"}, opaque},
		"table":                {dataflow.TableSource{Table: "db.`a b`"}, inputs(relationOf("db.`a b`"))},
		"table, quotes undone": {dataflow.TableSource{Table: "`db`.`t`"}, inputs(relationOf("db.t"))},
		"table, a path":        {dataflow.TableSource{Table: "delta.`/a`"}, inputs(pathOf("/a"))},
		"table, no name":       {dataflow.TableSource{Table: "a b"}, inputs(relationOf("a b"))},
		"input view":           {dataflow.Input{View: "v"}, inputs(relationOf("v"))},
		"input query":          {dataflow.Input{Query: "SELECT * FROM a JOIN parquet.`/b` USING (id)"}, inputs(relationOf("a"), pathOf("/b"))},
		"input nonsense":       {dataflow.Input{Query: "SELEC"}, dataflow.Lineage{Opaque: true}},
		"jdbc table":           {dataflow.JDBCSource{JDBC: database, Table: "public.orders"}, inputs(tableOf(place + "public.orders"))},
		"jdbc table, quoted":   {dataflow.JDBCSource{JDBC: database, Table: `dbo.[my orders]`}, inputs(tableOf(place + "`dbo.[my orders]`"))},
		"jdbc query":           {dataflow.JDBCSource{JDBC: database, Query: `SELECT * FROM "Orders" o, b`}, inputs(tableOf(place+"Orders"), tableOf(place+"b"))},
		"jdbc query as table":  {dataflow.JDBCSource{JDBC: database, Table: " (SELECT * FROM a) x"}, inputs(tableOf(place + "a"))},
		"jdbc dialect":         {dataflow.JDBCSource{JDBC: database, Query: "SELECT TOP 1 [a] FROM #x"}, opaque},
		"jdbc options win": {
			dataflow.JDBCSource{JDBC: dataflow.JDBC{Options: map[string]string{"URL": "jdbc:h2:mem:x", "dbTable": "t"}}, Table: "u"},
			inputs(tableOf("`jdbc:h2:mem:x`.t")),
		},
		"bigquery table": {dataflow.BigQuerySource{Table: "my-project:d.t"}, inputs(tableOf("`bigquery:`.`my-project`.d.t"))},
		"bigquery query": {dataflow.BigQuerySource{Table: "x", Query: "SELECT * FROM `my-project.d.t`"}, inputs(tableOf("`bigquery:`.`my-project`.d.t"))},
		"bigquery other": {dataflow.BigQuerySource{Query: "SELECT * FROM UNNEST([1])"}, opaque},
		"function":       {dataflow.SourceFunc(nil), dataflow.Lineage{Opaque: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flow := dataflow.Steps{Source: tt.source, View: "v"}
			want := tt.want
			want.Outputs = append(want.Outputs, viewOf("v"))
			require.Equal(t, want, dataflow.LineageOf(dataflow.Component(flow)))
		})
	}
}

func TestLineageOfJDBCTellsNoSecrets(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"jdbc:postgresql://host/db":                           "jdbc:postgresql://host/db",
		"jdbc:postgresql://host/db?password=s3cret":           "jdbc:postgresql://host/db",
		"jdbc:postgresql://ann:s3cret@host/db":                "jdbc:postgresql",
		"jdbc:mysql://ann:s3?cret@host/db":                    "jdbc:mysql",
		"jdbc:sqlserver://host:1433;user=ann;password=s3cret": "jdbc:sqlserver://host:1433",
		"jdbc:sqlserver://host;password={s3@cret}":            "jdbc:sqlserver",
		"jdbc:oracle:thin:ann/s3cret@host:1521:x":             "jdbc:oracle",
		"jdbc:db2://host:50000/db:user=ann;password=s3cret;":  "jdbc:db2",
		"jdbc:mysql://(host=h,password=s3cret)/db":            "jdbc:mysql",
		"jdbc:h2:mem:x;PASSWORD=s3cret":                       "jdbc:h2:mem:x",
		"ann:s3cret":                                          "jdbc:",
		"jdbc:s3cret@x":                                       "jdbc:",
		"":                                                    "jdbc:",
	} {
		sink := dataflow.JDBCSink{JDBC: dataflow.JDBC{URL: secrets.NewValue(url)}, Table: "t"}
		require.Equal(t, []dataflow.Dataset{tableOf("`" + want + "`.t")}, sink.Lineage().Outputs, url)
		require.False(t, sink.Lineage().Outputs[0].Same(tableOf("t")))
	}
}

func TestLineageOfSinks(t *testing.T) {
	t.Parallel()
	effects := map[dataflow.SaveMode]dataflow.Effect{
		dataflow.SaveModeAppend: dataflow.EffectRepeats, dataflow.SaveModeOverwrite: dataflow.EffectIdempotent,
		dataflow.SaveModeErrorIfExists: dataflow.EffectIdempotent, dataflow.SaveModeIgnore: dataflow.EffectIdempotent,
		dataflow.SaveMode(9): dataflow.EffectUnknown,
	}
	for mode, effect := range effects {
		file := dataflow.FileSink{Path: "out/a", Mode: mode}
		for _, tt := range []struct {
			sink dataflow.Sink
			want dataflow.Dataset
		}{
			{dataflow.CSVSink{FileSink: file}, pathOf("out/a")},
			{dataflow.JSONSink{FileSink: file}, pathOf("out/a")},
			{dataflow.ParquetSink{FileSink: file}, pathOf("out/a")},
			{dataflow.ObjectStoreSink{FileSink: file}, pathOf("out/a")},
			{dataflow.TableSink{Table: "`db`.t", Mode: mode}, tableOf("db.t")},
			{dataflow.TableSink{Table: "db.t", Insert: true, Mode: mode}, tableOf("db.t")},
			{dataflow.TableSink{Table: "delta.`/x`", Mode: mode}, pathOf("/x")},
			{dataflow.JDBCSink{JDBC: dataflow.JDBC{URL: secrets.NewValue("jdbc:h2:mem:x")}, Table: "s.t", Mode: mode}, tableOf("`jdbc:h2:mem:x`.s.t")},
			{dataflow.BigQuerySink{Table: "p.d.t", Mode: mode}, tableOf("`bigquery:`.p.d.t")},
		} {
			flow := dataflow.WriteView{Input: dataflow.Input{View: "v"}, Sink: tt.sink}
			want := output(tt.want, effect)
			want.Inputs = []dataflow.Dataset{relationOf("v")}
			_, jdbc := tt.sink.(dataflow.JDBCSink)
			want.Partial = jdbc && mode == dataflow.SaveModeAppend
			require.Equal(t, want, dataflow.LineageOf(dataflow.Component(flow)), "%T %s", tt.sink, mode)
		}
	}
}

func TestLineageOfDeltaTransactions(t *testing.T) {
	t.Parallel()
	txn := map[string]string{"txnappid": "job", "txnVersion": "7"}
	lineage := func(format string, options map[string]string) dataflow.Effect {
		file := dataflow.FileSink{Path: "/a", Mode: dataflow.SaveModeAppend, Options: options}
		table := dataflow.TableSink{Table: "t", Format: format, Mode: dataflow.SaveModeAppend, Options: options}
		require.Equal(t, table.Lineage().Effect, dataflow.ObjectStoreSink{FileSink: file, Format: format}.Lineage().Effect)
		return table.Lineage().Effect
	}
	require.Equal(t, dataflow.EffectIdempotent, lineage("delta", txn))
	require.Equal(t, dataflow.EffectIdempotent, lineage("Delta", txn))
	require.Equal(t, dataflow.EffectRepeats, lineage("", txn), "what the table is, is not known")
	require.Equal(t, dataflow.EffectRepeats, lineage("parquet", txn))
	require.Equal(t, dataflow.EffectRepeats, lineage("delta", map[string]string{"txnAppId": "job"}))
}

func TestLineageOfFlows(t *testing.T) {
	t.Parallel()
	overwrite := func(table string) dataflow.Sink {
		return dataflow.TableSink{Table: table, Mode: dataflow.SaveModeOverwrite}
	}
	const idempotent, repeats, none = dataflow.EffectIdempotent, dataflow.EffectRepeats, dataflow.EffectNone
	type ds = []dataflow.Dataset
	for name, tt := range map[string]struct {
		flow dataflow.DataFlow
		want dataflow.Lineage
	}{
		"read": {dataflow.ReadView{Source: dataflow.CSVSource{FileSource: files("/a")}, View: "my view"}, dataflow.Lineage{Inputs: ds{pathOf("/a")}, Outputs: ds{viewOf("`my view`")}, Effect: none}},
		"read, filter": {
			dataflow.ReadView{Source: dataflow.TableSource{Table: "t"}, Filter: "id IN (SELECT id FROM u)", View: "v"},
			dataflow.Lineage{Inputs: ds{relationOf("t"), relationOf("u")}, Outputs: ds{viewOf("v")}, Effect: none},
		},
		"read, no source": {dataflow.ReadView{View: "v"}, dataflow.Lineage{Outputs: ds{viewOf("v")}, Opaque: true}},
		"sql":             {dataflow.SQLView{SQL: "SELECT * FROM a", View: "v"}, dataflow.Lineage{Inputs: ds{relationOf("a")}, Outputs: ds{viewOf("v")}, Effect: none}},
		"sql, marker for a name": {
			dataflow.SQLView{SQL: "SELECT * FROM IDENTIFIER(:t)", View: "v"}, dataflow.Lineage{Outputs: ds{viewOf("v")}, Effect: none, Opaque: true},
		},
		"sql append":             {dataflow.SQLView{SQL: "INSERT INTO t SELECT * FROM s"}, dataflow.Lineage{Inputs: ds{relationOf("s")}, Outputs: ds{tableOf("t")}, Effect: repeats}},
		"sql overwrite":          {dataflow.SQLView{SQL: "INSERT OVERWRITE t SELECT * FROM s"}, dataflow.Lineage{Inputs: ds{relationOf("s")}, Outputs: ds{tableOf("t")}, Effect: idempotent}},
		"sql overwrites itself":  {dataflow.SQLView{SQL: "INSERT OVERWRITE t SELECT * FROM t"}, dataflow.Lineage{Inputs: ds{relationOf("t")}, Outputs: ds{tableOf("t")}, Effect: repeats}},
		"sql merge":              {dataflow.SQLView{SQL: "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE"}, dataflow.Lineage{Inputs: ds{relationOf("s")}, Outputs: ds{tableOf("t")}, Effect: idempotent}},
		"sql temporary view":     {dataflow.SQLView{SQL: "CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM v"}, dataflow.Lineage{Inputs: ds{relationOf("v")}, Outputs: ds{viewOf("v")}, Effect: none}},
		"sql view":               {dataflow.SQLView{SQL: "CREATE VIEW v AS SELECT * FROM t"}, dataflow.Lineage{Inputs: ds{relationOf("t")}, Outputs: ds{tableOf("v")}, Effect: idempotent}},
		"sql drop":               {dataflow.SQLView{SQL: "DROP VIEW IF EXISTS v"}, output(relationOf("v"), idempotent)},
		"sql folder":             {dataflow.SQLView{SQL: "INSERT OVERWRITE DIRECTORY '/a' USING csv SELECT 1"}, output(pathOf("/a"), idempotent)},
		"sql delta path":         {dataflow.SQLView{SQL: "DELETE FROM delta.`/a`"}, output(pathOf("/a"), idempotent)},
		"sql setting":            {dataflow.SQLView{SQL: "SET a = b"}, dataflow.Lineage{Effect: none}},
		"sql call":               {dataflow.SQLView{SQL: "CALL p()"}, dataflow.Lineage{Opaque: true}},
		"sql calls Java":         {dataflow.SQLView{SQL: "SELECT reflect('a', 'b')"}, dataflow.Lineage{Opaque: true}},
		"sql of several":         {dataflow.SQLView{SQL: "SELECT * FROM a; DROP TABLE a"}, dataflow.Lineage{Inputs: ds{relationOf("a")}, Opaque: true}},
		"write what is read":     {dataflow.WriteView{Input: dataflow.Input{View: "DB.T"}, Sink: overwrite("spark_catalog.db.t")}, dataflow.Lineage{Inputs: ds{relationOf("DB.T")}, Outputs: ds{tableOf("spark_catalog.db.t")}, Effect: repeats}},
		"write, query reads it":  {dataflow.WriteView{Input: dataflow.Input{Query: "SELECT * FROM s JOIN t"}, Sink: overwrite("t")}, dataflow.Lineage{Inputs: ds{relationOf("s"), relationOf("t")}, Outputs: ds{tableOf("t")}, Effect: repeats}},
		"write by a function":    {dataflow.WriteView{Input: dataflow.Input{View: "v"}, Sink: dataflow.SinkFunc(nil)}, dataflow.Lineage{Inputs: ds{relationOf("v")}, Opaque: true}},
		"write, no sink":         {dataflow.WriteView{Input: dataflow.Input{View: "v"}}, dataflow.Lineage{Inputs: ds{relationOf("v")}, Opaque: true}},
		"show":                   {dataflow.Show{Input: dataflow.Input{View: "v"}}, inputs(relationOf("v"))},
		"steps":                  {dataflow.Steps{Source: dataflow.Input{View: "v"}, View: "w", Global: true, Sink: overwrite("t")}, dataflow.Lineage{Inputs: ds{relationOf("v")}, Outputs: ds{viewOf("global_temp.w"), tableOf("t")}, Effect: idempotent}},
		"steps, transform":       {dataflow.Steps{Source: dataflow.Input{View: "v"}, Transforms: []dataflow.Transform{dataflow.TransformFunc(nil)}, Sink: overwrite("t")}, dataflow.Lineage{Inputs: ds{relationOf("v")}, Outputs: ds{tableOf("t")}, Opaque: true}},
		"steps on the same path": {dataflow.Steps{Source: dataflow.ParquetSource{FileSource: files("/a")}, Sink: dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: "/a/", Mode: dataflow.SaveModeOverwrite}}}, dataflow.Lineage{Inputs: ds{pathOf("/a")}, Outputs: ds{pathOf("/a/")}, Effect: repeats}},
		"nothing":                {dataflow.Steps{}, dataflow.Lineage{Opaque: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, dataflow.LineageOf(dataflow.Component(tt.flow)))
		})
	}
}

func TestLineageOfCodeIsOpaque(t *testing.T) {
	t.Parallel()
	opaque := dataflow.Lineage{Opaque: true}
	require.Equal(t, opaque, dataflow.LineageOf(component.Func("f", nil)))
	require.Equal(t, opaque, dataflow.LineageOf(nil))
	require.Equal(t, opaque, dataflow.LineageOf(dataflow.Component(ownFlow{})))
	require.Equal(t, inputs(pathOf("/a")), dataflow.LineageOf(dataflow.Component(toldFlow{})))
}

// ownFlow is a flow that tells nothing, toldFlow one that tells what it reads.
type ownFlow struct{}

func (ownFlow) Name() string                                                    { return "own" }
func (ownFlow) Run(context.Context, *dataflow.Session, component.Runtime) error { return nil }

type toldFlow struct{ ownFlow }

func (toldFlow) Lineage() dataflow.Lineage { return inputs(pathOf("/a")) }

// stamp is a transform that says that it reads nothing else.
type stamp struct{}

func (stamp) Transform(_ context.Context, _ *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
	return in, nil
}
func (stamp) Lineage() dataflow.Lineage { return dataflow.Lineage{Effect: dataflow.EffectNone} }

func ExampleLineageOf() {
	flow := dataflow.Steps{
		Label:      "daily totals",
		Source:     dataflow.Input{Query: "WITH recent AS (SELECT * FROM shop.orders) SELECT sum(price) FROM recent"},
		Transforms: []dataflow.Transform{stamp{}},
		Sink:       dataflow.TableSink{Table: "shop.totals", Mode: dataflow.SaveModeOverwrite},
	}
	lineage := dataflow.LineageOf(dataflow.Component(flow))
	fmt.Println("reads", lineage.Inputs, "writes", lineage.Outputs)
	fmt.Println("can run again:", lineage.Effect == dataflow.EffectIdempotent)
	// Output:
	// reads [{relation shop.orders}] writes [{table shop.totals}]
	// can run again: true
}
