package dataflow_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// observeRun runs an observed frame until its metrics have come, at most so
// often as is believable. Servers up to 4.1 leave them out when they are busy;
// they are then unknown.
func observeRun(t *testing.T, spark *dataflow.Session, df sql.DataFrame, run func(sql.DataFrame) error, metrics ...column.Convertible) map[string]any {
	t.Helper()
	tries := 1
	if connect.HazardsOf(spark.ServerVersion()).ObservedMetricsMayBeMissing {
		tries = 10
	}
	var err error
	for range tries {
		frame, o, faulty := dataflow.Observe(t.Context(), df, "", metrics...)
		require.NoError(t, faulty)
		require.NoError(t, run(frame))
		var got map[string]any
		if got, err = o.Metrics(); err == nil {
			return got
		}
		require.ErrorIs(t, err, dataflow.ErrNoMetrics)
		o.Close()
	}
	require.NoError(t, err)
	return nil
}

func TestRealObservation(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx := t.Context()
		thousand, err := spark.SQL(ctx, "SELECT id, id % 10 = 0 AS tenth FROM range(1000)")
		require.NoError(t, err)
		noop := dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}
		runs := map[string]func(df sql.DataFrame) error{
			"our writer": func(df sql.DataFrame) error { return noop.Save(ctx, spark, df, "") },
			"files": func(df sql.DataFrame) error {
				return dataflow.Writer{}.Save(ctx, spark, df, filepath.Join(t.TempDir(), "out"))
			},
			"the client's rows":  func(df sql.DataFrame) error { _, err := df.Collect(ctx); return err },
			"the client's count": func(df sql.DataFrame) error { _, err := df.Count(ctx); return err },
			"under a filter": func(df sql.DataFrame) error {
				few, err := df.FilterByString(ctx, "tenth")
				require.NoError(t, err)
				return noop.Save(ctx, spark, few, "")
			},
		}
		for name, run := range runs {
			got := observeRun(t, spark, thousand, run, functions.Count(functions.Col("id")).Alias("n"),
				functions.Expr("count_if(tenth) AS tenths"), functions.Expr("CAST(avg(id) AS DECIMAL(10,3)) AS mean"),
				functions.Expr("max(IF(id < 0, id, NULL)) AS none"))
			require.Equal(t, map[string]any{"n": int64(1000), "tenths": int64(100), "mean": dataflow.Decimal("499.500"), "none": nil}, got, name)
		}
	})
}

func TestRealObservationOfNothing(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx := t.Context()
		df, err := spark.SQL(ctx, "SELECT id FROM range(0)")
		require.NoError(t, err)
		got := observeRun(t, spark, df, func(df sql.DataFrame) error {
			return dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, df, "")
		}, rowCount())
		require.Equal(t, map[string]any{"n": int64(0)}, got, "no rows are zero rows, and known")

		failing, err := spark.SQL(ctx, "SELECT raise_error('on purpose') AS a FROM range(10)")
		require.NoError(t, err)
		failing, o, err := dataflow.Observe(ctx, failing, "", rowCount())
		require.NoError(t, err)
		_, err = failing.Collect(ctx)
		require.Error(t, err)
		late, stop := context.WithTimeout(ctx, time.Millisecond)
		defer stop()
		_, err = o.Wait(late)
		require.ErrorIs(t, err, dataflow.ErrNoMetrics, "a failed run tells none")
	})
}

func TestRealProgress(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		require.NoError(t, spark.Conf().Set(t.Context(), map[string]string{"spark.connect.progress.reportInterval": "50ms"}))
		slow, err := spark.SQL(t.Context(), "SELECT java_method('java.lang.Thread', 'sleep', 1L) FROM range(0, 800, 1, 4)")
		require.NoError(t, err)
		var seen []dataflow.Progress
		ctx := dataflow.WithProgress(t.Context(), func(p dataflow.Progress) { seen = append(seen, p) })
		_, err = slow.Collect(ctx)
		require.NoError(t, err)
		require.NotEmpty(t, seen)
		last := seen[len(seen)-1]
		require.Len(t, last.OperationID, 36)
		require.NotEmpty(t, last.Stages)
		require.Equal(t, int64(4), last.Stages[0].Tasks)
	})
}

func TestRealInterruptOfAnOperation(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		require.NoError(t, spark.Conf().Set(t.Context(), map[string]string{"spark.connect.progress.reportInterval": "50ms"}))
		for name, interrupt := range map[string]func(ctx context.Context, id string) ([]string, error){
			"by its id": spark.InterruptOperation,
			"all":       func(ctx context.Context, _ string) ([]string, error) { return spark.InterruptAll(ctx) },
		} {
			long, err := spark.SQL(t.Context(), "SELECT java_method('java.lang.Thread', 'sleep', 100L) FROM range(0, 10000, 1, 2)")
			require.NoError(t, err)
			running := make(chan string, 1)
			ctx := dataflow.WithProgress(t.Context(), func(p dataflow.Progress) {
				select {
				case running <- p.OperationID:
				default:
				}
			})
			ended := make(chan error, 1)
			go func() {
				_, err := long.Collect(ctx)
				ended <- spark.Error(ctx, err)
			}()
			id := <-running
			ids, err := interrupt(t.Context(), id)
			require.NoError(t, err, name)
			require.Equal(t, []string{id}, ids, name)
			requireClass(t, "OPERATION_CANCELED", <-ended)
		}
		ids, err := spark.InterruptAll(t.Context())
		require.NoError(t, err)
		require.Empty(t, ids, "nothing runs")
	})
}
