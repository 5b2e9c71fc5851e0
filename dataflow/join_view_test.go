package dataflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

func TestJoinViewFaults(t *testing.T) {
	t.Parallel()
	err := dataflow.JoinView{Left: "a b", Joins: []dataflow.Join{
		{View: "t", How: "sideways"}, {View: "db.T"}, {View: "u", How: "cross", On: []string{"k"}},
		{View: "w", On: []string{"k"}, Condition: "x = y"}, {View: "`a b`", On: []string{"k"}},
	}}.Validate()
	require.EqualError(t, err, `the view has no name
left: "a b" is no name of a view or table
joins[0]: how "sideways": write inner, left, right, full, semi, anti or cross
joins[1]: "t" is the name of joins[0] already; set another alias
joins[1]: set "on" or "condition"; to join every row with every row write how: cross
joins[2]: a cross join takes neither "on" nor "condition"
joins[3]: "on" and "condition" exclude each other`)
	require.ErrorContains(t, dataflow.JoinView{Left: "a", View: "v"}.Validate(), `"joins" names nothing to join`)
}

func TestJoinViewLineage(t *testing.T) {
	t.Parallel()
	got := dataflow.LineageOf(dataflow.Component(dataflow.JoinView{
		Left: "orders", Joins: []dataflow.Join{{View: "crm.people", On: []string{"id"}}}, View: "v",
	}))
	require.Equal(t, []dataflow.Dataset{{Kind: dataflow.DatasetRelation, Name: "orders"}, {Kind: dataflow.DatasetRelation, Name: "crm.people"}}, got.Inputs)
	require.Equal(t, []dataflow.Dataset{{Kind: dataflow.DatasetView, Name: "v"}}, got.Outputs)
	require.False(t, got.Opaque)
}

func TestMetricsViewFaults(t *testing.T) {
	t.Parallel()
	err := dataflow.MetricsView{Input: dataflow.Input{View: "a b"}, Cache: dataflow.StorageLevelDiskOnly}.Validate()
	require.EqualError(t, err, `"cache" keeps the rows of a view; set "output_view"
set "metrics" or "columns"; there is nothing to measure
"a b" is no name of a view or table`)
	err = dataflow.MetricsView{
		Input: dataflow.Input{View: "v"}, Metrics: map[string]string{"Rows": "1", "a_min": " "}, Columns: []string{"a"}, GroupBy: []string{"g"},
	}.Validate()
	require.EqualError(t, err, `with "group_by" set "output_view" or "print"; only a single row is logged
the result would have two columns "Rows"
the result would have two columns "a_min"
metrics.a_min: the expression is empty`)
}
