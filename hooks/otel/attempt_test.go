package otel_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
)

func TestSpansOfAttempts(t *testing.T) {
	t.Parallel()
	spark := fmt.Errorf("write: %w", &component.SparkError{Class: "DIVIDE_BY_ZERO", Code: "Internal", OperationID: "op-1", Message: "no"})
	hook, exporter, tracer := tracing()
	whole, err := hook.BeforeComponent(t.Context(), hooks.ComponentStart{Name: "clean"})
	require.NoError(t, err)
	ends := []struct {
		err    error
		status string
		code   codes.Code
		class  string
	}{
		{spark, "failed", codes.Error, "DIVIDE_BY_ZERO"},
		{context.DeadlineExceeded, "cancelled", codes.Error, ""},
		{nil, "succeeded", codes.Unset, ""},
	}
	for i, end := range ends {
		start := hooks.AttemptStart{Pipeline: "p", RunID: "r1", Name: "clean", Type: "sql", Attempt: i + 1}
		ctx := hook.BeforeAttempt(whole, start)
		ctx, _ = tracer.Start(ctx, "another's") // never ends, and is current
		hook.OnOperationEnd(ctx, hooks.OperationEnd{Name: "clean", ID: fmt.Sprint("op-", i+1)})
		hook.AfterAttempt(ctx, hooks.AttemptEnd{AttemptStart: start, Err: end.err})
	}
	hook.AfterComponent(whole, hooks.ComponentEnd{Name: "clean"})

	spans := map[string]tracetest.SpanStub{}
	for _, s := range exporter.GetSpans() {
		spans[s.Name] = s
	}
	for i, end := range ends {
		got, ok := spans[fmt.Sprint("attempt ", i+1)]
		require.True(t, ok)
		require.Equal(t, spans["component clean"].SpanContext.SpanID(), got.Parent.SpanID())
		require.Equal(t, end.code, got.Status.Code)
		want := map[string]string{
			"sparkpipe.pipeline": "p", "sparkpipe.run_id": "r1", "sparkpipe.component": "clean", "sparkpipe.component.type": "sql",
			"sparkpipe.attempt": fmt.Sprint(i + 1), "sparkpipe.status": end.status, "sparkpipe.error.class": end.class,
		}
		for key, text := range want {
			require.Equal(t, text, value(got.Attributes, key), key)
		}
	}
	require.Len(t, exporter.GetSpans(), 7, "one for the component, one for each attempt and each operation")
}

// TestAttemptWithoutABeginning does nothing.
func TestAttemptWithoutABeginning(t *testing.T) {
	t.Parallel()
	hook, exporter, _ := tracing()
	hook.AfterAttempt(t.Context(), hooks.AttemptEnd{AttemptStart: hooks.AttemptStart{Name: "a", Attempt: 1}, Err: errors.New("no")})
	require.Empty(t, exporter.GetSpans())
}
