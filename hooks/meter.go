package hooks

import "time"

// Meter takes measurements. Exporters implement it; [Registry] keeps them in
// memory. The methods are called by several goroutines at a time, must not block
// for long, and have no error: a meter that loses something says so by its own
// means.
//
// Names are words with dots, such as "sparkpipe.component.duration"; an exporter
// gives them the form of its system. Labels of one name are always the same and
// in the same order.
type Meter interface {
	// Count adds to a counter, which only grows.
	Count(name string, delta float64, labels ...Label)
	// Gauge sets a value that may go up and down.
	Gauge(name string, value float64, labels ...Label)
	// Time adds a duration to a distribution.
	Time(name string, d time.Duration, labels ...Label)
}

// Label is a dimension of a measurement.
type Label struct{ Name, Value string }

// The measurements of [Metrics], with their labels.
const (
	// MetricComponents is the number of components of the last run that are not
	// disabled: a gauge by pipeline.
	MetricComponents = "sparkpipe.pipeline.components"
	// MetricRuns counts runs by pipeline and status.
	MetricRuns = "sparkpipe.pipeline.runs"
	// MetricRunDuration is how long runs took, by pipeline and status.
	MetricRunDuration = "sparkpipe.pipeline.duration"
	// MetricComponentRuns counts components by pipeline, component and status;
	// those that never started are among them.
	MetricComponentRuns = "sparkpipe.component.runs"
	// MetricComponentDuration is how long components took with all their attempts,
	// failed ones too, by pipeline, component and status.
	MetricComponentDuration = "sparkpipe.component.duration"
	// MetricRetries counts attempts that were followed by another, by pipeline and
	// component.
	MetricRetries = "sparkpipe.component.retries"
	// MetricBreakerChanges counts changes of circuit breakers by pipeline,
	// component, breaker and the state they went to.
	MetricBreakerChanges = "sparkpipe.circuit_breaker.state_changes"
)
