package otel_test

import (
	"context"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/otel"
)

func Example() {
	exporter := tracetest.NewInMemoryExporter() // or one that sends them away
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	tracing := otel.NewTracing(&otel.TracingOptions{TracerProvider: provider})

	// A runner makes these calls.
	ctx, _ := tracing.BeforePipeline(context.Background(), hooks.PipelineStart{Pipeline: "orders"})
	inner, _ := tracing.BeforeComponent(ctx, hooks.ComponentStart{Name: "read"})
	tracing.AfterComponent(inner, hooks.ComponentEnd{Name: "read"})
	tracing.AfterPipeline(ctx, hooks.PipelineEnd{})

	for _, span := range exporter.GetSpans() {
		fmt.Println(span.Name)
	}
	// Output:
	// component read
	// pipeline orders
}
