// Package prometheus exports the measurements of runs to Prometheus. [Exporter]
// is a [hooks.Meter]; give it to [hooks.NewMetrics], then let Prometheus scrape
// it, or push to a gateway when the program ends before anybody could:
//
//	exporter := prometheus.New(nil)
//	http.Handle("/metrics", exporter.Handler())
//	runner, err := pipeline.NewSimplePipelineRunner(session, &pipeline.RunnerOptions{
//		Hooks: []hooks.PipelineHooks{hooks.NewMetrics(exporter)},
//	})
//	result, err := runner.Run(ctx, p)
//	err = exporter.Push(ctx, "http://gateway:9091", "orders")
//
// # Names
//
// What is no letter, digit or underscore becomes an underscore. Counters end in
// _total, durations in _seconds: sparkpipe.component.runs is
// sparkpipe_component_runs_total, and sparkpipe.component.duration is the
// histogram sparkpipe_component_duration_seconds.
//
// # Errors
//
// A measurement whose labels differ in number or names from the first of its
// name cannot be kept by Prometheus. It is counted in sparkpipe_metrics_lost_total
// and told to [Options.OnError].
//
// # Concurrency
//
// An [Exporter] is safe for concurrent use. Push blocks for one HTTP request; all
// else returns at once.
package prometheus
