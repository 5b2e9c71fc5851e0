package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/resilience"
)

func resilienceOf(t *testing.T, rest string) config.Component {
	t.Helper()
	p, err := parseYAML("name: n\ncomponents:\n  - name: a\n    type: sql\n" + rest)
	require.NoError(t, err)
	return p.Components[0]
}

func TestResilienceOfAComponent(t *testing.T) {
	t.Parallel()
	require.Zero(t, resilienceOf(t, "").Resilience)

	c := resilienceOf(t, "    retry: {max-attempts: 5, initial_delay_ms: 100, max_delay: 2s, retry_on: [Unavailable]}\n    retry_unsafe: true\n")
	require.Equal(t, 5, c.Resilience.Retry.MaxAttempts)
	require.Equal(t, 100*time.Millisecond, c.Resilience.Retry.InitialDelay)
	require.Equal(t, 2*time.Second, c.Resilience.Retry.MaxDelay)
	require.Equal(t, []string{"Unavailable"}, c.Resilience.Retry.RetryOn)
	require.True(t, c.RetryUnsafe)

	c = resilienceOf(t, "    retry: {max_attempts: 3, initial_delay_seconds: 1.0, retry_on_exceptions: [IOError, ConnectionError]}\n")
	require.Equal(t, []string{"IOError", "ConnectionError"}, c.Resilience.Retry.RetryOn, "as files of the predecessor have it")

	c = resilienceOf(t, "    resilience: {retry: {}, circuit_breaker: {name: db, timeout_seconds: 5}}\n")
	require.Equal(t, resilience.Config{Retry: &resilience.RetryConfig{}, Breaker: &resilience.BreakerConfig{Name: "db", Timeout: 5 * time.Second}}, c.Resilience)

	c = resilienceOf(t, "    preset: aggressive\n")
	require.Equal(t, 5, c.Resilience.WithDefaults().Retry.MaxAttempts)
	require.Equal(t, 3, c.Resilience.WithDefaults().Breaker.FailureThreshold)
}

// TestResilienceOfTheElder counts retries and not attempts.
func TestResilienceOfTheElder(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(`
pipeline:
  pipeline-name: n
  retry-policy: {max-retries: 1, initial-delay-ms: 50}
  circuit-breaker: {failure-threshold: 4, reset-timeout-ms: 2000}
  pipeline-components:
    - {instance-name: a, instance-type: b}
    - {instance-name: c, instance-type: d, retry-policy: {jitter-factor: 0.5}}
`)
	require.NoError(t, err)
	first, second := p.Components[0].Resilience, p.Components[1].Resilience
	require.Equal(t, 2, first.Retry.WithDefaults().MaxAttempts)
	require.Equal(t, 50*time.Millisecond, first.Retry.InitialDelay)
	require.Equal(t, 4, second.Retry.WithDefaults().MaxAttempts, "three retries, as that system has it")
	require.InDelta(t, 0.5, *second.Retry.JitterFraction, 0)
	require.Equal(t, 2*time.Second, first.Breaker.Timeout)
	require.Equal(t, first.Breaker, second.Breaker)
}

func TestResilienceFaults(t *testing.T) {
	t.Parallel()
	for rest, want := range map[string]string{
		"retry: {max_attempts: 0}":                     "p.yaml:5:27: components[0].retry.max_attempts: must be at least 1, is 0",
		"retry: {retry_on: IOError}":                   `p.yaml:5:23: components[0].retry.retry_on: want a list, found the text "IOError"; write ["IOError"]`,
		"retry: {max_attempts: 2, max_retries: 2}":     "max_retries: max_attempts is set too; keep one of them",
		"preset: heroic":                               `components[0].preset: want one of none, default, aggressive, conservative, retry_only, circuit_breaker_only, found the text "heroic"`,
		"resilience: {retry: {}}\n    preset: default": "components[0].preset: given beside components[0].resilience; keep one of them",
		"circuit_breaker: {timeout_seconds: 0}":        "components[0].circuit_breaker.timeout_seconds: must be at least 1ms, is 0s",
	} {
		_, err := parseYAML("name: n\ncomponents:\n  - name: a\n    type: sql\n    " + rest + "\n")
		require.ErrorContains(t, err, want)
	}
}
