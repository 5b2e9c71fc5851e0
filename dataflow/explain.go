package dataflow

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// ExplainMode says what [Explain] tells of a plan.
type ExplainMode uint8

// The modes of Spark's explain. The zero value is ExplainModeSimple.
const (
	// ExplainModeSimple tells the physical plan.
	ExplainModeSimple ExplainMode = iota
	// ExplainModeExtended tells the parsed, the analysed, the optimised and the
	// physical plan.
	ExplainModeExtended
	// ExplainModeCodegen tells the physical plan and the code that Spark makes.
	ExplainModeCodegen
	// ExplainModeCost tells the optimised plan with its statistics, and the
	// physical one.
	ExplainModeCost
	// ExplainModeFormatted tells the physical plan as an outline, then the details
	// of each node.
	ExplainModeFormatted
)

var explainModeNames = [...]string{"simple", "extended", "codegen", "cost", "formatted"}

// String returns Spark's name of the mode.
func (m ExplainMode) String() string {
	if int(m) < len(explainModeNames) {
		return explainModeNames[m]
	}
	return fmt.Sprintf("ExplainMode(%d)", uint8(m))
}

// Explain returns the plan of a DataFrame as Spark's explain prints it. It
// blocks for one round trip and runs nothing. The text is for people and differs
// between Spark versions.
func Explain(ctx context.Context, df sql.DataFrame, mode ExplainMode) (string, error) {
	if int(mode) >= len(explainModeNames) {
		return "", fmt.Errorf("explain: %s is no mode; there are %s", mode, strings.Join(explainModeNames[:], ", "))
	}
	resp, err := analyze(ctx, df, func(plan *wire.Plan) *wire.AnalyzePlanRequest {
		return &wire.AnalyzePlanRequest{Analyze: &wire.AnalyzePlanRequest_Explain_{Explain: &wire.AnalyzePlanRequest_Explain{
			Plan: plan, ExplainMode: wire.AnalyzePlanRequest_Explain_EXPLAIN_MODE_SIMPLE + wire.AnalyzePlanRequest_Explain_ExplainMode(mode),
		}}}
	})
	if err != nil {
		return "", fmt.Errorf("explain: %w", err)
	}
	return resp.GetExplain().GetExplainString(), nil
}

// TreeString returns the schema of a DataFrame as the tree that Spark's
// printSchema prints, down to a level; 0 is all of it. It blocks for one round
// trip.
func TreeString(ctx context.Context, df sql.DataFrame, level int) (string, error) {
	resp, err := analyze(ctx, df, func(plan *wire.Plan) *wire.AnalyzePlanRequest {
		tree := &wire.AnalyzePlanRequest_TreeString{Plan: plan}
		if depth := clamp(level); depth > 0 {
			tree.Level = &depth
		}
		return &wire.AnalyzePlanRequest{Analyze: &wire.AnalyzePlanRequest_TreeString_{TreeString: tree}}
	})
	if err != nil {
		return "", fmt.Errorf("print the schema: %w", err)
	}
	return resp.GetTreeString().GetTreeString(), nil
}

// IsStreaming reports whether a DataFrame reads from a stream, so that only a
// streaming query can run it. It blocks for one round trip.
func IsStreaming(ctx context.Context, df sql.DataFrame) (bool, error) {
	resp, err := analyze(ctx, df, func(plan *wire.Plan) *wire.AnalyzePlanRequest {
		return &wire.AnalyzePlanRequest{Analyze: &wire.AnalyzePlanRequest_IsStreaming_{
			IsStreaming: &wire.AnalyzePlanRequest_IsStreaming{Plan: plan},
		}}
	})
	if err != nil {
		return false, fmt.Errorf("ask whether a DataFrame is streaming: %w", err)
	}
	return resp.GetIsStreaming().GetIsStreaming(), nil
}

// InputFiles returns the URLs of the files that a DataFrame is made of, as far
// as its sources tell them, in no order. It blocks for one round trip.
func InputFiles(ctx context.Context, df sql.DataFrame) ([]string, error) {
	resp, err := analyze(ctx, df, func(plan *wire.Plan) *wire.AnalyzePlanRequest {
		return &wire.AnalyzePlanRequest{Analyze: &wire.AnalyzePlanRequest_InputFiles_{
			InputFiles: &wire.AnalyzePlanRequest_InputFiles{Plan: plan},
		}}
	})
	if err != nil {
		return nil, fmt.Errorf("list the input files: %w", err)
	}
	return resp.GetInputFiles().GetFiles(), nil
}

// analyze asks the session of a DataFrame about its plan.
func analyze(ctx context.Context, df sql.DataFrame, about func(*wire.Plan) *wire.AnalyzePlanRequest) (*wire.AnalyzePlanResponse, error) {
	conn, plan, err := connect.Owner(ctx, df)
	if err != nil {
		return nil, err
	}
	resp, err := conn.Analyze(ctx, about(&wire.Plan{OpType: &wire.Plan_Root{Root: plan}}))
	if explained := resp.GetExplain(); explained != nil { // Spark hides only what it takes for a secret
		explained.ExplainString = conn.Concealed(explained.GetExplainString())
	}
	return resp, err
}
