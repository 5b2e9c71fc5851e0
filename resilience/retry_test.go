package resilience_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/resilience"
)

func TestRetryConfigDefaults(t *testing.T) {
	t.Parallel()
	full := resilience.RetryConfig{}.WithDefaults()
	require.Equal(t, resilience.RetryConfig{
		MaxAttempts: 3, InitialDelay: time.Second, MaxDelay: time.Minute, Multiplier: 2,
		Jitter: resilience.JitterAdditive, JitterFraction: new(0.25),
	}, full)
	require.Equal(t, full, full.WithDefaults())
	require.Equal(t, 1, resilience.RetryConfig{MaxRetries: new(0)}.WithDefaults().MaxAttempts)
	require.Equal(t, math.MaxInt, resilience.RetryConfig{MaxRetries: new(math.MaxInt)}.WithDefaults().MaxAttempts)
	require.Equal(t, 2*time.Minute, resilience.RetryConfig{InitialDelay: 2 * time.Minute}.WithDefaults().MaxDelay)
	require.InDelta(t, 1.5, resilience.RetryConfig{Preset: "Aggressive", MaxAttempts: 9}.WithDefaults().Multiplier, 0)
}

func TestRetryConfigValidate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config resilience.RetryConfig
		want   string
	}{
		"zero":       {resilience.RetryConfig{}, ""},
		"attempts":   {resilience.RetryConfig{MaxAttempts: -1}, "max_attempts: -1 is below 1"},
		"retries":    {resilience.RetryConfig{MaxRetries: new(-1)}, "max_retries: -1 is below 0"},
		"both":       {resilience.RetryConfig{MaxRetries: new(1), MaxAttempts: 2}, "max_retries: max_attempts is set too; keep one of them"},
		"initial":    {resilience.RetryConfig{InitialDelay: -1}, "initial_delay_seconds: -1ns is below 0"},
		"cap":        {resilience.RetryConfig{MaxDelay: time.Millisecond}, "max_delay_seconds: 1ms is less than the first wait of 1s"},
		"multiplier": {resilience.RetryConfig{Multiplier: 0.5}, "backoff_multiplier: 0.5 is not a number of at least 1"},
		"nan":        {resilience.RetryConfig{Multiplier: math.NaN()}, "backoff_multiplier: NaN is not a number of at least 1"},
		"inf":        {resilience.RetryConfig{Multiplier: math.Inf(1)}, "backoff_multiplier: +Inf is not a number of at least 1"},
		"jitter":     {resilience.RetryConfig{Jitter: "some"}, `jitter: "some" is not known; known are additive, symmetric, full, none`},
		"fraction":   {resilience.RetryConfig{JitterFraction: new(1.5)}, "jitter_fraction: 1.5 is not between 0 and 1"},
		"elapsed":    {resilience.RetryConfig{MaxElapsed: -time.Second}, "max_elapsed_seconds: -1s is below 0"},
		"preset":     {resilience.RetryConfig{Preset: "wild"}, `preset: "wild" is not known; known are no_retry, default, aggressive, conservative`},
		"several": {
			resilience.RetryConfig{MaxAttempts: -1, MaxDelay: -1, NeverRetryOn: []string{"IOErr"}, RetryOn: []string{""}},
			"max_attempts: -1 is below 1\nmax_delay_seconds: -1ns is below 0\nretry_on: \"\" matches no error",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.config.Validate()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			if name == "several" {
				require.Len(t, strings.Split(err.Error(), "\n"), 4, err)
			}
		})
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	seconds := func(c resilience.RetryConfig, retries ...int) []float64 {
		var out []float64
		for _, n := range retries {
			out = append(out, c.Delay(n).Seconds())
		}
		return out
	}
	require.Equal(t, []float64{1, 2, 4, 8, 60, 60}, seconds(resilience.RetryConfig{}, 1, 2, 3, 4, 7, math.MaxInt))
	require.Equal(t, []float64{1, 1}, seconds(resilience.RetryConfig{Multiplier: 1}, 1, 1000))
	require.Equal(t, []float64{1, 1}, seconds(resilience.RetryConfig{}, 0, math.MinInt))
	huge := resilience.RetryConfig{Multiplier: math.MaxFloat64, MaxDelay: math.MaxInt64}
	require.Equal(t, time.Duration(math.MaxInt64), huge.Delay(3))
}

func TestPresets(t *testing.T) {
	t.Parallel()
	for _, name := range resilience.RetryPresets() {
		c, ok := resilience.RetryPreset(name)
		require.True(t, ok)
		require.NoError(t, c.Validate())
		named := resilience.RetryConfig{Preset: name}.WithDefaults()
		named.Preset = ""
		require.Equal(t, c, named)
	}
}

func TestBundles(t *testing.T) {
	t.Parallel()
	type pair struct {
		attempts int
		delay    time.Duration
		failures int
		timeout  time.Duration
	}
	want := map[string]pair{
		"none":                 {},
		"default":              {3, time.Second, 5, time.Minute},
		"aggressive":           {5, 500 * time.Millisecond, 3, 2 * time.Minute},
		"conservative":         {2, 5 * time.Second, 10, 30 * time.Second},
		"retry_only":           {3, time.Second, 0, 0},
		"circuit_breaker_only": {0, 0, 5, time.Minute},
	}
	require.Len(t, resilience.Presets(), len(want))
	for name, w := range want {
		c, ok := resilience.Preset(strings.ToUpper(strings.ReplaceAll(name, "_", "-")))
		require.True(t, ok, name)
		var got pair
		if c.Retry != nil {
			got.attempts, got.delay = c.Retry.MaxAttempts, c.Retry.InitialDelay
		}
		if c.Breaker != nil {
			got.failures, got.timeout = c.Breaker.FailureThreshold, c.Breaker.Timeout
		}
		require.Equal(t, w, got, name)
		require.Equal(t, c.Retry, resilience.Config{Preset: name}.WithDefaults().Retry)
	}
	_, ok := resilience.Preset("wild")
	require.False(t, ok)
	require.ErrorContains(t, resilience.Config{Preset: "wild"}.Validate(), `preset: "wild" is not known`)
	require.NoError(t, resilience.Config{}.Validate())
	own := &resilience.RetryConfig{MaxAttempts: 7}
	require.Equal(t, own, resilience.Config{Preset: "default", Retry: own}.WithDefaults().Retry)
	_, ok = resilience.BreakerPreset("")
	require.False(t, ok)
}

func decode(t *testing.T, block string) (resilience.Config, error) {
	t.Helper()
	file, err := config.Parse([]byte("name: p\ncomponents: [{name: a, type: t, config: {r: "+block+"}}]\n"), config.FormatYAML, nil)
	require.NoError(t, err)
	var out struct {
		R resilience.Config `koanf:"r"`
	}
	err = file.Components[0].Config.Decode(&out)
	return out.R, err
}

func TestConfigDecodes(t *testing.T) {
	t.Parallel()
	got, err := decode(t, `{preset: aggressive, retry: {max-retries: 4, initial-delay-ms: 250, max_delay_seconds: 9,
		jitter: FULL, jitter-factor: 0, retry_on_exceptions: [Exception], max_elapsed: 5m},
		circuit_breaker: {reset-timeout-ms: 1500, half-open-success-threshold: 1, name: shared}}`)
	require.NoError(t, err)
	require.Equal(t, resilience.Config{
		Preset: "aggressive",
		Retry: &resilience.RetryConfig{
			MaxRetries: new(4), InitialDelay: 250 * time.Millisecond, MaxDelay: 9 * time.Second, Jitter: resilience.JitterFull,
			JitterFraction: new(0.0), RetryOn: []string{"Exception"}, MaxElapsed: 5 * time.Minute,
		},
		Breaker: &resilience.BreakerConfig{Name: "shared", Timeout: 1500 * time.Millisecond, SuccessThreshold: 1},
	}, got)
	for block, want := range map[string]string{
		`{retry: {max_attempts: 0}}`:                                "max_attempts",
		`{retry: {retry_on: [IOErr]}}`:                              `retry.retry_on: "IOErr" matches no error`,
		`{retry: {retry_on: Exception}}`:                            "retry_on",
		`{retry: {max_attempts: "5"}}`:                              "max_attempts",
		`{preset: wild}`:                                            `preset: "wild" is not known`,
		`{circuit_breaker: {timeout_seconds: 0}}`:                   "timeout_seconds",
		`{retry: {max_attempts: 2, max-retries: 1}}`:                "max_attempts is set too",
		`{retry: {initial_delay_seconds: 1, initial-delay-ms: 10}}`: "initial",
	} {
		_, err := decode(t, block)
		require.ErrorContains(t, err, want, block)
	}
}
