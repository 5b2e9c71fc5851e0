package dataflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// answering is a session on a fake server that gives the columns for everything.
func answering(t testing.TB, columns ...string) (bundle, *atomic.Int64) {
	t.Helper()
	b := setup(t, nil)
	var asked atomic.Int64
	b.server.OnAnalyze(func(_ *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		asked.Add(1)
		if len(columns) == 0 {
			return fakeconnect.Failure{Class: "TABLE_OR_VIEW_NOT_FOUND", State: "42P01", Message: "there is none"}.Error()
		}
		resp.Result = fakeconnect.StringColumns(columns...)
		return nil
	})
	return b, &asked
}

func wanted(t testing.TB, ddl string, rules *schema.Rules) *schema.Contract {
	t.Helper()
	def, err := schema.ParseContract(ddl)
	require.NoError(t, err)
	return &schema.Contract{Columns: def, Rules: rules}
}

// through sends rows of the session through a gate, and says whether they came out.
func through(t testing.TB, b bundle, gate dataflow.Gate, sink dataflow.Sink, rt component.Runtime) (bool, error) {
	t.Helper()
	df, err := b.spark.SQL(t.Context(), "SELECT 1")
	require.NoError(t, err)
	out := false
	err = dataflow.Deliver(t.Context(), b.spark, dataflow.WithGate(rt, gate), df, dataflow.End{View: "v", Sink: sink, Deliver: func(context.Context, sql.DataFrame) error {
		out = true
		return nil
	}})
	return out, err
}

func TestContractGate(t *testing.T) {
	t.Parallel()
	compatible := schema.CompatibleRules()
	tests := map[string]struct {
		gate dataflow.ContractGate
		want string // empty: the rows pass
		asks int64
	}{
		"no contract":     {gate: dataflow.ContractGate{}},
		"kept":            {gate: dataflow.ContractGate{Output: wanted(t, "a STRING, b STRING", nil)}, asks: 1},
		"broken":          {gate: dataflow.ContractGate{Output: wanted(t, "a INT, c DATE NOT NULL", nil)}, want: "the rows break the contract: a: is STRING, wanted INT; c: is missing, wanted DATE NOT NULL; b: is not wanted, found STRING NOT NULL", asks: 1},
		"with a name":     {gate: dataflow.ContractGate{Component: "clean", Output: wanted(t, "a INT, b STRING", nil)}, want: `component "clean": the rows break the contract: a: is STRING, wanted INT`, asks: 1},
		"warnings":        {gate: dataflow.ContractGate{Output: wanted(t, "a STRING, more INT", compatible)}, asks: 1},
		"warnings, grave": {gate: dataflow.ContractGate{Output: wanted(t, "a STRING, more INT", compatible), FailOnWarning: true}, want: "the rows break the contract: more: is missing, wanted INT; b: is not wanted, found STRING NOT NULL", asks: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, asked := answering(t, "a", "b")
			passed, err := through(t, b, tt.gate, nil, component.Runtime{})
			require.Equal(t, tt.asks, asked.Load(), "analyses")
			require.Equal(t, tt.want == "", passed)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.want)
			var broken *dataflow.SchemaError
			require.ErrorAs(t, err, &broken)
			require.False(t, resilience.Retryable(err))
		})
	}
}

func TestContractGateLogsWarnings(t *testing.T) {
	t.Parallel()
	b, _ := answering(t, "a", "b")
	core, logs := observer.New(zap.WarnLevel)
	gate := dataflow.ContractGate{Component: "c", Output: wanted(t, "a STRING", schema.CompatibleRules())}
	passed, err := through(t, b, gate, nil, component.Runtime{}.WithLogger(zap.New(core)))
	require.NoError(t, err)
	require.True(t, passed)
	require.Equal(t, 1, logs.Len())
	require.Equal(t, []any{"b: is not wanted, found STRING NOT NULL"}, logs.All()[0].ContextMap()["differences"])
}

func TestContractOfInputs(t *testing.T) {
	t.Parallel()
	b, asked := answering(t, "a", "b")
	inputs := map[string]schema.Contract{"v": *wanted(t, "a STRING, b STRING", nil), "db.t": *wanted(t, "a INT", nil), "x": *wanted(t, "c INT", nil)}
	gate := dataflow.ContractGate{Component: "join", Inputs: inputs}
	err := gate.CheckInputs(t.Context(), b.spark, component.Runtime{})
	require.EqualError(t, err, `component "join": the input db.t breaks the contract: a: is STRING, wanted INT; b: is not wanted, found STRING NOT NULL`+"\n"+
		`component "join": the input x breaks the contract: c: is missing, wanted INT; a: is not wanted, found STRING NOT NULL; b: is not wanted, found STRING NOT NULL`)
	require.Equal(t, int64(3), asked.Load())

	none, _ := answering(t)
	err = gate.CheckInputs(t.Context(), none.spark, component.Runtime{})
	require.ErrorContains(t, err, "read the schema of db.t: read the schema of a DataFrame: ")
	require.Len(t, strings.Split(err.Error(), "\n"), 3, "every input that is not there")
}

func TestContractGateThatCannotAddColumns(t *testing.T) {
	t.Parallel()
	add := dataflow.ContractGate{Evolution: dataflow.EvolutionAddColumns}
	for want, sink := range map[string]dataflow.Sink{
		"evolution add_columns adds columns to the target of a sink, and the rows only become a view":                                                                 nil,
		"evolution add_columns: Spark cannot change the table t of another database; add the columns there with ALTER TABLE, or set evolution to fail or ignore":      dataflow.JDBCSink{Table: "t"},
		"evolution add_columns: a dataflow.ParquetSink has no table that columns can be added to; it goes with the sinks of Delta, Iceberg and tables of the catalog": dataflow.ParquetSink{},
	} {
		require.EqualError(t, add.CheckSink(sink), want)
		b, asked := answering(t, "a")
		passed, err := through(t, b, add, sink, component.Runtime{})
		require.EqualError(t, err, want)
		require.False(t, passed)
		require.Zero(t, asked.Load(), "it is refused before anything is asked")
	}
	require.NoError(t, add.CheckSink(dataflow.DeltaSink{Path: "/t"}))
	require.EqualError(t, dataflow.ContractGate{Evolution: 9}.CheckSink(nil), "Evolution(9) is no evolution")
}

func TestEvolutionNames(t *testing.T) {
	t.Parallel()
	for _, e := range []dataflow.Evolution{dataflow.EvolutionSink, dataflow.EvolutionFail, dataflow.EvolutionAddColumns, dataflow.EvolutionIgnore} {
		var again dataflow.Evolution
		require.NoError(t, again.UnmarshalText([]byte(strings.ToUpper(e.String()))))
		require.Equal(t, e, again)
	}
	require.EqualError(t, new(dataflow.Evolution).UnmarshalText([]byte("merge")), `unknown evolution "merge"; there are sink, fail, add_columns, ignore`)
}

// promising is a component with contracts of its own.
type promising struct{ dataflow.SQLView }

func (promising) InputSchema() map[string]schema.Contract {
	return map[string]schema.Contract{"in": {Description: "own"}, "other": {Description: "own"}}
}

func (promising) OutputSchema() *schema.Contract { return &schema.Contract{Description: "own"} }

var _ component.SchemaContract = promising{}

func TestContractsOfComponents(t *testing.T) {
	t.Parallel()
	part := dataflow.Component(promising{dataflow.SQLView{SQL: "SELECT 1", View: "v"}})
	gate, ok := dataflow.ContractOf(part, "c", nil)
	require.True(t, ok)
	require.Equal(t, "c", gate.Component)
	require.Equal(t, "own", gate.Output.Description)
	require.Len(t, gate.Inputs, 2)

	configured := dataflow.ContractGate{Output: &schema.Contract{Description: "file"}, Inputs: map[string]schema.Contract{"in": {Description: "file"}}}
	gate, ok = dataflow.ContractOf(part, "c", &configured)
	require.True(t, ok)
	require.Equal(t, "file", gate.Output.Description)
	require.Equal(t, "file", gate.Inputs["in"].Description)
	require.Equal(t, "own", gate.Inputs["other"].Description)
	require.Len(t, configured.Inputs, 1, "what was configured stays as it is")

	_, ok = dataflow.ContractOf(component.Func("f", nil), "f", nil)
	require.False(t, ok)
}

func TestSchemaErrorsAreDataToo(t *testing.T) {
	t.Parallel()
	differences := wanted(t, "a INT", nil).Compare(schema.New(schema.Nullable("a", schema.String())))
	data, err := json.Marshal(differences)
	require.NoError(t, err)
	require.JSONEq(t, `[{"path":"a","kind":"type","want":"INT","got":"STRING","severity":"error","breaking":true,"message":"is STRING, wanted INT"}]`, string(data))
	require.Equal(t, "the target t breaks the contract: a: is STRING, wanted INT; do this", fmt.Sprint(&dataflow.SchemaError{Subject: "the target t", Differences: differences, Hint: "do this"}))
}
