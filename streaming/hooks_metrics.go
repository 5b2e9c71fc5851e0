package streaming

import (
	"context"
	"strconv"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// The measurements of [NewStreamMetrics]. All but the last have the label "query",
// the name under which the query is supervised.
const (
	// MetricUp is a gauge: 1 while the query runs, else 0.
	MetricUp = "sparkpipe.stream.up"
	// MetricInputRows counts the rows that were read.
	MetricInputRows = "sparkpipe.stream.input_rows"
	// MetricInputRowsPerSecond and MetricProcessedRowsPerSecond are gauges of the
	// last batch.
	MetricInputRowsPerSecond     = "sparkpipe.stream.input_rows_per_second"
	MetricProcessedRowsPerSecond = "sparkpipe.stream.processed_rows_per_second"
	// MetricBatchDuration is how long batches took.
	MetricBatchDuration = "sparkpipe.stream.batch_duration"
	// MetricBatchID is a gauge of the last batch, which counts over all runs.
	MetricBatchID = "sparkpipe.stream.batch_id"
	// MetricLag is a gauge of how many records a source is behind, that of its
	// worst partition, by query and source: the place of the source in the plan,
	// from 0. A source that does not tell has none.
	MetricLag = "sparkpipe.stream.lag_records"
	// MetricStateRows and MetricStateBytes are gauges of the state of all operators.
	MetricStateRows  = "sparkpipe.stream.state_rows"
	MetricStateBytes = "sparkpipe.stream.state_bytes"
	// MetricLateRows counts rows that came behind the watermark and were dropped.
	MetricLateRows = "sparkpipe.stream.late_rows"
	// MetricWatermark is a gauge of the watermark, in seconds since 1970; there is
	// none without a watermark.
	MetricWatermark = "sparkpipe.stream.watermark_seconds"
	// MetricRestarts counts restarts by query and reason: failed or session_lost.
	MetricRestarts = "sparkpipe.stream.restarts"
	// MetricSessionLosses counts the sessions that were lost; it has no labels.
	MetricSessionLosses = "sparkpipe.stream.session_losses"
)

type streamMetrics struct{ meter hooks.Meter }

// NewStreamMetrics returns hooks that measure streams. Counters grow as long as the
// process lives; gauges are those of the last batch. The hooks are safe for
// concurrent use.
func NewStreamMetrics(meter hooks.Meter) StreamHooks { return streamMetrics{meter} }

func queryLabel(query string) hooks.Label { return hooks.Label{Name: "query", Value: query} }

func (m streamMetrics) OnQueryStart(_ context.Context, e QueryStart) {
	m.meter.Gauge(MetricUp, 1, queryLabel(e.Query))
}

func (m streamMetrics) OnQueryTerminated(_ context.Context, e QueryEnd) {
	query := queryLabel(e.Query)
	m.meter.Gauge(MetricUp, 0, query)
	m.meter.Gauge(MetricInputRowsPerSecond, 0, query)
	m.meter.Gauge(MetricProcessedRowsPerSecond, 0, query)
}

func (m streamMetrics) OnBatchProgress(_ context.Context, e BatchProgress) {
	query, p := queryLabel(e.Query), &e.Progress
	m.meter.Count(MetricInputRows, float64(p.NumInputRows), query)
	m.meter.Gauge(MetricInputRowsPerSecond, p.InputRowsPerSecond, query)
	m.meter.Gauge(MetricProcessedRowsPerSecond, p.ProcessedRowsPerSecond, query)
	m.meter.Gauge(MetricBatchID, float64(p.BatchID), query)
	m.meter.Time(MetricBatchDuration, p.BatchDuration, query)
	state := stateOf(p)
	m.meter.Gauge(MetricStateRows, float64(state.rows), query)
	m.meter.Gauge(MetricStateBytes, float64(state.bytes), query)
	m.meter.Count(MetricLateRows, float64(state.late), query)
	if !p.EventTime.Watermark.IsZero() {
		m.meter.Gauge(MetricWatermark, float64(p.EventTime.Watermark.UnixMilli())/1000, query)
	}
	for i, source := range p.Sources {
		if lag, known := source.Lag(); known {
			m.meter.Gauge(MetricLag, float64(lag.Max), query, hooks.Label{Name: "source", Value: strconv.Itoa(i)})
		}
	}
}

func (m streamMetrics) OnQueryIdle(_ context.Context, e QueryIdle) {
	m.meter.Gauge(MetricInputRowsPerSecond, 0, queryLabel(e.Query))
	m.meter.Gauge(MetricProcessedRowsPerSecond, 0, queryLabel(e.Query))
}

func (m streamMetrics) OnQueryRestart(_ context.Context, e QueryRestart) {
	m.meter.Count(MetricRestarts, 1, queryLabel(e.Query), hooks.Label{Name: "reason", Value: string(e.Reason)})
}

func (m streamMetrics) OnSessionLost(context.Context, SessionLoss) {
	m.meter.Count(MetricSessionLosses, 1)
}

// stateSum is the state of all operators of a query.
type stateSum struct{ rows, bytes, late int64 }

func stateOf(p *Progress) (sum stateSum) {
	for i := range p.StateOperators {
		op := &p.StateOperators[i]
		sum.rows += op.NumRowsTotal
		sum.bytes += op.MemoryUsedBytes
		sum.late += op.NumRowsDroppedByWatermark
	}
	return sum
}
