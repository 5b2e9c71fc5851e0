package otel_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/otel"
)

func tracing() (*otel.Tracing, *tracetest.InMemoryExporter, trace.Tracer) {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	return otel.NewTracing(&otel.TracingOptions{TracerProvider: provider}), exporter, provider.Tracer("test")
}

func value(attrs []attribute.KeyValue, key string) string {
	for _, a := range attrs {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}

// intruder puts a span of its own into the context, as another hook might.
type intruder struct {
	hooks.Base
	tracer trace.Tracer
}

func (i intruder) BeforeComponent(ctx context.Context, _ hooks.ComponentStart) (context.Context, error) {
	ctx, _ = i.tracer.Start(ctx, "another")
	return ctx, nil
}

func TestSpansOfARun(t *testing.T) {
	t.Parallel()
	hook, exporter, tracer := tracing()
	all := hooks.Join(hook, intruder{tracer: tracer})
	run, err := all.BeforePipeline(t.Context(), hooks.PipelineStart{Pipeline: "p", RunID: "r1", Total: 2})
	require.NoError(t, err)

	good, err := all.BeforeComponent(run, hooks.ComponentStart{Pipeline: "p", RunID: "r1", Name: "a", Type: "sql"})
	require.NoError(t, err)
	_, inner := tracer.Start(good, "inner")
	inner.End()
	all.AfterComponent(good, hooks.ComponentEnd{Name: "a", Result: component.Result{Status: component.StatusSucceeded, Attempts: 1}})

	bad, err := all.BeforeComponent(run, hooks.ComponentStart{Pipeline: "p", RunID: "r1", Name: "b"})
	require.NoError(t, err)
	spark := fmt.Errorf("step: %w", &component.SparkError{Class: "DIVIDE_BY_ZERO", SQLState: "22012", Code: "Internal", OperationID: "op-1", Message: "no"})
	all.OnRetryAttempt(bad, hooks.RetryAttempt{Name: "b", Attempt: 1, Delay: 2 * time.Second, Err: spark})
	all.OnCircuitBreakerStateChange(bad, hooks.BreakerChange{Name: "b", Breaker: "db", From: "closed", To: "open"})
	all.OnComponentFailure(bad, hooks.ComponentFailure{Name: "b", Err: spark, Result: component.Result{Status: component.StatusFailed, Attempts: 2}})
	all.AfterPipeline(run, hooks.PipelineEnd{Status: hooks.StatusPartlyFailed, Err: errors.New("bad"), Warnings: []error{errors.New("close")}})

	spans := map[string]tracetest.SpanStub{}
	for _, s := range exporter.GetSpans() {
		spans[s.Name] = s
	}
	require.Len(t, spans, 4, "that of the intruder has not ended")
	whole, a, b := spans["pipeline p"], spans["component a"], spans["component b"]
	require.Equal(t, whole.SpanContext.SpanID(), a.Parent.SpanID())
	require.Equal(t, whole.SpanContext.SpanID(), b.Parent.SpanID())
	require.Equal(t, whole.SpanContext.TraceID(), spans["inner"].SpanContext.TraceID())
	require.Equal(t, "sql", value(a.Attributes, "sparkpipe.component.type"))
	require.Equal(t, codes.Unset, a.Status.Code)
	require.Equal(t, codes.Error, b.Status.Code)
	require.Equal(t, "DIVIDE_BY_ZERO", value(b.Attributes, "sparkpipe.error.class"))
	require.Equal(t, "op-1", value(b.Attributes, "sparkpipe.operation_id"))
	require.Equal(t, "2", value(b.Attributes, "sparkpipe.attempts"))
	var events []string
	for _, e := range b.Events {
		events = append(events, e.Name)
	}
	require.Equal(t, []string{"retry", "circuit breaker", "exception"}, events)
	require.Equal(t, "partly_failed", value(whole.Attributes, "sparkpipe.status"))
	require.Equal(t, codes.Error, whole.Status.Code)
	require.Equal(t, "warning", whole.Events[0].Name)
}

// TestMomentsWithoutABeginning do nothing.
func TestMomentsWithoutABeginning(t *testing.T) {
	t.Parallel()
	hook, exporter, _ := tracing()
	hook.AfterComponent(t.Context(), hooks.ComponentEnd{Name: "a"})
	hook.OnComponentFailure(t.Context(), hooks.ComponentFailure{Name: "a", Err: errors.New("no")})
	hook.OnRetryAttempt(t.Context(), hooks.RetryAttempt{Name: "a", Err: errors.New("no")})
	hook.AfterPipeline(t.Context(), hooks.PipelineEnd{})
	require.Empty(t, exporter.GetSpans())
}

func TestMeasurements(t *testing.T) {
	t.Parallel()
	reader := metric.NewManualReader()
	meter := otel.NewMeter(&otel.MeterOptions{MeterProvider: metric.NewMeterProvider(metric.WithReader(reader))})
	for range 2 {
		meter.Count("runs", 1, hooks.Label{Name: "status", Value: "succeeded"})
		meter.Count("runs", -1, hooks.Label{Name: "status", Value: "succeeded"})
		meter.Gauge("components", 5)
		meter.Time("9 lives", 2*time.Second)
	}
	var got metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &got))
	var lines []string
	for _, m := range got.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Sum[float64]:
			lines = append(lines, fmt.Sprintf("%s sum %v %v", m.Name, data.DataPoints[0].Value, data.IsMonotonic))
		case metricdata.Gauge[float64]:
			lines = append(lines, fmt.Sprintf("%s gauge %v", m.Name, data.DataPoints[0].Value))
		case metricdata.Histogram[float64]:
			lines = append(lines, fmt.Sprintf("%s histogram %v %s", m.Name, data.DataPoints[0].Sum, m.Unit))
		}
	}
	slices.Sort(lines)
	require.Equal(t, []string{"components gauge 5", "m9_lives histogram 4 s", "runs sum 2 true"}, lines, "a gauge is set")
}

func TestGlobalProviders(t *testing.T) {
	t.Parallel()
	meter := otel.NewMeter(nil)
	meter.Gauge("", 1)
	hook := otel.NewTracing(nil)
	ctx, err := hook.BeforePipeline(t.Context(), hooks.PipelineStart{Pipeline: "p"})
	require.NoError(t, err)
	hook.AfterPipeline(ctx, hooks.PipelineEnd{})
}
