package quality_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/quality"
)

// TestRealGateOnDelta shares one server: to start one takes longer than the tests.
func TestRealGateOnDelta(t *testing.T) {
	t.Parallel()
	remote := sparktest.Lakehouse(t).Remote()
	t.Run("a table as quarantine", func(t *testing.T) { quarantineTable(t, setupGate(t, remote)) })
	t.Run("a folder as quarantine", func(t *testing.T) { quarantineFolder(t, setupGate(t, remote)) })
	t.Run("a table as sink", func(t *testing.T) { deltaSink(t, setupGate(t, remote)) })
	t.Run("reports and history", func(t *testing.T) { reportTables(t, setupGate(t, remote)) })
}

const hostileName = `o'b"r \ien\' ${x} %2F /../ `

func quarantineTable(t *testing.T, b *gateBundle) {
	try := func(runID, name, query string) error {
		g := b.gate(t, quality.GateOptions{Quarantine: quality.Quarantine{Table: "default.side"}}, notNull("no v", quality.ActionQuarantine, "v"))
		flow := dataflow.WriteView{Input: dataflow.Input{Query: query}, Sink: parquetSink(filepath.Join(b.dir, "out", name))}
		return flow.Run(t.Context(), b.spark, runtimeOf(g, runID, name))
	}
	run := func(runID, name, query string) { require.NoError(t, try(runID, name, query)) }
	count := func(where string) int64 { return b.values(t, "SELECT count(*) FROM default.side"+where)[0] }
	run("r1", "c", "SELECT id, IF(id < 5, NULL, id) AS v FROM range(10)")
	require.Equal(t, int64(5), count(""))
	run("r1", "c", "SELECT id, IF(id < 3, NULL, id) AS v FROM range(10)")
	require.Equal(t, int64(3), count(""), "the second attempt takes the place of the first")
	run("r2", "c", "SELECT id, IF(id < 2, NULL, id) AS v, 'more' AS extra FROM range(10)")
	require.Equal(t, int64(5), count(""), "another run keeps its rows, and may have more columns")
	for range 2 {
		run(hostileName, hostileName[:5], "SELECT id, IF(id < 4, NULL, id) AS v FROM range(10)")
	}
	require.Equal(t, int64(9), count(""))
	run("r1", "c", "SELECT id, id AS v FROM range(10)")
	require.Equal(t, int64(6), count(""), "none is bad any more")

	var all sync.WaitGroup
	for _, name := range []string{"left", "right", "middle"} {
		all.Go(func() {
			if err := try("r3", name, "SELECT id, IF(id < 4, NULL, id) AS v FROM range(10)"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.Equal(t, int64(12), count(" WHERE _run_id = 'r3' AND _failed_rules = array('no v') AND _quarantined_at IS NOT NULL"))
}

func quarantineFolder(t *testing.T, b *gateBundle) {
	side := filepath.Join(b.dir, "side")
	for _, bad := range []string{"5", "2"} {
		g := b.gate(t, quality.GateOptions{Quarantine: quality.Quarantine{Path: side, Format: "delta"}}, notNull("v", quality.ActionQuarantine, "v"))
		view := dataflow.SQLView{SQL: "SELECT id, IF(id < " + bad + ", NULL, id) AS v FROM range(10)", View: "good"}
		require.NoError(t, view.Run(t.Context(), b.spark, runtimeOf(g, "r", "c")))
	}
	require.Equal(t, int64(2), b.values(t, "SELECT count(*) FROM delta.`"+side+"/run_id=r/component=c`")[0])
	require.Equal(t, int64(8), b.values(t, "SELECT count(*) FROM good")[0])
}

func deltaSink(t *testing.T, b *gateBundle) {
	out, stage := filepath.Join(b.dir, "out"), filepath.Join(b.dir, "stage")
	sink := dataflow.DeltaSink{Path: out, Mode: dataflow.TableModeAppend}
	run := func(query string, opts quality.GateOptions, rules ...quality.Rule) error {
		g := b.gate(t, opts, rules...)
		return dataflow.WriteView{Input: dataflow.Input{Query: query}, Sink: sink}.Run(t.Context(), b.spark, runtimeOf(g, "r", "c"))
	}
	require.NoError(t, run("SELECT id FROM range(10)", quality.GateOptions{Staging: stage}, atLeast(10, quality.ActionFail)))
	require.Empty(t, entries(t, stage))
	require.Error(t, run("SELECT id FROM range(9)", quality.GateOptions{}, atLeast(10, quality.ActionFail)))
	require.Equal(t, int64(10), b.values(t, "SELECT count(*) FROM delta.`"+out+"`")[0])

	// Metrics do not come with a write to Delta.
	err := run("SELECT id FROM range(9)", quality.GateOptions{Publish: quality.PublishWithChecks}, atLeast(10, quality.ActionFail))
	require.ErrorContains(t, err, "published already")
	require.Equal(t, int64(19), b.values(t, "SELECT count(*) FROM delta.`"+out+"`")[0])
	require.NoError(t, run("SELECT id FROM range(9)", quality.GateOptions{}, atLeast(10, quality.ActionExpect)))
	require.Equal(t, quality.StatusFailed, b.report(t).Results[0].Status)
	t.Log("passes of a write to Delta:", b.report(t).Passes)
}

func reportTables(t *testing.T, b *gateBundle) {
	provide := sessionOf(b.spark)
	reporter, err := quality.NewTableReporter(provide, "default.reports", &quality.TableOptions{Format: "delta"})
	require.NoError(t, err)
	history, err := quality.NewTableHistory(provide, "default.history", &quality.TableOptions{Format: "delta"})
	require.NoError(t, err)
	last, err := history.Last(t.Context(), "p", "v")
	require.NoError(t, err)
	require.Nil(t, last)
	for _, rows := range []string{"5", "7"} {
		g := b.gate(t, quality.GateOptions{Reporter: reporter, History: history}, atLeast(5, quality.ActionFail), notNull("id", quality.ActionExpect, "id"))
		view := dataflow.SQLView{SQL: "SELECT id FROM range(" + rows + ")", View: "v"}
		require.NoError(t, view.Run(t.Context(), b.spark, runtimeOf(g, "run "+rows, "c")))
	}
	require.Empty(t, b.warned)
	last, err = history.Last(t.Context(), "p", "v")
	require.NoError(t, err)
	require.Equal(t, "run 7", last.RunID)
	require.Equal(t, int64(7), last.Results[0].Rows)
	all, err := history.Reports(t.Context(), "p", "v", 0)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, int64(4), b.values(t, "SELECT count(*) FROM default.reports WHERE pipeline = 'p' AND published AND status = 'passed'")[0])
}
