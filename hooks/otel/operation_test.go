package otel_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
)

func TestSpansOfOperations(t *testing.T) {
	t.Parallel()
	spark := &component.SparkError{Class: "DIVIDE_BY_ZERO", Code: "Internal", Message: "no"}
	tests := map[string]struct {
		err    error
		status string
		code   codes.Code
		class  string
	}{
		"succeeded": {nil, "succeeded", codes.Unset, ""},
		"failed":    {fmt.Errorf("write: %w", spark), "failed", codes.Error, "DIVIDE_BY_ZERO"},
		"cancelled": {fmt.Errorf("write: %w", context.Canceled), "cancelled", codes.Error, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hook, exporter, _ := tracing()
			ctx, err := hook.BeforeComponent(t.Context(), hooks.ComponentStart{Name: "clean"})
			require.NoError(t, err)
			started := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
			hook.OnOperationEnd(ctx, hooks.OperationEnd{
				Name: "clean", ID: "op-1", SessionID: "s-1", Kind: "write", Tags: []string{"run=x"},
				Started: started, Duration: time.Minute, Err: tt.err, Reattached: 2, Rows: 3, Bytes: 40,
			})
			hook.AfterComponent(ctx, hooks.ComponentEnd{Name: "clean"})

			spans := map[string]tracetest.SpanStub{}
			for _, s := range exporter.GetSpans() {
				spans[s.Name] = s
			}
			require.Len(t, spans, 2)
			got := spans["spark.execute"]
			require.Equal(t, spans["component clean"].SpanContext.SpanID(), got.Parent.SpanID())
			require.Equal(t, trace.SpanKindClient, got.SpanKind)
			require.Equal(t, started, got.StartTime)
			require.Equal(t, started.Add(time.Minute), got.EndTime)
			require.Equal(t, tt.code, got.Status.Code)
			want := map[string]string{
				"sparkpipe.operation_id": "op-1", "sparkpipe.session_id": "s-1", "sparkpipe.operation.kind": "write",
				"sparkpipe.status": tt.status, "sparkpipe.component": "clean", "sparkpipe.operation.reattached": "2",
				"sparkpipe.operation.rows": "3", "sparkpipe.operation.bytes": "40", "sparkpipe.error.class": tt.class,
			}
			for key, text := range want {
				require.Equal(t, text, value(got.Attributes, key), key)
			}
		})
	}
}
