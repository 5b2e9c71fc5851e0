package otel_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// runs is a component that makes rows of each query, one after the other, until
// one fails. The queries differ with the attempt.
func runs(name string, queries func(attempt int) []string) pipeline.Step {
	return pipeline.Step{Name: name, Type: "ask", RetryUnsafe: true, Component: component.Func(name, func(ctx context.Context, rt component.Runtime) error {
		spark, err := dataflow.SessionOf(ctx, rt)
		if err != nil {
			return err
		}
		for _, query := range queries(rt.Attempt) {
			df, err := spark.SQL(ctx, query)
			if err != nil {
				return err
			}
			for _, err := range dataflow.Rows(ctx, df) {
				if err != nil {
					return err
				}
			}
		}
		return nil
	})}
}

// tree lists the names of the spans with their status, each below its parent,
// in the order of their beginning.
func tree(spans tracetest.SpanStubs, parent trace.SpanID, indent string) []string {
	var below []tracetest.SpanStub
	for _, s := range spans {
		if s.Parent.SpanID() == parent {
			below = append(below, s)
		}
	}
	slices.SortStableFunc(below, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var out []string
	for _, s := range below {
		line := indent + s.Name
		if s.Status.Code == codes.Error {
			line += " failed"
		}
		out = append(append(out, line), tree(spans, s.SpanContext.SpanID(), indent+"  ")...)
	}
	return out
}

// TestRealTrace has a component that fails at first, and one behind it.
func TestRealTrace(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		ctx := t.Context()
		spark, err := dataflow.Connect(ctx, remote, nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, spark.Close(context.WithoutCancel(ctx))) }()
		flaky := runs("flaky", func(attempt int) []string {
			if attempt == 1 {
				return []string{"SELECT 1", "SELECT raise_error('not yet')"}
			}
			return []string{"SELECT id FROM range(7)"}
		})
		flaky.Resilience = resilience.Config{Retry: &resilience.RetryConfig{MaxAttempts: 3, InitialDelay: time.Millisecond}}
		calm := runs("calm", func(int) []string { return []string{"SELECT 2"} })
		calm.DependsOn = []string{"flaky"}
		p, err := pipeline.New("nightly", flaky, calm)
		require.NoError(t, err)

		var mu sync.Mutex
		var sent []string
		recorded := dataflow.WithOperationRecorder(ctx, func(_ context.Context, op dataflow.Operation) error {
			mu.Lock()
			defer mu.Unlock()
			sent = append(sent, op.ID)
			return nil
		})
		hook, exporter, _ := tracing()
		runner, err := pipeline.NewSimplePipelineRunner(spark, &pipeline.RunnerOptions{RunID: "r1", Hooks: []hooks.PipelineHooks{hook}})
		require.NoError(t, err)
		result, err := runner.Run(recorded, p)
		require.NoError(t, err)
		first, _ := result.Component("flaky")
		require.Equal(t, 2, first.Attempts)

		spans := exporter.GetSpans()
		require.Equal(t, []string{
			"pipeline nightly",
			"  component flaky",
			"    attempt 1 failed",
			"      spark.execute",
			"      spark.execute failed",
			"    attempt 2",
			"      spark.execute",
			"  component calm",
			"    attempt 1",
			"      spark.execute",
		}, tree(spans, trace.SpanID{}, ""))
		slices.SortFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
		var traced []string
		for _, s := range spans {
			if s.Name == "spark.execute" {
				traced = append(traced, value(s.Attributes, "sparkpipe.operation_id"))
				require.Equal(t, spark.ID(), value(s.Attributes, "sparkpipe.session_id"))
				require.Contains(t, value(s.Attributes, "sparkpipe.operation.tags"), "r1")
			}
		}
		require.Equal(t, sent, traced, "the ids are those that Spark knows")
		require.Equal(t, "7", value(spans[slices.IndexFunc(spans, func(s tracetest.SpanStub) bool {
			return value(s.Attributes, "sparkpipe.operation_id") == sent[2]
		})].Attributes, "sparkpipe.operation.rows"))
		failed := spans[slices.IndexFunc(spans, func(s tracetest.SpanStub) bool { return s.Name == "attempt 1" })]
		require.Equal(t, "USER_RAISED_EXCEPTION", value(failed.Attributes, "sparkpipe.error.class"))
		require.Equal(t, sent[1], value(failed.Attributes, "sparkpipe.operation_id"))
	})
}
