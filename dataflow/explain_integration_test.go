package dataflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

func TestRealExplain(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx := t.Context()
		df, err := spark.SQL(ctx, "SELECT id, named_struct('a', named_struct('b', id)) AS s FROM range(10) WHERE id > 3")
		require.NoError(t, err)
		for mode, part := range map[dataflow.ExplainMode]string{
			dataflow.ExplainModeSimple: "== Physical Plan ==", dataflow.ExplainModeExtended: "== Analyzed Logical Plan ==",
			dataflow.ExplainModeCodegen: "WholeStageCodegen", dataflow.ExplainModeCost: "Statistics(", dataflow.ExplainModeFormatted: "(1) Range",
		} {
			text, err := dataflow.Explain(ctx, df, mode)
			require.NoError(t, err)
			require.Contains(t, text, part, mode.String())
		}
		tree, err := dataflow.TreeString(ctx, df, 0)
		require.NoError(t, err)
		require.Contains(t, tree, " |    |    |-- b: long")
		tree, err = dataflow.TreeString(ctx, df, 1)
		require.NoError(t, err)
		require.NotContains(t, tree, "-- a:")

		streaming, err := dataflow.IsStreaming(ctx, df)
		require.NoError(t, err)
		require.False(t, streaming)
		_, err = dataflow.Explain(ctx, mustSQL(t, spark, "SELECT nope FROM range(1)"), 0)
		requireClass(t, "UNRESOLVED_COLUMN.WITH_SUGGESTION", err)
	})
}

func TestRealInputFiles(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		dir := t.TempDir() + "/out"
		df := mustSQL(t, spark, "SELECT /*+ COALESCE(1) */ id FROM range(10)")
		require.NoError(t, dataflow.Writer{Format: "json"}.Save(t.Context(), spark, df, dir))
		df, err := dataflow.Reader{Format: "json", Paths: []string{dir}}.Load(t.Context(), spark)
		require.NoError(t, err)
		files, err := dataflow.InputFiles(t.Context(), df)
		require.NoError(t, err)
		require.Len(t, files, 1)
		require.Contains(t, files[0], dir)
	})
}
