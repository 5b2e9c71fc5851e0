package dataflow_test

import (
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// mustSQL is the DataFrame of a query.
func mustSQL(t *testing.T, spark *dataflow.Session, query string) sql.DataFrame {
	t.Helper()
	df, err := spark.SQL(t.Context(), query)
	require.NoError(t, err)
	return df
}

func TestRealPersist(t *testing.T) {
	t.Parallel()
	levels := []dataflow.StorageLevel{
		dataflow.StorageLevelDiskOnly, dataflow.StorageLevelDiskOnly2, dataflow.StorageLevelDiskOnly3,
		dataflow.StorageLevelMemoryOnly, dataflow.StorageLevelMemoryOnly2, dataflow.StorageLevelMemoryOnlySer, dataflow.StorageLevelMemoryOnlySer2,
		dataflow.StorageLevelMemoryAndDisk, dataflow.StorageLevelMemoryAndDisk2,
		dataflow.StorageLevelMemoryAndDiskSer, dataflow.StorageLevelMemoryAndDiskSer2, dataflow.StorageLevelOffHeap,
	}
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx := t.Context()
		df := mustSQL(t, spark, "SELECT id, '"+uniqueName("persist")+"' AS run FROM range(10)")
		have := func() dataflow.StorageLevel {
			level, err := dataflow.StorageLevelOf(ctx, df)
			require.NoError(t, err)
			return level
		}
		require.Equal(t, dataflow.StorageLevelNone, have())
		require.NoError(t, dataflow.Persist(ctx, df, ""))
		require.Equal(t, dataflow.StorageLevelMemoryAndDisk, have())
		require.NoError(t, dataflow.Persist(ctx, df, dataflow.StorageLevelDiskOnly))
		require.Equal(t, dataflow.StorageLevelMemoryAndDisk, have(), "it keeps its level")
		count, err := df.Count(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(10), count)
		require.NoError(t, dataflow.Unpersist(ctx, df, true))
		for _, level := range levels {
			require.NoError(t, dataflow.Persist(ctx, df, level))
			require.Equal(t, level, have())
			require.NoError(t, dataflow.Unpersist(ctx, df, false))
			require.Equal(t, dataflow.StorageLevelNone, have())
		}
		require.NoError(t, dataflow.Unpersist(ctx, df, true), "of one that is not persisted")
	})
}

func TestRealLocalCheckpoint(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx := t.Context()
		random := mustSQL(t, spark, "SELECT id, rand() AS r FROM range(100)")
		for _, eager := range []bool{true, false} {
			df, release, err := dataflow.LocalCheckpoint(ctx, random, eager, dataflow.StorageLevelMemoryAndDiskSer)
			require.NoError(t, err)
			first := rowsOf(t, spark, df)
			require.Len(t, first, 100)
			again, err := df.FilterByString(ctx, "true")
			require.NoError(t, err)
			require.Equal(t, first, rowsOf(t, spark, again), "the rows are kept, and not computed again")
			require.NotPanics(t, func() { _, err = df.Union(ctx, again).Count(ctx) }, "it is a frame as any other")
			require.NoError(t, err)
			plan, err := dataflow.Explain(ctx, df, dataflow.ExplainModeSimple)
			require.NoError(t, err)
			require.NotContains(t, plan, "rand(")
			require.NoError(t, release(ctx))
			require.NoError(t, release(ctx))
		}
		_, release, err := dataflow.LocalCheckpoint(ctx, random, false, "")
		require.NoError(t, err)
		require.NoError(t, spark.Close(ctx))
		require.NoError(t, release(ctx))
	})
}
