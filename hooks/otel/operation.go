package otel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
)

var _ hooks.OperationObserver = (*Tracing)(nil)

// OnOperationEnd makes the span "spark.execute" of an operation, from its start to
// its end, below the span that is current in ctx.
func (t *Tracing) OnOperationEnd(ctx context.Context, e hooks.OperationEnd) {
	end := e.Started.Add(e.Duration)
	attrs := []attribute.KeyValue{
		attribute.String("sparkpipe.operation_id", e.ID), attribute.String("sparkpipe.operation.kind", e.Kind),
		attribute.String("sparkpipe.session_id", e.SessionID), attribute.String("sparkpipe.status", statusOf(e.Err)),
		attribute.String("sparkpipe.component", e.Name), attribute.StringSlice("sparkpipe.operation.tags", e.Tags),
		attribute.Int("sparkpipe.operation.reattached", e.Reattached),
		attribute.Int64("sparkpipe.operation.rows", e.Rows), attribute.Int64("sparkpipe.operation.bytes", e.Bytes),
		attribute.String("rpc.system", "grpc"), attribute.String("rpc.service", "spark.connect.SparkConnectService"),
		attribute.String("rpc.method", "ExecutePlan"),
	}
	_, span := t.tracer.Start(ctx, "spark.execute", trace.WithTimestamp(e.Started),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...))
	fail(span, e.Err, trace.WithTimestamp(end))
	span.SetAttributes(attribute.String("sparkpipe.operation_id", e.ID)) // an error may know none
	span.End(trace.WithTimestamp(end))
}

// statusOf is the end of an operation in the words of components.
func statusOf(err error) string {
	switch {
	case err == nil:
		return component.StatusSucceeded.String()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return component.StatusCancelled.String()
	default:
		return component.StatusFailed.String()
	}
}
