// Package otel tells OpenTelemetry of pipeline runs: a trace with a span for the
// run and one for each component, and the measurements of [hooks.Metrics].
//
//	tracing := otel.NewTracing(&otel.TracingOptions{TracerProvider: tracerProvider})
//	measuring := hooks.NewMetrics(otel.NewMeter(&otel.MeterOptions{MeterProvider: meterProvider}))
//	runner, err := pipeline.NewSimplePipelineRunner(session, &pipeline.RunnerOptions{
//		Hooks: []hooks.PipelineHooks{tracing, measuring},
//	})
//
// The package uses the API of OpenTelemetry alone; the program brings the SDK and
// the exporter.
//
// # Spans
//
// The span "pipeline NAME" is a child of what the context of the run has, and
// the parent of the spans "component NAME". A component finds its span in its
// context, so that spans of its own, also those of calls to other services, hang
// below. Retries and changes of circuit breakers are events of the component's
// span. A failure is recorded with the error class, the SQLSTATE and the
// operation id of Spark. A component that never started has no span.
//
// # Measurements
//
// Counters and gauges are instruments of the same name, durations histograms in
// seconds. A gauge is set, not added to.
//
// # Concurrency
//
// Everything is safe for concurrent use and does not block.
package otel
