package dataflow_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		for done := range int64(2) {
			if err := op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_ExecutionProgress_{
				ExecutionProgress: &wire.ExecutePlanResponse_ExecutionProgress{NumInflightTasks: 2 - done, Stages: []*wire.ExecutePlanResponse_ExecutionProgress_StageInfo{
					{StageId: 7, NumTasks: 4, NumCompletedTasks: 2 * done, InputBytesRead: 100, Done: done == 1},
				}},
			}}); err != nil {
				return err
			}
		}
		return fakeconnect.ErrUnscripted
	})
	var outer, inner []dataflow.Progress
	ctx := dataflow.WithProgress(t.Context(), func(p dataflow.Progress) { outer = append(outer, p) })
	ctx = dataflow.WithProgress(ctx, nil)
	ctx = dataflow.WithProgress(ctx, func(p dataflow.Progress) { inner = append(inner, p) })
	want := func(id string) []dataflow.Progress {
		return []dataflow.Progress{
			{OperationID: id, InflightTasks: 2, Stages: []dataflow.StageProgress{{ID: 7, Tasks: 4, InputBytes: 100}}},
			{OperationID: id, InflightTasks: 1, Stages: []dataflow.StageProgress{{ID: 7, Tasks: 4, CompletedTasks: 2, InputBytes: 100, Done: true}}},
		}
	}
	ways := map[string]func(context.Context) error{
		"our writer":           func(ctx context.Context) error { return dataflow.Writer{}.Save(ctx, b.spark, b.frame(t), "/out") },
		"the client's collect": func(ctx context.Context) error { _, err := b.frame(t).Collect(ctx); return err },
	}
	for name, run := range ways {
		outer, inner = nil, nil
		require.NoError(t, run(ctx), name)
		all := b.executed(t)
		id := all[len(all)-1].Request.GetOperationId()
		require.Equal(t, want(id), inner, name)
		require.Equal(t, want(id), outer, "%s: who asked before still hears", name)
		require.NoError(t, run(t.Context()), name)
		require.Len(t, inner, 2, "%s: only under the context", name)
	}
}

func TestInterrupts(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	started := make(chan string, 2)
	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		started <- op.Request.GetOperationId()
		return op.Wait()
	})
	failed := make(chan error, 2)
	run := func() string {
		go func() { failed <- dataflow.Writer{}.Save(t.Context(), b.spark, b.frame(t), "/out") }()
		return <-started
	}
	id := run()
	ids, err := b.spark.InterruptOperation(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, []string{id}, ids)
	require.ErrorContains(t, <-failed, "OPERATION_CANCELED")

	both := []string{run(), run()}
	ids, err = b.spark.InterruptAll(t.Context())
	require.NoError(t, err)
	require.Subset(t, ids, both)
	require.ErrorContains(t, <-failed, "OPERATION_CANCELED")
	require.ErrorContains(t, <-failed, "OPERATION_CANCELED")
}
