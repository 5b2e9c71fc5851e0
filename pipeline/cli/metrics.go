package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/prometheus"
)

// pushTimeout bounds one sending of the measurements.
const pushTimeout = 10 * time.Second

// metrics measures a run and sends what it has measured to a gateway, now and
// then and at the end.
type metrics struct {
	hooks.PipelineHooks
	exporter *prometheus.Exporter
	cfg      config.MetricsHook
	job      string
	warn     func(format string, args ...any)
}

// metricsHook returns the hook that the file asks for, or nil.
func (a *app) metricsHook(cfg config.MetricsHook, job string) *metrics {
	if !cfg.Enabled {
		return nil
	}
	m := &metrics{cfg: cfg, job: job, warn: func(format string, args ...any) {
		fmt.Fprintf(a.stderr, a.opts.Name+": warning: "+format+"\n", args...)
	}}
	m.exporter = prometheus.New(&prometheus.Options{OnError: func(err error) { m.warn("%v", err) }})
	m.PipelineHooks = hooks.NewMetrics(m.exporter)
	if cfg.PushGateway.IsZero() {
		m.warn("hooks.metrics measures, but nobody is told: name a push gateway in push_gateway_url")
	}
	return m
}

// start sends until the function that it returns is called, which sends once
// more. A nil m does nothing.
func (m *metrics) start(ctx context.Context) (stop func()) {
	if m == nil || m.cfg.PushGateway.IsZero() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(m.cfg.Every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				m.push(ctx)
			}
		}
	}()
	return func() {
		cancel()
		<-done
		m.push(context.WithoutCancel(ctx))
	}
}

func (m *metrics) push(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	if err := m.exporter.Push(ctx, m.cfg.PushGateway.Reveal(), m.job); err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		m.warn("%v", err)
	}
}
