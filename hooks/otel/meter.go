package otel

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// MeterOptions are the settings of [NewMeter]. Nil and the zero value are the
// defaults.
type MeterOptions struct {
	// MeterProvider makes the instruments; default the global one of OpenTelemetry.
	MeterProvider metric.MeterProvider

	_ struct{}
}

// Meter is a [hooks.Meter] for OpenTelemetry. Make one with [NewMeter]. What an
// instrument refuses goes to the error handler of OpenTelemetry.
type Meter struct {
	meter metric.Meter

	mu       sync.Mutex
	counters map[string]metric.Float64Counter
	gauges   map[string]metric.Float64Gauge
	timers   map[string]metric.Float64Histogram
}

var _ hooks.Meter = (*Meter)(nil)

// NewMeter returns a meter with no instruments.
func NewMeter(opts *MeterOptions) *Meter {
	provider := otel.GetMeterProvider()
	if opts != nil && opts.MeterProvider != nil {
		provider = opts.MeterProvider
	}
	return &Meter{
		meter:    provider.Meter(scope),
		counters: map[string]metric.Float64Counter{},
		gauges:   map[string]metric.Float64Gauge{},
		timers:   map[string]metric.Float64Histogram{},
	}
}

// Count implements [hooks.Meter]. What is not above zero is left out.
func (m *Meter) Count(name string, delta float64, labels ...hooks.Label) {
	if delta > 0 {
		instrument(m, m.counters, name, func(name string) (metric.Float64Counter, error) {
			return m.meter.Float64Counter(name)
		}).Add(context.Background(), delta, attributes(labels))
	}
}

// Gauge implements [hooks.Meter].
func (m *Meter) Gauge(name string, value float64, labels ...hooks.Label) {
	instrument(m, m.gauges, name, func(name string) (metric.Float64Gauge, error) {
		return m.meter.Float64Gauge(name)
	}).Record(context.Background(), value, attributes(labels))
}

// Time implements [hooks.Meter].
func (m *Meter) Time(name string, d time.Duration, labels ...hooks.Label) {
	instrument(m, m.timers, name, func(name string) (metric.Float64Histogram, error) {
		return m.meter.Float64Histogram(name, metric.WithUnit("s"))
	}).Record(context.Background(), d.Seconds(), attributes(labels))
}

// instrument returns that of a name, which it makes at the first use. The API
// gives one that does nothing beside an error.
func instrument[I any](m *Meter, known map[string]I, name string, create func(name string) (I, error)) I {
	m.mu.Lock()
	defer m.mu.Unlock()
	made, ok := known[name]
	if !ok {
		var err error
		if made, err = create(legal(name)); err != nil {
			otel.Handle(err)
		}
		known[name] = made
	}
	return made
}

// legal gives a name the form of OpenTelemetry: a letter, then letters, digits,
// underscores, dots, dashes and slashes, 255 at most.
func legal(name string) string {
	name = strings.Map(func(r rune) rune {
		if isLetter(r) || '0' <= r && r <= '9' || strings.ContainsRune("_.-/", r) {
			return r
		}
		return '_'
	}, name)
	if strings.IndexFunc(name, isLetter) != 0 {
		name = "m" + name
	}
	return name[:min(len(name), 255)]
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

func attributes(labels []hooks.Label) metric.MeasurementOption {
	attrs := make([]attribute.KeyValue, len(labels))
	for i, l := range labels {
		attrs[i] = attribute.String(l.Name, l.Value)
	}
	return metric.WithAttributes(attrs...)
}
