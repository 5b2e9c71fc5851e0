package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/push"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// DefaultBuckets are the upper bounds of durations in seconds: a pipeline takes
// between a moment and a night.
func DefaultBuckets() []float64 {
	return []float64{0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600}
}

// Options are the settings of [New]. Nil and the zero value are the defaults.
type Options struct {
	// Registry is where the measurements are registered; default a new one.
	Registry *prometheus.Registry
	// Labels stand on every measurement, such as the name of the machine.
	Labels map[string]string
	// Buckets are the upper bounds of durations in seconds, ascending; default
	// [DefaultBuckets].
	Buckets []float64
	// OnError is told of measurements that cannot be kept; nil tells nobody. It
	// may be called by several goroutines at a time.
	OnError func(error)

	_ struct{}
}

// Exporter is a [hooks.Meter] for Prometheus. Make one with [New].
type Exporter struct {
	registry *prometheus.Registry
	labels   prometheus.Labels
	buckets  []float64
	onError  func(error)
	lost     prometheus.Counter

	mu         sync.Mutex
	counters   map[string]*prometheus.CounterVec
	gauges     map[string]*prometheus.GaugeVec
	histograms map[string]*prometheus.HistogramVec
}

var _ hooks.Meter = (*Exporter)(nil)

// New returns an exporter with nothing measured.
func New(opts *Options) *Exporter {
	if opts == nil {
		opts = &Options{}
	}
	e := &Exporter{
		registry: opts.Registry, labels: opts.Labels, buckets: slices.Clone(opts.Buckets), onError: opts.OnError,
		counters:   map[string]*prometheus.CounterVec{},
		gauges:     map[string]*prometheus.GaugeVec{},
		histograms: map[string]*prometheus.HistogramVec{},
	}
	if e.registry == nil {
		e.registry = prometheus.NewRegistry()
	}
	if len(e.buckets) == 0 {
		e.buckets = DefaultBuckets()
	}
	e.lost = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "sparkpipe_metrics_lost_total", Help: "Measurements that could not be kept.", ConstLabels: e.labels,
	})
	e.failed("sparkpipe_metrics_lost_total", e.registry.Register(e.lost))
	return e
}

// Registry is where the measurements are registered.
func (e *Exporter) Registry() *prometheus.Registry { return e.registry }

// Handler answers scrapes.
func (e *Exporter) Handler() http.Handler {
	return promhttp.HandlerFor(e.registry, promhttp.HandlerOpts{})
}

// Push sends all measurements to a push gateway, where they replace those of the
// same job. The address may hold a user and a password, http://user:word@host:9091,
// which stand in no error. It blocks until the gateway has answered.
func (e *Exporter) Push(ctx context.Context, gateway, job string) error {
	at, err := url.Parse(gateway)
	if err != nil || at.Host == "" {
		return errors.New("push metrics: the address of the gateway is not one such as http://host:9091")
	}
	if job == "" {
		return errors.New("push metrics: the job has no name")
	}
	login := at.User
	at.User = nil // it would stand in errors
	pusher := push.New(at.String(), job).Gatherer(e.registry)
	if login != nil {
		password, _ := login.Password()
		pusher.BasicAuth(login.Username(), password)
	}
	if err := pusher.PushContext(ctx); err != nil {
		return fmt.Errorf("push metrics to %s: %w", at.Host, err)
	}
	return nil
}

// Count implements [hooks.Meter]. What is not above zero is left out.
func (e *Exporter) Count(name string, delta float64, labels ...hooks.Label) {
	if delta <= 0 {
		return
	}
	name = legal(name, "_total")
	vec, err := vector(e, e.counters, name, labels, func(names []string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help(name), ConstLabels: e.labels}, names)
	})
	if err == nil {
		var c prometheus.Counter
		if c, err = vec.GetMetricWith(values(labels)); err == nil {
			c.Add(delta)
		}
	}
	e.failed(name, err)
}

// Gauge implements [hooks.Meter].
func (e *Exporter) Gauge(name string, value float64, labels ...hooks.Label) {
	name = legal(name, "")
	vec, err := vector(e, e.gauges, name, labels, func(names []string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help(name), ConstLabels: e.labels}, names)
	})
	if err == nil {
		var g prometheus.Gauge
		if g, err = vec.GetMetricWith(values(labels)); err == nil {
			g.Set(value)
		}
	}
	e.failed(name, err)
}

// Time implements [hooks.Meter].
func (e *Exporter) Time(name string, d time.Duration, labels ...hooks.Label) {
	name = legal(name, "_seconds")
	vec, err := vector(e, e.histograms, name, labels, func(names []string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: name, Help: help(name), ConstLabels: e.labels, Buckets: e.buckets,
		}, names)
	})
	if err == nil {
		var h prometheus.Observer
		if h, err = vec.GetMetricWith(values(labels)); err == nil {
			h.Observe(d.Seconds())
		}
	}
	e.failed(name, err)
}

// vector returns the vector of a name, which it registers at the first use.
func vector[V prometheus.Collector](e *Exporter, known map[string]V, name string, labels []hooks.Label, make func(names []string) V) (V, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v, ok := known[name]; ok {
		return v, nil
	}
	names := []string{}
	for _, l := range labels {
		names = append(names, legal(l.Name, ""))
	}
	v := make(names)
	if err := e.registry.Register(v); err != nil {
		return v, err
	}
	known[name] = v
	return v, nil
}

func values(labels []hooks.Label) prometheus.Labels {
	out := prometheus.Labels{}
	for _, l := range labels {
		out[legal(l.Name, "")] = strings.ToValidUTF8(l.Value, "\uFFFD")
	}
	return out
}

func (e *Exporter) failed(name string, err error) {
	if err == nil {
		return
	}
	e.lost.Inc()
	if e.onError != nil {
		e.onError(fmt.Errorf("metric %s: %w", name, err))
	}
}

func help(name string) string { return "Measured by sparkpipe: " + name + "." }

// legal gives a name the form that every version of Prometheus takes.
func legal(name, suffix string) string {
	name = strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	if name == "" || '0' <= name[0] && name[0] <= '9' {
		name = "_" + name
	}
	return strings.TrimSuffix(name, suffix) + suffix
}
