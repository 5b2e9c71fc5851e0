package dataflow_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

func TestRealTempViews(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, other := sparkAt(t, remote), sparkAt(t, remote)
		view := uniqueName("v")
		for _, limit := range []int{3, 2} { // the second replaces the first
			flow := dataflow.SQLView{SQL: "SELECT id FROM range(5) WHERE id < :limit", Args: map[string]any{"limit": limit}, View: view}
			require.NoError(t, flow.Run(t.Context(), spark, component.Runtime{}))
		}
		require.Equal(t, []string{"0", "1"}, rows(t, spark, "SELECT * FROM "+view))
		df, err := dataflow.TableSource{Table: view}.Load(t.Context(), spark)
		require.NoError(t, err)
		require.Equal(t, []string{"0", "1"}, rowsOf(t, spark, df))

		err = other.Exec(t.Context(), "SELECT * FROM "+view)
		var failed *component.SparkError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, "TABLE_OR_VIEW_NOT_FOUND", failed.Class, "another session does not see it")
	})
}

func TestRealGlobalTempViews(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, other := sparkAt(t, remote), sparkAt(t, remote)
		view := uniqueName("g")
		flow := dataflow.Steps{Source: dataflow.Input{Query: "SELECT 1 AS a"}, View: view, Global: true}
		require.NoError(t, flow.Run(t.Context(), spark, component.Runtime{}))
		t.Cleanup(func() { _ = other.Exec(context.WithoutCancel(t.Context()), "DROP VIEW global_temp."+view) })
		require.Equal(t, []string{"1"}, rows(t, other, "SELECT a FROM global_temp."+view))
	})
}

func TestRealShow(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		df, err := spark.SQL(t.Context(), "SELECT id, 'a text that is long' AS text FROM range(3) ORDER BY id")
		require.NoError(t, err)
		text, err := spark.ShowString(t.Context(), df, 2, 8)
		require.NoError(t, err)
		require.Equal(t, ""+
			"+---+--------+\n"+
			"| id|    text|\n"+
			"+---+--------+\n"+
			"|  0|a tex...|\n"+
			"|  1|a tex...|\n"+
			"+---+--------+\n"+
			"only showing top 2 rows", strings.TrimSpace(text))

		out := new(bytes.Buffer)
		show := dataflow.Show{Input: dataflow.Input{Query: "SELECT 'a text that is not cut at all' AS t"}, Title: "Answer"}
		require.NoError(t, show.Run(t.Context(), spark, component.Runtime{}.WithOutput(out)))
		require.Contains(t, out.String(), "Answer\n+---")
		require.Contains(t, out.String(), "|a text that is not cut at all|")
	})
}

func TestRealReadViewWithAFilter(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		view := uniqueName("v")
		flow := dataflow.ReadView{Source: dataflow.Input{Query: "SELECT id FROM range(5)"}, Filter: "id % 2 = 1", View: view}
		require.NoError(t, flow.Run(t.Context(), spark, component.Runtime{}))
		require.Equal(t, []string{"1", "3"}, rows(t, spark, "SELECT id FROM "+view+" ORDER BY id"))

		flow.Filter = "no_such_column = 1"
		err := flow.Run(t.Context(), spark, component.Runtime{})
		require.ErrorContains(t, err, "create the view "+view)
		var failed *component.SparkError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, "UNRESOLVED_COLUMN.WITH_SUGGESTION", failed.Class)
	})
}
