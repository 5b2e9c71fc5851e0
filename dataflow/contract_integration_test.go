package dataflow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// castTypes are types that a table can have a column of.
var castTypes = []string{
	"boolean", "tinyint", "int", "bigint", "float", "double", "decimal(9,0)", "decimal(10,2)", "decimal(20,0)", "string", "string collate unicode_ci",
	"binary", "date", "timestamp", "timestamp_ntz", "interval month", "interval year to month", "interval hour to second", "array<int>", "array<bigint>",
}

// TestRealUpCasts asks Spark which types it casts by itself: the store assignment
// policy STRICT takes a column of an atomic type exactly where Cast.canUpCast holds.
func TestRealUpCasts(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		require.NoError(t, spark.Conf().Set(t.Context(), map[string]string{"spark.sql.storeAssignmentPolicy": "STRICT"}))
		db := database(t, spark)
		var columns []string
		for i, typ := range castTypes {
			columns = append(columns, fmt.Sprintf("c%d %s", i, typ))
		}
		require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+db+".t ("+strings.Join(columns, ", ")+") USING parquet"))
		var wrong []string
		for _, name := range castTypes {
			from, err := schema.ParseType(name)
			require.NoError(t, err)
			value := "CAST(NULL AS " + name + ")"
			for i, target := range castTypes {
				to, err := schema.ParseType(target)
				require.NoError(t, err)
				want := strictly(t, spark, fmt.Sprintf("EXPLAIN INSERT INTO %s.t (c%d) SELECT %s", db, i, value))
				if want != from.UpCastsTo(to) || from.WidensTo(to) && !want {
					wrong = append(wrong, fmt.Sprintf("%s to %s: Spark casts it: %t, widens: %t", from, to, want, from.WidensTo(to)))
				}
			}
		}
		require.Empty(t, wrong)
	})
}

// strictly reports whether Spark plans the statement.
func strictly(t testing.TB, spark *dataflow.Session, statement string) bool {
	t.Helper()
	plan := strings.Join(rows(t, spark, statement), "\n")
	if strings.Contains(plan, "[INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST]") {
		return false
	}
	require.NotContains(t, plan, "Error occurred", statement)
	return true
}

// TestRealSchemasGoAround takes the columns of a Go type to the server as rows, as
// DDL and as JSON, into a table where that has the types, and back.
func TestRealSchemasGoAround(t *testing.T) {
	t.Parallel()
	want, err := dataflow.SchemaFor[everyGoType]()
	require.NoError(t, err)
	loose := &schema.Rules{Types: schema.TypesWiden, Nullability: schema.NullabilityIgnore}
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		df, err := dataflow.CreateDataFrame(t.Context(), spark, []everyGoType{}, &dataflow.LocalDataOptions{Strategy: dataflow.LocalDataStrategyInline})
		require.NoError(t, err)
		def, err := dataflow.SchemaOf(t.Context(), df)
		require.NoError(t, err)
		require.Empty(t, schema.Errors(schema.Compare(want, def, loose)), "rows of the type keep its contract")
		contract, err := dataflow.ContractFor[everyGoType]()
		require.NoError(t, err)
		contract.Rules.Nullability = schema.NullabilityIgnore // CreateDataFrame lets all be null
		require.Empty(t, schema.Errors(contract.Compare(def)))

		parsed, err := spark.ParseDDL(t.Context(), want.String())
		require.NoError(t, err)
		require.Empty(t, schema.Errors(schema.Compare(want, parsed, loose)))
		again, err := schema.ParseContract(parsed.String())
		require.NoError(t, err)
		require.Empty(t, schema.Compare(again, parsed, &schema.Rules{Nullability: schema.NullabilityExact}))
		data, err := want.JSON()
		require.NoError(t, err)
		again, err = schema.DecodeContract("", string(data))
		require.NoError(t, err)
		require.Empty(t, schema.Compare(want, again, &schema.Rules{Nullability: schema.NullabilityExact, Metadata: true}))

		table := database(t, spark) + ".t"
		var stored []string
		for _, f := range want.Fields {
			if f.Type.Kind != schema.KindCalendarInterval { // no table has one
				stored = append(stored, f.String())
			}
		}
		require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+table+" ("+strings.Join(stored, ", ")+") USING parquet"))
		def, err = dataflow.TableSchema(t.Context(), spark, table)
		require.NoError(t, err)
		require.Equal(t, []schema.Difference{}, append([]schema.Difference{}, schema.Compare(want, def, &schema.Rules{
			Nullability: schema.NullabilityIgnore, Optional: []string{"span"},
		})...), "CHAR and VARCHAR included")
	})
}

// TestRealContractsInACheck holds the contracts of two components against what the
// server finds out about them, with nothing executed.
func TestRealContractsInACheck(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		db := database(t, spark)
		require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+db+".kept (id BIGINT, tags ARRAY<STRING>) USING parquet"))
		checks := checkSession(t, spark, nil)
		check := func(name string, flow dataflow.DataFlow, gate dataflow.ContractGate) []string {
			part := dataflow.Component(flow)
			result, err := checks.Check(t.Context(), name, part)
			require.NoError(t, err)
			gate.Component = name
			result, err = checks.CheckContract(t.Context(), part, gate, result)
			require.NoError(t, err)
			out := []string{}
			for _, f := range result.Findings {
				out = append(out, f.Severity.String()+" "+f.Err.Error())
			}
			return out
		}
		query := func(text, view string) dataflow.SQLView { return dataflow.SQLView{SQL: text, View: view} }
		compatible := schema.CompatibleRules()
		require.Empty(t, check("make", query("SELECT id, array('a') AS tags, named_struct('zip', 1) AS address FROM range(3)", "made"), dataflow.ContractGate{
			Output: wanted(t, "id BIGINT NOT NULL, tags ARRAY<STRING>, address STRUCT<zip: BIGINT>", compatible),
		}))
		require.Equal(t, []string{
			"error the input made breaks the contract: tags[]: is STRING, wanted INT; address.zip: is INT, wanted STRING",
			"warning the input made breaks the contract: more: is missing, wanted INT",
			"error the rows break the contract: id: is BIGINT, wanted INT",
		}, check("read", query("SELECT id FROM made", "next"), dataflow.ContractGate{
			Output: wanted(t, "id INT", compatible), Inputs: map[string]schema.Contract{
				"made": *wanted(t, "id BIGINT, tags ARRAY<INT>, address STRUCT<zip: STRING>, more INT", compatible), db + ".kept": *wanted(t, "id BIGINT, tags ARRAY", nil),
			},
		}))
		sink := dataflow.WriteView{Input: dataflow.Input{View: "made"}, Sink: dataflow.TableSink{Table: db + ".kept", Mode: dataflow.SaveModeAppend, Insert: true}}
		refused := check("fail", sink, dataflow.ContractGate{Evolution: dataflow.EvolutionFail})
		require.Len(t, refused, 1)
		require.Contains(t, refused[0], "too many columns: the table has")
		require.Empty(t, check("ignore", sink, dataflow.ContractGate{Evolution: dataflow.EvolutionIgnore}))
		require.Empty(t, check("add", sink, dataflow.ContractGate{Evolution: dataflow.EvolutionAddColumns}))
		require.Empty(t, check("grown", dataflow.ReadView{Source: dataflow.TableSource{Table: db + ".kept"}, View: "grown"}, dataflow.ContractGate{
			Output: wanted(t, "id BIGINT, tags ARRAY<STRING>, address STRUCT<zip: INT>", nil),
		}))
		file := dataflow.WriteView{Input: dataflow.Input{View: "made"}, Sink: dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: "/nowhere", Mode: dataflow.SaveModeOverwrite}}}
		require.ErrorContains(t, dataflow.ContractGate{Evolution: dataflow.EvolutionAddColumns}.CheckSink(file.Sink), "has no table that columns can be added to")
		require.Len(t, check("file", file, dataflow.ContractGate{Evolution: dataflow.EvolutionAddColumns}), 1)
		require.Empty(t, check("file", file, dataflow.ContractGate{Evolution: dataflow.EvolutionFail}))
		require.Equal(t, "note not analysed: the columns of its output are not known, and so not held against the contract",
			check("drop", query("DROP TABLE "+db+".kept", ""), dataflow.ContractGate{Output: wanted(t, "id INT", nil)})[1])
		require.Equal(t, []string{"0"}, rows(t, spark, "SELECT count(*) FROM "+db+".kept"), "nothing was executed")
	})
}
