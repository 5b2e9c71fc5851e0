package dataflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// keepRows answers a checkpoint with the id of its rows.
func keepRows(id string) fakeconnect.Script {
	return func(op *fakeconnect.Operation) error {
		if op.Request.GetPlan().GetCommand().GetCheckpointCommand() == nil {
			return fakeconnect.ErrUnscripted
		}
		return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_CheckpointCommandResult{
			CheckpointCommandResult: &wire.CheckpointCommandResult{Relation: &wire.CachedRemoteRelation{RelationId: id}},
		}})
	}
}

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(keepRows("rows-1"))
	df, release, err := dataflow.Checkpoint(t.Context(), b.frame(t), true)
	require.NoError(t, err)
	require.JSONEq(t, `{"eager":true,"relation":{"common":{"planId":"1"},"read":{"namedTable":{"unparsedIdentifier":"t"}}}}`,
		string(at(t, b.lastPlan(t), "command", "checkpointCommand")))
	require.JSONEq(t, `{"relationId":"rows-1"}`, string(at(t, b.planOf(t, df), "root", "cachedRemoteRelation")))

	require.NoError(t, release(t.Context()))
	require.JSONEq(t, `{"relation":{"relationId":"rows-1"}}`,
		string(at(t, b.lastPlan(t), "command", "removeCachedRemoteRelationCommand")))
	require.NoError(t, release(t.Context()))
	require.Len(t, b.executed(t), 2, "a second release sends nothing")

	_, _, err = dataflow.LocalCheckpoint(t.Context(), b.frame(t), false, dataflow.StorageLevelDiskOnly)
	require.NoError(t, err)
	require.JSONEq(t, `{"local":true,"storageLevel":{"useDisk":true,"replication":1},"relation":{"common":{"planId":"1"},"read":{"namedTable":{"unparsedIdentifier":"t"}}}}`,
		string(at(t, b.lastPlan(t), "command", "checkpointCommand")))
}

func TestCheckpointFaults(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, _, err := dataflow.Checkpoint(t.Context(), b.frame(t), true)
	require.EqualError(t, err, "checkpoint: the server did not say where the rows are")
	b.server.OnExecute(func(*fakeconnect.Operation) error { return notFound.Error() })
	_, _, err = dataflow.Checkpoint(t.Context(), b.frame(t), true)
	require.EqualError(t, err, "checkpoint: [TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found. (SQLSTATE 42P01)")
}

func TestReleaseThatFailedCanBeRepeated(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(keepRows("rows-1"))
	_, release, err := dataflow.Checkpoint(t.Context(), b.frame(t), true)
	require.NoError(t, err)
	b.server.OnExecute(func(*fakeconnect.Operation) error { return notFound.Error() })
	require.ErrorContains(t, release(t.Context()), "release a checkpoint: [TABLE_OR_VIEW_NOT_FOUND]")
	b.server.OnExecute(nil)
	require.NoError(t, release(t.Context()))
}

func TestReleaseAfterTheSession(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(keepRows("rows-1"))
	_, release, err := dataflow.Checkpoint(t.Context(), b.frame(t), true)
	require.NoError(t, err)
	require.NoError(t, b.spark.Close(t.Context()))
	require.NoError(t, release(t.Context()), "the end of the session has released it")
}
