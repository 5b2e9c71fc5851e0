package dataflow_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// comeBack opens a session a second time, as another process would.
func comeBack(t *testing.T, remote string, spark *dataflow.Session) *dataflow.Session {
	t.Helper()
	return connectTo(t, remote, &dataflow.ConnectOptions{SessionID: spark.ID(), ServerSessionID: spark.ServerSessionID(), KeepSession: true})
}

// TestRealInterruptByTagFromElsewhere is not parallel: the job takes every core.
func TestRealInterruptByTagFromElsewhere(t *testing.T) {
	sparktest.Each(t, func(t *testing.T, remote string) {
		heart, spark := newHeart(t, remote), sparkAt(t, remote)
		ctx, all := recorder(dataflow.WithOperationTags(t.Context(), "run=x"))
		df := query(t, spark, heart.job())
		done := make(chan error, 1)
		go func() {
			done <- dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, df, "")
		}()
		heart.await(t)

		other := comeBack(t, remote, spark)
		ids, err := other.InterruptTag(t.Context(), "run=y")
		require.NoError(t, err)
		require.Empty(t, ids)
		ids, err = other.InterruptTag(t.Context(), "run=x")
		require.NoError(t, err)
		require.Equal(t, []string{(*all)[0].ID}, ids)
		require.ErrorContains(t, <-done, "OPERATION_CANCELED")
		heart.requireStopped(t)

		got, err := other.Outcome(t.Context(), ids[0])
		require.NoError(t, err)
		require.Equal(t, dataflow.OutcomeFailed, got.State)
		require.NoError(t, other.Close(t.Context()))
		require.Equal(t, []string{"1"}, rows(t, spark, "SELECT 1"), "the session goes on without the other")
	})
}

// TestRealOutcomeFollowsARunningJob takes the job over from a connection that is
// still there, and stops it.
func TestRealOutcomeFollowsARunningJob(t *testing.T) {
	sparktest.Each(t, func(t *testing.T, remote string) {
		heart, spark := newHeart(t, remote), sparkAt(t, remote)
		ctx, all := recorder(t.Context())
		df := query(t, spark, heart.job())
		done := make(chan error, 1)
		go func() {
			done <- dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, df, "")
		}()
		heart.await(t)
		other := comeBack(t, remote, spark)
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := other.Outcome(limited, (*all)[0].ID)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, <-done, "OPERATION_CANCELED")
		heart.requireStopped(t)
	})
}

// TestRealOperationsOfTheClient are recorded, and the client takes the results of
// operations to which the recorder gave another id.
func TestRealOperationsOfTheClient(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx, all := recorder(t.Context())
		ctx, ended := ends(ctx)
		df, err := spark.Sql(ctx, "SELECT id FROM range(10)")
		require.NoError(t, err)
		require.NoError(t, df.Writer().Format("noop").Mode("overwrite").Save(ctx, ""))
		require.NoError(t, df.CreateTempView(ctx, "ten", true, false))
		rows, err := df.Collect(ctx)
		require.NoError(t, err)
		require.Len(t, rows, 10)

		other := comeBack(t, remote, spark)
		want := []dataflow.OperationKind{dataflow.OperationSQL, dataflow.OperationWrite, dataflow.OperationView, dataflow.OperationQuery}
		require.Len(t, *all, len(want))
		require.Len(t, *ended, len(want))
		for i, op := range *all {
			require.Equal(t, want[i], op.Kind)
			require.Equal(t, op, (*ended)[i].Operation)
			require.NoError(t, (*ended)[i].Err)
			if op.Kind.HasEffect() {
				got, err := other.Outcome(t.Context(), op.ID)
				require.NoError(t, err)
				require.Equal(t, dataflow.OutcomeSucceeded, got.State, "%s: %v", op.Kind, got.Err)
			}
		}
		require.EqualValues(t, 10, (*ended)[3].Rows)
	})
}
