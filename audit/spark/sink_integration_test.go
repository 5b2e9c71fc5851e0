package spark_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/audit/spark"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

func TestRealTable(t *testing.T) {
	t.Parallel()
	remote := sparktest.Remote(t)
	session, err := dataflow.Connect(t.Context(), remote, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, session.Close(context.WithoutCancel(t.Context()))) })
	table := fmt.Sprintf("audit_%d", time.Now().UnixNano())
	t.Cleanup(func() {
		require.NoError(t, session.Exec(context.WithoutCancel(t.Context()), "DROP TABLE IF EXISTS "+table))
	})

	sink, err := spark.NewTableSink(connect(remote), table, nil)
	require.NoError(t, err)
	for n := range 5 {
		require.NoError(t, sink.Write(t.Context(), audittest.Event(n)))
		if n == 1 {
			require.NoError(t, sink.Flush(t.Context()))
		}
	}
	require.NoError(t, sink.Close(t.Context()))

	want, err := schema.Parse(spark.Columns)
	require.NoError(t, err)
	df, err := session.SQL(t.Context(), "SELECT * FROM "+table)
	require.NoError(t, err)
	got, err := dataflow.SchemaOf(t.Context(), df)
	require.NoError(t, err)
	require.Equal(t, want.String(), got.String())
	type row struct {
		Batch string `spark:"batch"`
		Seq   int64  `spark:"seq"`
		RunID string `spark:"run_id"`
		Line  string `spark:"line"`
	}
	df, err = session.SQL(t.Context(), "SELECT batch, seq, run_id, line FROM "+table+" ORDER BY run_id")
	require.NoError(t, err)
	rows, err := dataflow.Collect[row](t.Context(), df)
	require.NoError(t, err)
	require.Len(t, rows, 5)
	logs := map[string]*strings.Builder{}
	for n, r := range rows {
		require.Equal(t, fmt.Sprintf("run-%d", n), r.RunID)
		if logs[r.Batch] == nil {
			logs[r.Batch] = &strings.Builder{}
		}
		fmt.Fprintln(logs[r.Batch], r.Line)
	}
	require.Len(t, logs, 2)
	for _, log := range logs {
		report, err := audit.Verify(strings.NewReader(log.String()), nil)
		require.NoError(t, err)
		require.True(t, report.OK(), report.Problems)
	}
}
