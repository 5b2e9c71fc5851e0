package otel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
)

// scope is what the spans and instruments belong to.
const scope = "github.com/sparkpipe/sparkpipe/hooks/otel"

// TracingOptions are the settings of [NewTracing]. Nil and the zero value are the
// defaults.
type TracingOptions struct {
	// TracerProvider makes the tracer; default the global one of OpenTelemetry.
	TracerProvider trace.TracerProvider

	_ struct{}
}

// Tracing is a hook that makes spans. Make one with [NewTracing].
type Tracing struct {
	hooks.Base
	tracer trace.Tracer
}

var _ hooks.PipelineHooks = (*Tracing)(nil)

// NewTracing returns the hook.
func NewTracing(opts *TracingOptions) *Tracing {
	provider := otel.GetTracerProvider()
	if opts != nil && opts.TracerProvider != nil {
		provider = opts.TracerProvider
	}
	return &Tracing{tracer: provider.Tracer(scope)}
}

// HookName names the hook in errors.
func (*Tracing) HookName() string { return "otel tracing" }

// spanKey finds the span that the hook began, also when another hook put its own
// into the context.
type spanKey struct {
	hook      *Tracing
	component string // empty for the run
	attempt   int    // 0 for the run and the component
}

func (t *Tracing) begin(ctx context.Context, key spanKey, name string, attrs ...attribute.KeyValue) context.Context {
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(attrs...))
	return context.WithValue(ctx, key, span)
}

func (t *Tracing) span(ctx context.Context, component string) trace.Span {
	return spanOf(ctx, spanKey{hook: t, component: component})
}

func spanOf(ctx context.Context, key spanKey) trace.Span {
	if span, ok := ctx.Value(key).(trace.Span); ok {
		return span
	}
	return noop.Span{}
}

// BeforePipeline begins the span of the run.
func (t *Tracing) BeforePipeline(ctx context.Context, e hooks.PipelineStart) (context.Context, error) {
	return t.begin(ctx, spanKey{hook: t}, "pipeline "+e.Pipeline,
		attribute.String("sparkpipe.pipeline", e.Pipeline), attribute.String("sparkpipe.run_id", e.RunID),
		attribute.String("sparkpipe.pipeline.version", e.Version), attribute.String("sparkpipe.environment", e.Environment),
		attribute.Int("sparkpipe.components", e.Total)), nil
}

// AfterPipeline ends the span of the run.
func (t *Tracing) AfterPipeline(ctx context.Context, e hooks.PipelineEnd) {
	span := t.span(ctx, "")
	span.SetAttributes(attribute.String("sparkpipe.status", e.Status.String()))
	if e.Err != nil {
		span.SetStatus(codes.Error, "the run "+e.Status.String()) // its causes stand at the components
	}
	for _, warning := range e.Warnings {
		span.AddEvent("warning", trace.WithAttributes(attribute.String("message", warning.Error())))
	}
	span.End()
}

// BeforeComponent begins the span of the component.
func (t *Tracing) BeforeComponent(ctx context.Context, e hooks.ComponentStart) (context.Context, error) {
	return t.begin(ctx, spanKey{hook: t, component: e.Name}, "component "+e.Name,
		attribute.String("sparkpipe.pipeline", e.Pipeline), attribute.String("sparkpipe.run_id", e.RunID),
		attribute.String("sparkpipe.component", e.Name), attribute.String("sparkpipe.component.type", e.Type)), nil
}

// AfterComponent ends the span of the component.
func (t *Tracing) AfterComponent(ctx context.Context, e hooks.ComponentEnd) {
	t.end(t.span(ctx, e.Name), e.Result)
}

// OnComponentFailure ends the span of the component with its error.
func (t *Tracing) OnComponentFailure(ctx context.Context, e hooks.ComponentFailure) {
	span := t.span(ctx, e.Name)
	fail(span, e.Err)
	t.end(span, e.Result)
}

func (t *Tracing) end(span trace.Span, r component.Result) {
	span.SetAttributes(attribute.String("sparkpipe.status", r.Status.String()), attribute.Int("sparkpipe.attempts", r.Attempts))
	span.End()
}

// OnRetryAttempt is an event of the component's span.
func (t *Tracing) OnRetryAttempt(ctx context.Context, e hooks.RetryAttempt) {
	attrs := append(sparkAttributes(e.Err), attribute.Int("sparkpipe.attempt", e.Attempt),
		attribute.Float64("sparkpipe.delay_seconds", e.Delay.Seconds()), attribute.String("exception.message", e.Err.Error()))
	t.span(ctx, e.Name).AddEvent("retry", trace.WithAttributes(attrs...))
}

// OnCircuitBreakerStateChange is an event of the component's span.
func (t *Tracing) OnCircuitBreakerStateChange(ctx context.Context, e hooks.BreakerChange) {
	t.span(ctx, e.Name).AddEvent("circuit breaker", trace.WithAttributes(attribute.String("sparkpipe.breaker", e.Breaker),
		attribute.String("sparkpipe.breaker.from", e.From), attribute.String("sparkpipe.breaker.to", e.To)))
}

// sparkAttributes are what a Spark server said of an error.
func sparkAttributes(err error) []attribute.KeyValue {
	var spark *component.SparkError
	if !errors.As(err, &spark) {
		return nil
	}
	return []attribute.KeyValue{
		attribute.String("sparkpipe.error.class", spark.Class), attribute.String("sparkpipe.error.sqlstate", spark.SQLState),
		attribute.String("sparkpipe.error.grpc_code", spark.Code), attribute.String("sparkpipe.operation_id", spark.OperationID),
	}
}
