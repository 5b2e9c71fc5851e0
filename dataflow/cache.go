package dataflow

import (
	"context"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Persist has the cluster keep the rows of a DataFrame once they have been
// computed, until [Unpersist] or the end of the server: all sessions of the
// server profit. The empty level is Spark's default, [StorageLevelMemoryAndDisk]
// unless the server is set otherwise. It blocks for one round trip and computes
// nothing. A DataFrame that is persisted already keeps its level.
func Persist(ctx context.Context, df sql.DataFrame, level StorageLevel) error {
	persist := &wire.AnalyzePlanRequest_Persist{}
	var err error
	if persist.StorageLevel, err = level.wire(); err != nil {
		return fmt.Errorf("persist: %w", err)
	}
	conn, plan, err := connect.Owner(ctx, df)
	if err == nil {
		persist.Relation = plan
		_, err = conn.Analyze(ctx, &wire.AnalyzePlanRequest{Analyze: &wire.AnalyzePlanRequest_Persist_{Persist: persist}})
	}
	if err != nil {
		return fmt.Errorf("persist: %w", err)
	}
	return nil
}

// Unpersist has the cluster drop the rows that it keeps of a DataFrame, and of
// those that were made of it. It blocks for one round trip; with blocking until
// they are gone. A DataFrame that is not persisted is no error.
func Unpersist(ctx context.Context, df sql.DataFrame, blocking bool) error {
	conn, plan, err := connect.Owner(ctx, df)
	if err == nil {
		_, err = conn.Analyze(ctx, &wire.AnalyzePlanRequest{Analyze: &wire.AnalyzePlanRequest_Unpersist_{
			Unpersist: &wire.AnalyzePlanRequest_Unpersist{Relation: plan, Blocking: &blocking},
		}})
	}
	if err != nil {
		return fmt.Errorf("unpersist: %w", err)
	}
	return nil
}

// StorageLevelOf returns where the cluster keeps the rows of a DataFrame,
// [StorageLevelNone] when it keeps none. It blocks for one round trip.
func StorageLevelOf(ctx context.Context, df sql.DataFrame) (StorageLevel, error) {
	conn, plan, err := connect.Owner(ctx, df)
	if err != nil {
		return "", fmt.Errorf("ask for the storage level: %w", err)
	}
	resp, err := conn.Analyze(ctx, &wire.AnalyzePlanRequest{Analyze: &wire.AnalyzePlanRequest_GetStorageLevel_{
		GetStorageLevel: &wire.AnalyzePlanRequest_GetStorageLevel{Relation: plan},
	}})
	if err != nil {
		return "", fmt.Errorf("ask for the storage level: %w", err)
	}
	return storageLevelOf(resp.GetGetStorageLevel().GetStorageLevel()), nil
}
