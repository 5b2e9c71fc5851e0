package dataflow_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// ends writes down how the operations of a context ended.
func ends(ctx context.Context) (context.Context, *[]dataflow.OperationEnd) {
	var all []dataflow.OperationEnd
	return dataflow.WithOperationEnd(ctx, func(_ context.Context, end dataflow.OperationEnd) {
		all = append(all, end)
	}), &all
}

func TestOperationEnds(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.LimitStreams(2)
	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		if op.Request.GetPlan().GetCommand() != nil {
			return fakeconnect.Failure{Class: "DIVIDE_BY_ZERO", State: "22012", Message: "Division by zero."}.Error()
		}
		for range 3 {
			if err := op.SendStrings("value", "a", "b"); err != nil {
				return err
			}
		}
		return nil
	})
	before := time.Now()
	ctx, recorded := recorder(dataflow.WithOperationTags(t.Context(), "run=7"))
	ctx, outer := ends(ctx)
	ctx, all := ends(ctx)
	rows, err := b.frame(t).Collect(ctx)
	require.NoError(t, err)
	require.Len(t, rows, 6)
	for _, err := range dataflow.Rows(ctx, b.frame(t)) {
		require.NoError(t, err)
	}
	failed := b.spark.Exec(ctx, "DROP TABLE t")
	require.Error(t, failed)

	require.Equal(t, *outer, *all)
	require.Len(t, *all, 3)
	for i, end := range *all {
		require.Equal(t, (*recorded)[i], end.Operation)
		require.Equal(t, b.spark.ID(), end.SessionID)
		require.False(t, end.Started.Before(before))
		require.Positive(t, end.Duration)
		if i < 2 { // the client's call and ours
			require.NoError(t, end.Err)
			require.EqualValues(t, 6, end.Rows)
			require.Positive(t, end.Bytes)
			require.Equal(t, 1, end.Reattached)
		}
	}
	require.ErrorIs(t, failed, (*all)[2].Err)
	require.Zero(t, (*all)[2].Rows)
	require.Equal(t, t.Context(), dataflow.WithOperationEnd(t.Context(), nil))
}

func TestOperationEndsOfWhatIsBrokenOff(t *testing.T) {
	t.Parallel()
	errReason := errors.New("stopped by hand")
	b := setup(t, nil)
	running := make(chan struct{})
	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		close(running)
		return op.Wait()
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	ctx, all := ends(ctx)
	done := make(chan error, 1)
	go func() { done <- b.spark.Exec(ctx, "INSERT INTO t SELECT 1") }()
	<-running
	cancel(errReason)
	require.ErrorIs(t, <-done, errReason)
	require.Len(t, *all, 1)
	require.ErrorIs(t, (*all)[0].Err, errReason)
	require.Equal(t, dataflow.OperationSQL, (*all)[0].Kind)
}

func TestOperationThatIsKeptBackHasNoEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx, all := ends(dataflow.WithOperationRecorder(t.Context(), func(context.Context, dataflow.Operation) error {
		return errors.New("the disk is full")
	}))
	require.Error(t, b.spark.Exec(ctx, "DROP TABLE t"))
	require.Empty(t, *all)
}
