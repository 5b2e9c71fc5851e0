// Package otel tells OpenTelemetry of pipeline runs: a trace with a span for the
// run, each component, each attempt and each operation on Spark, and the
// measurements of [hooks.Metrics].
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
//	pipeline nightly
//	├── component read
//	│   └── attempt 1
//	│       └── spark.execute
//	└── component write
//	    ├── attempt 1        an error: the network broke
//	    │   └── spark.execute
//	    └── attempt 2
//	        └── spark.execute
//
// The span "pipeline NAME" is a child of what the context of the run has, and
// the parent of the spans "component NAME". Below each is a span "attempt N" for
// each time that the component was opened, run and closed; one that needs no
// retry has "attempt 1" alone. A component finds the span of its attempt in its
// context, so that spans of its own, also those of calls to other services, hang
// below. Retries and changes of circuit breakers are events of the component's
// span. A failure is recorded with the error class, the SQLSTATE and the
// operation id of Spark, at the attempt and, when it was the last, at the
// component. A component that never started has no span.
//
// Each operation that a component sends to Spark has the span "spark.execute"
// below that of the attempt, with the ids of operation and session, the kind,
// the tags, how often the stream was opened again, and the rows and bytes that
// came. It appears when the operation has ended.
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
