package dataflow_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// analyses are all questions about a frame.
var analyses = map[string]func(ctx context.Context, df sql.DataFrame) error{
	"explain simple": func(ctx context.Context, df sql.DataFrame) error { _, err := dataflow.Explain(ctx, df, 0); return err },
	"explain extended": func(ctx context.Context, df sql.DataFrame) error {
		_, err := dataflow.Explain(ctx, df, dataflow.ExplainModeExtended)
		return err
	},
	"explain codegen": func(ctx context.Context, df sql.DataFrame) error {
		_, err := dataflow.Explain(ctx, df, dataflow.ExplainModeCodegen)
		return err
	},
	"explain cost": func(ctx context.Context, df sql.DataFrame) error {
		_, err := dataflow.Explain(ctx, df, dataflow.ExplainModeCost)
		return err
	},
	"explain formatted": func(ctx context.Context, df sql.DataFrame) error {
		_, err := dataflow.Explain(ctx, df, dataflow.ExplainModeFormatted)
		return err
	},
	"tree": func(ctx context.Context, df sql.DataFrame) error {
		_, err := dataflow.TreeString(ctx, df, 0)
		return err
	},
	"tree level": func(ctx context.Context, df sql.DataFrame) error {
		_, err := dataflow.TreeString(ctx, df, 2)
		return err
	},
	"streaming":   func(ctx context.Context, df sql.DataFrame) error { _, err := dataflow.IsStreaming(ctx, df); return err },
	"input files": func(ctx context.Context, df sql.DataFrame) error { _, err := dataflow.InputFiles(ctx, df); return err },
	"persist":     func(ctx context.Context, df sql.DataFrame) error { return dataflow.Persist(ctx, df, "") },
	"persist level": func(ctx context.Context, df sql.DataFrame) error {
		return dataflow.Persist(ctx, df, dataflow.StorageLevelMemoryOnlySer2)
	},
	"unpersist": func(ctx context.Context, df sql.DataFrame) error { return dataflow.Unpersist(ctx, df, true) },
	"storage level": func(ctx context.Context, df sql.DataFrame) error {
		_, err := dataflow.StorageLevelOf(ctx, df)
		return err
	},
}

// planIn is the relation that a question comes with.
func planIn(req *wire.AnalyzePlanRequest) []byte {
	switch about := req.GetAnalyze().(type) {
	case *wire.AnalyzePlanRequest_Persist_:
		return about.Persist.GetRelation()
	case *wire.AnalyzePlanRequest_Unpersist_:
		return about.Unpersist.GetRelation()
	case *wire.AnalyzePlanRequest_GetStorageLevel_:
		return about.GetStorageLevel.GetRelation()
	case *wire.AnalyzePlanRequest_Explain_:
		return about.Explain.GetPlan().GetRoot()
	case *wire.AnalyzePlanRequest_TreeString_:
		return about.TreeString.GetPlan().GetRoot()
	case *wire.AnalyzePlanRequest_IsStreaming_:
		return about.IsStreaming.GetPlan().GetRoot()
	}
	return req.GetInputFiles().GetPlan().GetRoot()
}

// dropPlan leaves what is asked: the plan is bytes to us, with an id that
// differs from run to run.
func dropPlan(req *wire.AnalyzePlanRequest) {
	switch about := req.GetAnalyze().(type) {
	case *wire.AnalyzePlanRequest_Persist_:
		about.Persist.Relation = nil
	case *wire.AnalyzePlanRequest_Unpersist_:
		about.Unpersist.Relation = nil
	case *wire.AnalyzePlanRequest_GetStorageLevel_:
		about.GetStorageLevel.Relation = nil
	case *wire.AnalyzePlanRequest_Explain_:
		about.Explain.Plan = nil
	case *wire.AnalyzePlanRequest_TreeString_:
		about.TreeString.Plan = nil
	case *wire.AnalyzePlanRequest_IsStreaming_:
		about.IsStreaming.Plan = nil
	case *wire.AnalyzePlanRequest_InputFiles_:
		about.InputFiles.Plan = nil
	}
}

func TestPlansOfAnalyses(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	asked := map[string]json.RawMessage{}
	for what, ask := range analyses {
		_ = ask(t.Context(), b.frame(t)) // the fake server has no answer
		all := b.server.Requests("AnalyzePlan")
		req, ok := proto.Clone(all[len(all)-1].Message).(*wire.AnalyzePlanRequest)
		require.True(t, ok)
		req.SessionId, req.UserContext, req.ClientType, req.ClientObservedServerSideSessionId = "", nil, nil, nil
		relation, err := b.spark.Import(planIn(req))
		require.NoError(t, err)
		require.Contains(t, string(b.planOf(t, relation)), `"unparsedIdentifier":"t"`, "%s comes with the plan", what)
		dropPlan(req)
		text, err := protojson.Marshal(req)
		require.NoError(t, err)
		var object any
		require.NoError(t, json.Unmarshal(text, &object))
		asked[what], err = json.Marshal(object)
		require.NoError(t, err)
	}
	golden(t, "explain", asked)
}

func TestAnalysesOfAForeignFrame(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for what, ask := range analyses {
		require.ErrorContains(t, ask(t.Context(), nil), "the DataFrame is nil", what)
	}
	foreign := stockFrame(t, b.server.Remote())
	before := b.trips()
	for what, ask := range analyses {
		require.ErrorIs(t, ask(t.Context(), foreign), dataflow.ErrForeignSession, what)
	}
	_, _, err := dataflow.Checkpoint(t.Context(), foreign, true)
	require.ErrorIs(t, err, dataflow.ErrForeignSession)
	_, _, err = dataflow.LocalCheckpoint(t.Context(), foreign, true, "")
	require.ErrorIs(t, err, dataflow.ErrForeignSession)
	_, _, err = dataflow.Observe(t.Context(), foreign, "", rowCount())
	require.ErrorIs(t, err, dataflow.ErrForeignSession)
	require.Len(t, b.server.Requests("ExecutePlan"), 0)
	require.NotZero(t, b.trips()-before, "a stock connection is asked for a hash once a call")
}

func TestExplainMode(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for mode, name := range map[dataflow.ExplainMode]string{
		dataflow.ExplainModeSimple: "simple", dataflow.ExplainModeExtended: "extended", dataflow.ExplainModeCodegen: "codegen",
		dataflow.ExplainModeCost: "cost", dataflow.ExplainModeFormatted: "formatted", 9: "ExplainMode(9)",
	} {
		require.Equal(t, name, mode.String())
	}
	_, err := dataflow.Explain(t.Context(), b.frame(t), 9)
	require.EqualError(t, err, "explain: ExplainMode(9) is no mode; there are simple, extended, codegen, cost, formatted")
	require.Zero(t, b.trips())
}
