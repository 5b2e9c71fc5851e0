package otel

import (
	"context"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/sparkpipe/sparkpipe/hooks"
)

var _ hooks.AttemptObserver = (*Tracing)(nil)

// BeforeAttempt begins the span of the attempt, below that of the component.
func (t *Tracing) BeforeAttempt(ctx context.Context, e hooks.AttemptStart) context.Context {
	return t.begin(ctx, spanKey{t, e.Name, e.Attempt}, "attempt "+strconv.Itoa(e.Attempt),
		attribute.String("sparkpipe.pipeline", e.Pipeline), attribute.String("sparkpipe.run_id", e.RunID),
		attribute.String("sparkpipe.component", e.Name), attribute.String("sparkpipe.component.type", e.Type),
		attribute.Int("sparkpipe.attempt", e.Attempt))
}

// AfterAttempt ends the span of the attempt, with the error that it had.
func (t *Tracing) AfterAttempt(ctx context.Context, e hooks.AttemptEnd) {
	span := spanOf(ctx, spanKey{t, e.Name, e.Attempt})
	span.SetAttributes(attribute.String("sparkpipe.status", statusOf(e.Err)))
	fail(span, e.Err)
	span.End()
}

// fail records an error; nil changes nothing.
func fail(span trace.Span, err error, opts ...trace.EventOption) {
	if err == nil {
		return
	}
	span.RecordError(err, opts...)
	span.SetStatus(codes.Error, err.Error())
	span.SetAttributes(sparkAttributes(err)...)
}
