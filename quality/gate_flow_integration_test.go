package quality_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/quality"
)

// TestRealRulesOnWhatIsLeft: fail and expect look at the rows that are published.
func TestRealRulesOnWhatIsLeft(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := setupGate(t, remote)
		out, side := filepath.Join(b.dir, "out"), filepath.Join(b.dir, "side")
		run := func(query string, publish quality.Publish, rules ...quality.Rule) error {
			g := b.gate(t, quality.GateOptions{Publish: publish, Quarantine: quality.Quarantine{Path: side}}, rules...)
			flow := dataflow.WriteView{Input: dataflow.Input{Query: query}, Sink: parquetSink(out), View: "both"}
			return flow.Run(t.Context(), b.spark, runtimeOf(g, "r", "c"))
		}
		aside, enough := notNull("a", quality.ActionQuarantine, "a"), atLeast(1, quality.ActionFail)

		err := run("SELECT CAST(NULL AS INT) AS a FROM range(3)", "", aside, enough)
		require.ErrorContains(t, err, "nothing was published", "no row is left")
		require.NoDirExists(t, out)
		require.NoDirExists(t, side)
		require.Zero(t, b.report(t).Quarantined)
		require.Equal(t, int64(3), b.report(t).Results[0].Bad)

		twice := quality.Rule{Name: "twice", Check: quality.Unique{Columns: []string{"k"}}, Action: quality.ActionFail}
		require.NoError(t, run("SELECT IF(id = 0, NULL, id) AS a, id DIV 2 AS k FROM range(2)", "", aside, twice), "the row that is twice is left out")
		require.Equal(t, []int64{1}, b.values(t, "SELECT a FROM both"))
		require.Equal(t, []int64{1}, b.values(t, "SELECT a FROM "+parquetOf(out)))
		require.Equal(t, []int64{1, 0}, []int64{b.report(t).Quarantined, b.report(t).Dropped})

		require.ErrorContains(t, run("SELECT id AS a FROM range(5)", quality.PublishWithChecks, aside, atLeast(6, quality.ActionFail)), "the rows are published already")
		require.Len(t, b.values(t, "SELECT a FROM "+parquetOf(out)), 5)
		t.Log("queries for the checks alone:", b.report(t).Passes) // none, where the server says what it has observed
	})
}

func TestRealCheckRows(t *testing.T) {
	t.Parallel()
	b := setupGate(t, sparktest.Remote(t))
	df, err := b.spark.SQL(t.Context(), "SELECT id FROM range(10)")
	require.NoError(t, err)
	require.NoError(t, b.spark.CreateTempView(t.Context(), df, "numbers"))
	history, err := quality.NewFileHistory(t.TempDir(), nil)
	require.NoError(t, err)
	opts := &quality.CheckOptions{Pipeline: "p", RunID: "r", Moment: quality.MomentBeforePipeline, History: history}
	for subject, name := range map[quality.Subject]string{
		{View: "numbers"}: "numbers", {Table: "numbers"}: "numbers", {Query: "SELECT * FROM numbers\nWHERE id > 0"}: "query SELECT * FROM numbers…",
	} {
		report, err := quality.CheckRows(t.Context(), b.spark, quality.Suite{Rules: []quality.Rule{atLeast(9, "")}}, subject, opts)
		require.NoError(t, err)
		require.Equal(t, name, report.Subject)
		last, err := history.Last(t.Context(), "p", name)
		require.NoError(t, err)
		require.Equal(t, quality.MomentBeforePipeline, last.Moment)
	}
	report, err := quality.CheckRows(t.Context(), b.spark, quality.Suite{Rules: []quality.Rule{atLeast(11, "")}}, quality.Subject{View: "numbers"}, opts)
	var failed *quality.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, quality.StatusFailed, report.Status())
	last, err := history.Last(t.Context(), "p", "numbers")
	require.NoError(t, err)
	require.Equal(t, quality.StatusPassed, last.Status(), "what failed is nothing to compare with")
	report, err = quality.CheckRows(t.Context(), b.spark, quality.Suite{Rules: []quality.Rule{atLeast(1, "")}}, quality.Subject{Table: "no_such_table"}, opts)
	require.Error(t, err)
	require.Nil(t, report)
}
