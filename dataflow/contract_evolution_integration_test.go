package dataflow_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// writeThrough writes a query through a gate with that evolution.
func writeThrough(t *testing.T, spark *dataflow.Session, evolution dataflow.Evolution, sink dataflow.Sink, query string) error {
	t.Helper()
	flow := dataflow.WriteView{Input: dataflow.Input{Query: query}, Sink: sink}
	rt := dataflow.WithGate(component.Runtime{}, dataflow.ContractGate{Component: "w", Evolution: evolution})
	return flow.Run(t.Context(), spark, rt)
}

// differing gives the paths in a SchemaError, or nothing.
func differing(t testing.TB, err error) []string {
	t.Helper()
	var broken *dataflow.SchemaError
	if !errors.As(err, &broken) {
		require.NoError(t, err)
	}
	var out []string
	for _, d := range broken.Differences {
		out = append(out, d.Path)
	}
	return out
}

const (
	evolving = "id INT, address STRUCT<zip: STRING>, tags ARRAY<STRUCT<x: INT>>, m MAP<STRING, STRUCT<x: INT>>"
	narrow   = "SELECT 1 AS id, named_struct('zip', 'z1') AS address, array(named_struct('x', 1)) AS tags, map('k', named_struct('x', 1)) AS m"
	broader  = "SELECT 2 AS id, named_struct('zip', 'z2', 'city', 'c') AS address, array(named_struct('y', 'a', 'x', 2)) AS tags, " +
		"map('k', named_struct('x', 2, 'y', 'b')) AS m, DATE'2026-01-02' AS more"
	seen = "SELECT id, address.zip, tags[0].x, m['k'].x FROM "
)

func testContractEvolution(t *testing.T, spark *dataflow.Session, f tableFormat) {
	table := f.database + "." + uniqueName("evolving")
	require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+table+" ("+evolving+") USING "+f.provider))
	sinks := map[string]dataflow.Sink{"table": dataflow.TableSink{Table: table, Mode: dataflow.SaveModeAppend, Format: f.provider}}
	merge := dataflow.MergeBy{Keys: []string{"id"}}
	switch f.provider {
	case "delta":
		sinks["append"] = dataflow.DeltaSink{Table: table, Mode: dataflow.TableModeAppend}
		sinks["merge"] = dataflow.DeltaSink{Table: table, Mode: dataflow.TableModeMerge, MergeBy: merge}
	default:
		sinks["append"] = dataflow.IcebergSink{Table: table, Mode: dataflow.TableModeAppend}
		sinks["merge"] = dataflow.IcebergSink{Table: table, Mode: dataflow.TableModeMerge, MergeBy: merge}
	}
	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionFail, sinks["append"], narrow))
	for name, sink := range sinks {
		err := writeThrough(t, spark, dataflow.EvolutionFail, sink, broader)
		require.Equal(t, []string{"address.city", "tags[].y", "m{value}.y", "more"}, differing(t, err), name)
		for _, evolution := range []dataflow.Evolution{dataflow.EvolutionFail, dataflow.EvolutionAddColumns, dataflow.EvolutionIgnore} {
			err := writeThrough(t, spark, evolution, sink, "SELECT 9L AS id, 'text' AS address")
			require.Equal(t, []string{"id", "address"}, differing(t, err), "%s, %s", name, evolution)
		}
	}
	require.Equal(t, []string{"1 z1 1 1"}, rows(t, spark, seen+table), "nothing was written")

	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionIgnore, sinks["append"], broader))
	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionIgnore, sinks["table"], "SELECT 3 AS id, 'left out' AS other"))
	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionIgnore, sinks["merge"], broader))
	require.Equal(t, []string{"1 z1 1 1", "2 z2 2 2", "3 <nil> <nil> <nil>"}, rows(t, spark, seen+table+" ORDER BY id"))
	require.Equal(t, evolving, columnsOf(t, spark, table))

	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionAddColumns, sinks["append"], broader))
	require.Equal(t, "id INT, address STRUCT<zip: STRING, city: STRING>, tags ARRAY<STRUCT<x: INT, y: STRING>>, m MAP<STRING, STRUCT<x: INT, y: STRING>>, more DATE",
		columnsOf(t, spark, table))
	require.Equal(t, []string{"2 c a b 2026-01-02"}, rows(t, spark, "SELECT id, address.city, tags[0].y, m['k'].y, string(more) FROM "+table+" WHERE more IS NOT NULL"))
	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionAddColumns, sinks["merge"], "SELECT *, 5 AS late FROM ("+narrow+"), (SELECT DATE'2026-03-04' AS more)"))
	require.Equal(t, []string{"1 5 2026-03-04"}, rows(t, spark, "SELECT id, late, string(more) FROM "+table+" WHERE late = 5"))
	if f.provider == "delta" {
		testDeltaEvolution(t, spark)
	}
}

// columnsOf gives the columns of a table as DDL.
func columnsOf(t *testing.T, spark *dataflow.Session, table string) string {
	t.Helper()
	def, err := dataflow.TableSchema(t.Context(), spark, table)
	require.NoError(t, err)
	return def.String()
}

func testDeltaEvolution(t *testing.T, spark *dataflow.Session) {
	sink := dataflow.DeltaSink{Path: filepath.Join(t.TempDir(), "a b"), Mode: dataflow.TableModeAppend}
	for _, evolution := range []dataflow.Evolution{dataflow.EvolutionFail, dataflow.EvolutionAddColumns, dataflow.EvolutionIgnore} {
		require.NoError(t, writeThrough(t, spark, evolution, dataflow.DeltaSink{Path: filepath.Join(t.TempDir(), "new"), Mode: dataflow.TableModeAppend}, narrow))
	}
	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionAddColumns, sink, "SELECT 1 AS id"))
	require.Equal(t, []string{"`new col`"}, differing(t, writeThrough(t, spark, dataflow.EvolutionFail, sink, "SELECT 1 AS id, 2 AS `new col`")))
	sink.MergeSchema = true
	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionFail, sink, "SELECT 2 AS id, 2 AS c"), "the sink itself may")
	sink.MergeSchema = false
	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionAddColumns, sink, "SELECT 3 AS id, 3 AS d"))
	require.Equal(t, []string{"1 <nil> <nil>", "2 2 <nil>", "3 <nil> 3"}, read(t, spark, dataflow.DeltaSource{Path: sink.Path}))
	sink.Mode = dataflow.TableModeOverwrite
	require.Equal(t, []string{"e"}, differing(t, writeThrough(t, spark, dataflow.EvolutionFail, sink, "SELECT 4 AS id, 4 AS e")))
	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionIgnore, sink, "SELECT 4 AS id, 4 AS e"))
	sink.OverwriteSchema = true
	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionFail, sink, "SELECT 5 AS one"))
	require.Equal(t, []string{"5"}, read(t, spark, dataflow.DeltaSource{Path: sink.Path}))

	// A VARCHAR is checked when rows are written.
	table := "db." + uniqueName("sized")
	require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+table+" (code VARCHAR(3)) USING delta"))
	to := dataflow.DeltaSink{Table: table, Mode: dataflow.TableModeAppend}
	require.NoError(t, writeThrough(t, spark, dataflow.EvolutionFail, to, "SELECT 'abc' AS code"))
	err := writeThrough(t, spark, dataflow.EvolutionFail, to, "SELECT 'abcd' AS code")
	require.Error(t, err)
	require.NotErrorAs(t, err, new(*dataflow.SchemaError))
	def, err := dataflow.TableSchema(t.Context(), spark, table)
	require.NoError(t, err)
	require.Empty(t, schema.Compare(schema.New(schema.Nullable("code", schema.VarChar(3))), def, nil), "the table says what it has")
}

func TestRealIgnoreWithoutATarget(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		type row struct {
			CustomerID int32
			Home       struct{ ZipCode string }
			Late       *string
			Rest       []string
		}
		contract, err := dataflow.ContractFor[row]()
		require.NoError(t, err)
		contract.Rules.Missing, contract.Rules.Nullability = schema.MissingAllow, schema.NullabilityIgnore
		gate := dataflow.ContractGate{Output: &contract, Evolution: dataflow.EvolutionIgnore}
		flow := dataflow.SQLView{SQL: "SELECT 'left out' AS other, named_struct('more', 1, 'zip_code', 'z') AS home, 1 AS customer_id", View: "v"}
		require.NoError(t, flow.Run(t.Context(), spark, dataflow.WithGate(component.Runtime{}, gate)))
		require.Equal(t, "customer_id INT NOT NULL, home STRUCT<zip_code: STRING NOT NULL> NOT NULL, Late STRING, Rest ARRAY<STRING>", columnsOf(t, spark, "v"))
		require.Equal(t, []string{"1 z <nil> <nil>"}, rows(t, spark, "SELECT customer_id, home.zip_code, late, rest FROM v"))
	})
}

func TestRealEvolutionOfTables(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		table := database(t, spark) + ".t"
		require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+table+" (id INT, s STRUCT<x: INT>, name STRING) USING parquet"))
		sink := dataflow.TableSink{Table: table, Mode: dataflow.SaveModeAppend}
		insert := dataflow.TableSink{Table: table, Insert: true}
		const more = "SELECT 'n' AS name, named_struct('y', 1, 'x', 2) AS s, 1 AS id, 'm' AS `mo'r``e`"
		require.Equal(t, []string{"s.y", "`mo'r``e`"}, differing(t, writeThrough(t, spark, dataflow.EvolutionFail, sink, more)))
		require.Equal(t, []string{"id", "s"}, differing(t, writeThrough(t, spark, dataflow.EvolutionFail, insert, "SELECT 'x' AS a, 'y' AS b, 'c' AS c")), "by position")
		require.NoError(t, writeThrough(t, spark, dataflow.EvolutionFail, insert, "SELECT 0 AS a, named_struct('x', 0) AS b, 'c' AS c"))
		require.NoError(t, writeThrough(t, spark, dataflow.EvolutionIgnore, sink, more))
		require.NoError(t, writeThrough(t, spark, dataflow.EvolutionIgnore, insert, more))
		require.NoError(t, writeThrough(t, spark, dataflow.EvolutionIgnore, sink, "SELECT 5 AS id, 6 AS other"), "what is missing is null")
		want := []string{"0 map[x:0] c", "1 map[x:2] n", "1 map[x:2] n", "5 <nil> <nil>"}
		require.Equal(t, want, read(t, spark, dataflow.TableSource{Table: table}))

		err := writeThrough(t, spark, dataflow.EvolutionAddColumns, sink, more)
		require.Error(t, err, "Spark adds no fields to the structs of such tables")
		const column = "SELECT 'n' AS name, 7 AS id, DATE'2026-01-02' AS `late one`"
		require.NoError(t, writeThrough(t, spark, dataflow.EvolutionAddColumns, sink, column))
		require.NoError(t, writeThrough(t, spark, dataflow.EvolutionAddColumns, insert, column))
		require.Equal(t, "id INT, s STRUCT<x: INT>, name STRING, `late one` DATE", columnsOf(t, spark, table))
		require.Equal(t, []string{"7 <nil> n 2026-01-02", "7 <nil> n 2026-01-02"}, rows(t, spark, "SELECT id, s, name, string(`late one`) FROM "+table+" WHERE id = 7"))
	})
}
