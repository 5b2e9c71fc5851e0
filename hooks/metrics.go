package hooks

import (
	"context"

	"github.com/sparkpipe/sparkpipe/component"
)

// Metrics measures runs with a [Meter]. The constants MetricRuns and the like say
// what it measures. It is safe for concurrent use, as its meter is.
type Metrics struct {
	Base
	meter Meter
}

var _ PipelineHooks = (*Metrics)(nil)

// NewMetrics returns a hook that measures with the meter. A nil meter measures
// nothing.
func NewMetrics(meter Meter) *Metrics {
	if meter == nil {
		meter = new(Registry)
	}
	return &Metrics{meter: meter}
}

// HookName names the hook in errors.
func (*Metrics) HookName() string { return "metrics" }

// BeforePipeline sets [MetricComponents].
func (m *Metrics) BeforePipeline(ctx context.Context, e PipelineStart) (context.Context, error) {
	m.meter.Gauge(MetricComponents, float64(e.Total), Label{"pipeline", e.Pipeline})
	return ctx, nil
}

// AfterPipeline measures the run, and the components that never started.
func (m *Metrics) AfterPipeline(_ context.Context, e PipelineEnd) {
	labels := []Label{{"pipeline", e.Pipeline}, {"status", e.Status.String()}}
	m.meter.Count(MetricRuns, 1, labels...)
	m.meter.Time(MetricRunDuration, e.Duration, labels...)
	for i := range e.Results {
		if r := &e.Results[i]; r.Err == nil && r.Status != component.StatusSucceeded {
			m.meter.Count(MetricComponentRuns, 1, componentLabels(e.Pipeline, r)...)
		}
	}
}

// AfterComponent measures a component.
func (m *Metrics) AfterComponent(_ context.Context, e ComponentEnd) { m.ended(e.Pipeline, &e.Result) }

// OnComponentFailure measures a component.
func (m *Metrics) OnComponentFailure(_ context.Context, e ComponentFailure) {
	m.ended(e.Pipeline, &e.Result)
}

func (m *Metrics) ended(pipeline string, r *component.Result) {
	labels := componentLabels(pipeline, r)
	m.meter.Count(MetricComponentRuns, 1, labels...)
	m.meter.Time(MetricComponentDuration, r.Duration, labels...)
}

func componentLabels(pipeline string, r *component.Result) []Label {
	return []Label{{"pipeline", pipeline}, {"component", r.Name}, {"status", r.Status.String()}}
}

// OnRetryAttempt counts a retry.
func (m *Metrics) OnRetryAttempt(_ context.Context, e RetryAttempt) {
	m.meter.Count(MetricRetries, 1, Label{"pipeline", e.Pipeline}, Label{"component", e.Name})
}

// OnCircuitBreakerStateChange counts a change.
func (m *Metrics) OnCircuitBreakerStateChange(_ context.Context, e BreakerChange) {
	m.meter.Count(MetricBreakerChanges, 1, Label{"pipeline", e.Pipeline}, Label{"component", e.Name},
		Label{"breaker", e.Breaker}, Label{"to_state", e.To})
}
