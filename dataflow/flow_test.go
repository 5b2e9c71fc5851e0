package dataflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func filterBy(condition string) dataflow.Transform {
	return dataflow.TransformFunc(func(ctx context.Context, _ *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
		return in.FilterByString(ctx, condition)
	})
}

// brokenPart fails in each role that a part of a flow can have.
type brokenPart struct{}

func (brokenPart) Load(context.Context, *dataflow.Session) (sql.DataFrame, error) {
	return nil, errReason
}

func (brokenPart) Transform(context.Context, *dataflow.Session, sql.DataFrame) (sql.DataFrame, error) {
	return nil, errReason
}
func (brokenPart) Write(context.Context, *dataflow.Session, sql.DataFrame) error { return errReason }

// pickyPart finds fault with itself in each role.
type pickyPart struct{ brokenPart }

func (pickyPart) Validate() error { return errReason }

func TestPlansOfFlows(t *testing.T) {
	t.Parallel()
	source := dataflow.TableSource{Table: "t"}
	flows := map[string]struct {
		flow  dataflow.DataFlow
		label string
		plans int
	}{
		"read view":           {dataflow.ReadView{Source: source, View: "v"}, "read v", 1},
		"read view, filter":   {dataflow.ReadView{Source: source, View: "v", Filter: "a > 1"}, "read v", 1},
		"sql view":            {dataflow.SQLView{SQL: "SELECT :b, :a", Args: map[string]any{"a": 1, "b": nil}, View: "v"}, "sql v", 1},
		"sql statement":       {dataflow.SQLView{SQL: "DROP TABLE IDENTIFIER(:t)", Args: map[string]any{"t": "x"}}, "sql", 1},
		"sql query, no view":  {dataflow.SQLView{SQL: "SELECT 1"}, "sql", 1},
		"write view":          {dataflow.WriteView{Input: dataflow.Input{View: "v"}, Sink: save(dataflow.Writer{})}, "write v", 1},
		"write query":         {dataflow.WriteView{Input: dataflow.Input{Query: "SELECT 1"}, Sink: save(dataflow.Writer{})}, "write", 1},
		"show view":           {dataflow.Show{Input: dataflow.Input{View: "v"}}, "show", 1},
		"show query":          {dataflow.Show{Input: dataflow.Input{Query: "SELECT 1"}, Rows: 3, Truncate: 9}, "show", 1},
		"steps to a sink":     {dataflow.Steps{Label: "s", Source: source, Transforms: []dataflow.Transform{filterBy("a"), filterBy("b")}, Sink: save(dataflow.Writer{})}, "s", 1},
		"steps to a view":     {dataflow.Steps{Source: source, View: "v"}, "", 1},
		"steps to a global":   {dataflow.Steps{Source: source, View: "v", Global: true}, "", 1},
		"steps to view, sink": {dataflow.Steps{Source: source, View: "v", Sink: save(dataflow.Writer{})}, "", 2},
	}
	plans := map[string]json.RawMessage{}
	for name, tt := range flows {
		b := setup(t, nil)
		require.NoError(t, tt.flow.Run(t.Context(), b.spark, component.Runtime{}.WithOutput(new(bytes.Buffer))), name)
		require.Equal(t, tt.label, tt.flow.Name())
		require.Equal(t, tt.plans, b.trips(), name)
		all := []json.RawMessage{}
		for _, op := range b.executed(t) {
			all = append(all, planJSON(t, op))
		}
		data, err := json.Marshal(all)
		require.NoError(t, err)
		plans[name] = data
	}
	golden(t, "flows", plans)
}

func TestFlowFaults(t *testing.T) {
	t.Parallel()
	source, sink := dataflow.TableSource{Table: "t"}, save(dataflow.Writer{})
	tests := map[string]struct {
		flow dataflow.DataFlow
		want string
	}{
		"steps, nothing":         {dataflow.Steps{}, "the flow has no source\nthe flow has neither a sink nor a view"},
		"steps, no end":          {dataflow.Steps{Source: source}, "the flow has neither a sink nor a view"},
		"steps, nil transform":   {dataflow.Steps{Source: source, Transforms: []dataflow.Transform{filterBy("a"), nil}, Sink: sink}, "transform 2 is nil"},
		"steps, bad source":      {dataflow.Steps{Source: pickyPart{}, Sink: sink}, errReason.Error()},
		"steps, bad transform":   {dataflow.Steps{Source: source, Transforms: []dataflow.Transform{pickyPart{}}, Sink: sink}, "transform 1: " + errReason.Error()},
		"steps, bad sink":        {dataflow.Steps{Source: source, Sink: pickyPart{}}, errReason.Error()},
		"read view, nothing":     {dataflow.ReadView{}, "the flow has no source\nthe view has no name"},
		"read view, bad source":  {dataflow.ReadView{Source: pickyPart{}, View: "v"}, errReason.Error()},
		"write view, no sink":    {dataflow.WriteView{Input: dataflow.Input{View: "v"}}, "the flow has no sink"},
		"write view, no input":   {dataflow.WriteView{Sink: sink}, `set "input_view" or "query"`},
		"write view, bad sink":   {dataflow.WriteView{Input: dataflow.Input{View: "v"}, Sink: pickyPart{}}, errReason.Error()},
		"show, nothing":          {dataflow.Show{}, `set "input_view" or "query"`},
		"show, both":             {dataflow.Show{Input: dataflow.Input{View: "v", Query: "q"}}, `exclude each other`},
		"sql view without a SQL": {dataflow.SQLView{View: "v"}, "the SQL statement is empty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			validator, ok := tt.flow.(component.Validator)
			require.True(t, ok)
			require.ErrorContains(t, validator.Validate(), tt.want)
			b := setup(t, nil)
			require.ErrorContains(t, tt.flow.Run(t.Context(), b.spark, component.Runtime{}), tt.want, "also without Validate")
			require.Zero(t, b.trips())
		})
	}
}

func TestFlowsPassErrorsOfTheirParts(t *testing.T) {
	t.Parallel()
	source, input := dataflow.TableSource{Table: "t"}, dataflow.Input{View: "v"}
	tests := map[string]struct {
		flow dataflow.DataFlow
		want string
	}{
		"steps, source":    {dataflow.Steps{Source: brokenPart{}, View: "v"}, "load: " + errReason.Error()},
		"steps, transform": {dataflow.Steps{Source: source, Transforms: []dataflow.Transform{filterBy("a"), brokenPart{}}, View: "v"}, "transform 2: " + errReason.Error()},
		"steps, sink":      {dataflow.Steps{Source: source, Sink: brokenPart{}}, errReason.Error()},
		"read view":        {dataflow.ReadView{Source: brokenPart{}, View: "v"}, errReason.Error()},
		"write view":       {dataflow.WriteView{Input: input, Sink: brokenPart{}}, errReason.Error()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.flow.Run(t.Context(), setup(t, nil).spark, component.Runtime{})
			require.ErrorIs(t, err, errReason)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestFlowsTellWhatTheServerSays(t *testing.T) {
	t.Parallel()
	source, input := dataflow.TableSource{Table: "t"}, dataflow.Input{View: "v"}
	text := "[TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found. (SQLSTATE 42P01)"
	tests := map[string]struct {
		flow dataflow.DataFlow
		want string
	}{
		"read view":   {dataflow.ReadView{Source: source, View: "v"}, "create the view v: " + text},
		"sql view":    {dataflow.SQLView{SQL: "SELECT 1", View: "v"}, "create the view v: " + text},
		"sql command": {dataflow.SQLView{SQL: "DROP TABLE t", View: "v"}, text},
		"sql":         {dataflow.SQLView{SQL: "SELECT 1"}, text},
		"steps":       {dataflow.Steps{Source: source, View: "v", Global: true}, "create the view v: " + text},
		"show":        {dataflow.Show{Input: input}, text},
		"write":       {dataflow.WriteView{Input: input, Sink: save(dataflow.Writer{})}, "save to /out: " + text},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			b.server.OnExecute(func(*fakeconnect.Operation) error { return notFound.Error() })
			out := new(bytes.Buffer)
			err := tt.flow.Run(t.Context(), b.spark, component.Runtime{}.WithOutput(out))
			require.EqualError(t, err, tt.want)
			var spark *component.SparkError
			require.ErrorAs(t, err, &spark)
			require.Equal(t, "42P01", spark.SQLState)
			require.Empty(t, out.String())
		})
	}
}

func TestViewsHaveNames(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	require.EqualError(t, b.spark.CreateTempView(t.Context(), b.frame(t), ""), "create a view: the view has no name")
	require.EqualError(t, b.spark.CreateGlobalTempView(t.Context(), b.frame(t), ""), "create a view: the view has no name")
	require.Zero(t, b.trips())
}

func TestShowPrintsToTheOutputOfTheRun(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(func(op *fakeconnect.Operation) error { return op.SendStrings("show_string", "+-+\n|a|\n+-+\n") })
	run := func(show dataflow.Show) string {
		out := new(bytes.Buffer)
		show.Input = dataflow.Input{View: "v"}
		require.NoError(t, show.Run(t.Context(), b.spark, component.Runtime{}.WithOutput(out)))
		return out.String()
	}
	require.Equal(t, "+-+\n|a|\n+-+\n", run(dataflow.Show{}))
	require.JSONEq(t, "20", string(at(t, b.lastPlan(t), "root", "showString", "numRows")), "the default")
	require.Equal(t, "Answer\n+-+\n|a|\n+-+\n", run(dataflow.Show{Title: "Answer", Rows: 3}))
	require.JSONEq(t, "3", string(at(t, b.lastPlan(t), "root", "showString", "numRows")))

	closed := errors.New("the pipe is closed")
	err := dataflow.Show{Input: dataflow.Input{View: "v"}}.Run(t.Context(), b.spark, component.Runtime{}.WithOutput(brokenPipe{closed}))
	require.ErrorIs(t, err, closed)
}

type brokenPipe struct{ err error }

func (p brokenPipe) Write([]byte) (int, error) { return 0, p.err }
