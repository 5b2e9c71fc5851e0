package dataflow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// endlessJob is a query that takes every core of the server for ever. With each
// row it writes down, in a system property of the server's JVM, that it lives.
// It sleeps because Spark can only stop a task that looks whether it was stopped:
// one that computes this query without a pause goes on, whoever asks, until the
// server ends.
const endlessJob = "SELECT concat(java_method('java.lang.System', 'setProperty', '%KEY%', string(id)), " +
	"java_method('java.lang.Thread', 'sleep', 5L)) AS beat FROM range(0, 1000000000000)"

// heart watches a job from a session of its own.
type heart struct {
	spark *dataflow.Session
	key   string
}

func newHeart(t testing.TB, remote string) heart {
	t.Helper()
	spark := sparkAt(t, remote)
	if master := rows(t, spark, "SET spark.master")[0]; !strings.HasPrefix(master, "spark.master local") {
		t.Skipf("NOT RUN on %s: the heartbeat needs executors in the JVM of the server", master)
	}
	return heart{spark: spark, key: uniqueName("sparkpipe.beat")}
}

func (h heart) job() string { return strings.Replace(endlessJob, "%KEY%", h.key, 1) }

// beat returns what the job wrote last, or nothing. The default of a variable
// is evaluated by the driver, and so is a query over a literal table: no job is
// run, so this works while others hold every core.
func (h heart) beat(ctx context.Context, t testing.TB) string {
	t.Helper()
	require.NoError(t, h.spark.Exec(ctx, "DECLARE OR REPLACE VARIABLE beat STRING DEFAULT java_method('java.lang.System', 'getProperty', '"+h.key+"')"))
	df, err := h.spark.SQL(ctx, "SELECT beat FROM VALUES (1)")
	require.NoError(t, err)
	got, err := df.Collect(ctx)
	require.NoError(t, h.spark.Error(ctx, err), "the watcher starves")
	require.Len(t, got, 1)
	if got[0].At(0) == "null" {
		return ""
	}
	return fmt.Sprint(got[0].At(0))
}

// await blocks until the job is at work.
func (h heart) await(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for h.beat(ctx, t) == "" {
		require.NoError(t, ctx.Err(), "the job does not start")
	}
	first := h.beat(ctx, t)
	for h.beat(ctx, t) == first {
		require.NoError(t, ctx.Err(), "the job does not go on")
	}
}

// requireStopped proves that the job runs no more: a job of another session that
// wants every core ends, which it cannot while the endless one holds them, and
// from the beginning to the end of a second one no heartbeat comes. The first
// outlasts the rows that the tasks of the endless one were at.
func (h heart) requireStopped(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	h.useEveryCore(ctx, t)
	last := h.beat(ctx, t)
	h.useEveryCore(ctx, t)
	require.Equal(t, last, h.beat(ctx, t), "the job goes on after it was cancelled")
}

func (h heart) useEveryCore(ctx context.Context, t testing.TB) {
	t.Helper()
	df, err := h.spark.SQL(ctx, "SELECT sum(id * id % 7) FROM range(20000000)")
	require.NoError(t, err)
	_, err = df.Collect(ctx)
	require.NoError(t, h.spark.Error(ctx, err), "the server is busy")
}

// TestRealCancelLeavesNoJob is not parallel: the job takes every core.
func TestRealCancelLeavesNoJob(t *testing.T) {
	sparktest.Each(t, func(t *testing.T, remote string) {
		calls := map[string]func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error{
			"writer": func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
				return dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, df, "")
			},
			"client's collect": func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
				counted, err := df.SelectExpr(ctx, "count(beat)")
				if err == nil {
					_, err = counted.Collect(ctx)
				}
				return spark.Error(ctx, err)
			},
			"component": func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
				flow := dataflow.Steps{
					Source: dataflow.SourceFunc(func(context.Context, *dataflow.Session) (sql.DataFrame, error) { return df, nil }),
					Sink: dataflow.SinkFunc(func(ctx context.Context, _ *dataflow.Session, df sql.DataFrame) error {
						return df.Writer().Format("noop").Mode("overwrite").Save(ctx, "")
					}),
				}
				return dataflow.Component(flow).Run(ctx, provide(spark, nil))
			},
		}
		for name, call := range calls {
			t.Run(name, func(t *testing.T) {
				heart, spark := newHeart(t, remote), sparkAt(t, remote)
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				done := make(chan error, 1)
				df := query(t, spark, heart.job())
				go func() { done <- call(ctx, spark, df) }()
				heart.await(t)

				start := time.Now()
				cancel(errReason)
				err := <-done
				require.Less(t, time.Since(start), 5*time.Second)
				require.ErrorIs(t, err, errReason)
				require.ErrorIs(t, err, context.Canceled)
				heart.requireStopped(t)
				require.Equal(t, []string{"1"}, rows(t, spark, "SELECT 1"), "the session goes on")
			})
		}
	})
}

func TestRealDeadlineLeavesNoJob(t *testing.T) {
	sparktest.Each(t, func(t *testing.T, remote string) {
		heart, spark := newHeart(t, remote), sparkAt(t, remote)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		err := spark.Exec(ctx, heart.job())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotEmpty(t, heart.beat(t.Context(), t), "the job was at work")
		heart.requireStopped(t)
	})
}

func TestRealInterruptTagLeavesNoJob(t *testing.T) {
	sparktest.Each(t, func(t *testing.T, remote string) {
		heart, spark := newHeart(t, remote), sparkAt(t, remote)
		done := make(chan error, 1)
		go func() { done <- spark.Exec(dataflow.WithOperationTags(t.Context(), "night"), heart.job()) }()
		heart.await(t)
		ids, err := spark.InterruptTag(t.Context(), "night")
		require.NoError(t, err)
		require.Len(t, ids, 1)
		var failed *component.SparkError
		require.ErrorAs(t, <-done, &failed)
		require.Equal(t, "OPERATION_CANCELED", failed.Class)
		heart.requireStopped(t)
	})
}

func TestRealCloseLeavesNoJob(t *testing.T) {
	sparktest.Each(t, func(t *testing.T, remote string) {
		heart, spark := newHeart(t, remote), sparkAt(t, remote)
		done := make(chan error, 1)
		go func() { done <- spark.Exec(t.Context(), heart.job()) }()
		heart.await(t)
		require.NoError(t, spark.Close(t.Context()))
		require.Error(t, <-done)
		heart.requireStopped(t)
		require.ErrorIs(t, spark.Exec(t.Context(), "SELECT 1"), dataflow.ErrClosed)
	})
}
