package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestMetricsHook(t *testing.T) {
	t.Parallel()
	metricsOf := func(block string) (config.MetricsHook, error) {
		p, err := parseYAML(valid + "hooks: {metrics: " + block + "}\n")
		if err != nil {
			return config.MetricsHook{}, err
		}
		return p.Hooks.Metrics, nil
	}
	got, err := metricsOf("{enabled: true, backend: prometheus, push-gateway-url: 'http://gw:9091', export_interval_seconds: 30}")
	require.NoError(t, err)
	require.Equal(t, config.MetricsHook{Enabled: true, PushGateway: secrets.NewValue("http://gw:9091"), Every: 30 * time.Second}, got)

	got, err = metricsOf("{}")
	require.NoError(t, err)
	require.Equal(t, config.MetricsHook{Enabled: true, Every: time.Minute}, got)

	for _, off := range []string{"{enabled: false, backend: opentelemetry}", "~"} {
		got, err = metricsOf(off)
		require.NoError(t, err)
		require.False(t, got.Enabled)
	}
	for block, want := range map[string]string{
		"{backend: opentelemetry}":      "p.yaml:3:28: hooks.metrics.backend: opentelemetry is not supported yet; write prometheus, or set hooks.metrics.enabled to false",
		"{backend: graphite}":           `hooks.metrics.backend: want one of prometheus, opentelemetry, custom, found the text "graphite"`,
		"{push_gateway_url: 'gw:9091'}": "hooks.metrics.push_gateway_url: want an address such as http://host:9091",
		"{export_interval_seconds: 0}":  "hooks.metrics.export_interval_seconds: must be at least 1s, is 0s",
	} {
		_, err := metricsOf(block)
		require.ErrorContains(t, err, want)
	}
}
