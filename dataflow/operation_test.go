package dataflow_test

import (
	"context"
	"errors"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// recorder writes down the operations of a context.
func recorder(ctx context.Context) (context.Context, *[]dataflow.Operation) {
	var all []dataflow.Operation
	return dataflow.WithOperationRecorder(ctx, func(_ context.Context, op dataflow.Operation) error {
		all = append(all, op)
		return nil
	}), &all
}

func TestOperationRecorder(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx, all := recorder(dataflow.WithOperationTags(t.Context(), "run=7"))
	df := b.frame(t)
	require.NoError(t, b.spark.CreateTempView(ctx, df, "clean"))
	require.NoError(t, dataflow.Writer{Format: "parquet", Mode: dataflow.SaveModeAppend}.Save(ctx, b.spark, df, "/out"))
	require.NoError(t, b.spark.Exec(ctx, "DROP TABLE t"))
	_, err := df.Collect(ctx)
	require.NoError(t, err)

	sent := b.executed(t)
	require.Len(t, *all, len(sent))
	kinds := map[dataflow.OperationKind]bool{}
	for i, op := range *all {
		require.Equal(t, sent[i].Request.GetOperationId(), op.ID)
		require.Equal(t, []string{"run=7"}, op.Tags)
		kinds[op.Kind] = op.Kind.HasEffect()
	}
	require.Equal(t, map[dataflow.OperationKind]bool{
		dataflow.OperationView: false, dataflow.OperationWrite: true, dataflow.OperationSQL: true, dataflow.OperationQuery: false,
	}, kinds)
	require.Equal(t, "clean", (*all)[0].View)
	require.Equal(t, t.Context(), dataflow.WithOperationRecorder(t.Context(), nil))
}

func TestOperationRecorderThatFails(t *testing.T) {
	t.Parallel()
	errFull := errors.New("the disk is full")
	b := setup(t, nil)
	df := b.frame(t)
	ctx := dataflow.WithOperationRecorder(t.Context(), func(context.Context, dataflow.Operation) error { return errFull })
	err := dataflow.Writer{Format: "parquet"}.Save(ctx, b.spark, df, "/out")
	require.ErrorIs(t, err, errFull)
	_, err = df.Collect(ctx)
	require.ErrorIs(t, b.spark.Error(ctx, err), errFull)
	flow := dataflow.Steps{
		Source: dataflow.SourceFunc(func(context.Context, *dataflow.Session) (sql.DataFrame, error) { return df, nil }),
		Sink: dataflow.SinkFunc(func(ctx context.Context, _ *dataflow.Session, df sql.DataFrame) error {
			return df.Writer().Save(ctx, "/out")
		}),
	}
	require.ErrorIs(t, dataflow.Component(flow).Run(ctx, provide(b.spark, nil)), errFull)
	require.Empty(t, b.server.Requests("ExecutePlan"))
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	b := setup(t, &dataflow.ConnectOptions{KeepSession: true})
	ctx, all := recorder(t.Context())
	require.NoError(t, b.spark.Exec(ctx, "DROP TABLE a"))
	b.server.OnExecute(func(*fakeconnect.Operation) error {
		return fakeconnect.Failure{Class: "TABLE_OR_VIEW_NOT_FOUND", State: "42P01", Message: "There is no such table."}.Error()
	})
	require.Error(t, b.spark.Exec(ctx, "DROP TABLE b"))

	again := connectTo(t, b.server.Remote(), &dataflow.ConnectOptions{
		SessionID: b.spark.ID(), ServerSessionID: b.spark.ServerSessionID(), KeepSession: true,
	})
	got, err := again.Outcome(t.Context(), (*all)[0].ID)
	require.NoError(t, err)
	require.Equal(t, dataflow.Outcome{State: dataflow.OutcomeSucceeded}, got)
	got, err = again.Outcome(t.Context(), (*all)[1].ID)
	require.NoError(t, err)
	require.Equal(t, dataflow.OutcomeFailed, got.State)
	var spark *component.SparkError
	require.ErrorAs(t, got.Err, &spark)
	require.Equal(t, "TABLE_OR_VIEW_NOT_FOUND", spark.Class)
	got, err = again.Outcome(t.Context(), uuid.NewString())
	require.NoError(t, err)
	require.Equal(t, dataflow.OutcomeUnknown, got.State)
	require.ErrorIs(t, got.Err, dataflow.ErrOutcomeUnknown)
	_, err = again.Outcome(t.Context(), "")
	require.Error(t, err)
}

func TestSessionCanBeComeBackTo(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	spark := connectTo(t, server.Remote()+"/;user_id=ann;x-secret=hidden", &dataflow.ConnectOptions{KeepSession: true})
	require.Equal(t, "ann", spark.UserID())
	require.Equal(t, server.Remote(), spark.Address())
	resume := &dataflow.ConnectOptions{SessionID: spark.ID(), ServerSessionID: spark.ServerSessionID(), KeepSession: true}
	again := connectTo(t, spark.Address()+"/;user_id="+spark.UserID(), resume)
	require.Equal(t, spark.ID(), again.ID())

	_, err := dataflow.Connect(t.Context(), fakeconnect.Start(t).Remote(), resume)
	require.ErrorIs(t, err, dataflow.ErrSessionLost)
}
