package dataflow

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// ReleaseFunc has the server forget the rows of a checkpoint, in one round trip.
// Frames that were made of it fail from then on. The end of the session releases
// them too; to release them then does nothing. It works twice and is safe for
// concurrent use.
type ReleaseFunc func(ctx context.Context) error

// Checkpoint writes the rows of a DataFrame to the checkpoint folder of the
// cluster (spark.checkpoint.dir, which the server must have set) and returns a
// DataFrame whose plan begins with reading them. It blocks until they are
// written when eager; else for one round trip, and the first use writes them.
//
// Files are left to the cluster, which removes them after the release when it is
// set to (spark.cleaner.referenceTracking.cleanCheckpoints).
func Checkpoint(ctx context.Context, df sql.DataFrame, eager bool) (sql.DataFrame, ReleaseFunc, error) {
	return checkpoint(ctx, df, &wire.CheckpointCommand{Eager: eager})
}

// LocalCheckpoint is [Checkpoint] with the rows kept by the executors: faster,
// with no folder, and lost with an executor. The empty level is Spark's default,
// [StorageLevelMemoryAndDisk].
func LocalCheckpoint(ctx context.Context, df sql.DataFrame, eager bool, level StorageLevel) (sql.DataFrame, ReleaseFunc, error) {
	stored, err := level.wire()
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: %w", err)
	}
	return checkpoint(ctx, df, &wire.CheckpointCommand{Eager: eager, Local: true, StorageLevel: stored})
}

func checkpoint(ctx context.Context, df sql.DataFrame, cmd *wire.CheckpointCommand) (sql.DataFrame, ReleaseFunc, error) {
	conn, plan, err := connect.Owner(ctx, df)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: %w", err)
	}
	cmd.Relation = plan
	var rows *wire.CachedRemoteRelation
	err = conn.Run(ctx, &wire.Plan{OpType: &wire.Plan_Command{Command: &wire.Command{
		CommandType: &wire.Command_CheckpointCommand{CheckpointCommand: cmd},
	}}}, func(resp *wire.ExecutePlanResponse) error {
		if result := resp.GetCheckpointCommandResult(); result != nil {
			rows = result.GetRelation()
		}
		return nil
	})
	if err == nil && rows.GetRelationId() == "" {
		err = errors.New("the server did not say where the rows are")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: %w", err)
	}
	frame, err := conn.Relation(&wire.Relation{RelType: &wire.Relation_CachedRemoteRelation{CachedRemoteRelation: rows}})
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("checkpoint: %w", err), releaseOf(conn, rows)(ctx))
	}
	return frame, releaseOf(conn, rows), nil
}

func releaseOf(conn *connect.Conn, rows *wire.CachedRemoteRelation) ReleaseFunc {
	var mu sync.Mutex
	released := false
	return func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if released {
			return nil
		}
		_, err := conn.Execute(ctx, &wire.Command{CommandType: &wire.Command_RemoveCachedRemoteRelationCommand{
			RemoveCachedRemoteRelationCommand: &wire.RemoveCachedRemoteRelationCommand{Relation: rows},
		}})
		if err != nil && !errors.Is(err, connect.ErrClosed) {
			return fmt.Errorf("release a checkpoint: %w", err)
		}
		released = true
		return nil
	}
}
