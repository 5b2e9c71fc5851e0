package resilience

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The names of the presets. Their case and the choice of "-" or "_" do not
// matter.
const (
	PresetNone         = "none"
	PresetNoRetry      = "no_retry"
	PresetDefault      = "default"
	PresetAggressive   = "aggressive"
	PresetConservative = "conservative"
	PresetSensitive    = "sensitive"
	PresetResilient    = "resilient"
	PresetRetryOnly    = "retry_only"
	PresetBreakerOnly  = "circuit_breaker_only"
)

// RetryPreset returns the settings with a name, complete, and whether there are
// any:
//
//	name          attempts  first wait  multiplier  longest wait
//	no_retry      1         1s          2           60s
//	default       3         1s          2           60s
//	aggressive    5         500ms       1.5         60s
//	conservative  2         5s          2           30s
//
// none is another name for no_retry.
func RetryPreset(name string) (RetryConfig, bool) {
	c := RetryConfig{
		MaxAttempts: DefaultMaxAttempts, InitialDelay: DefaultInitialDelay, MaxDelay: DefaultMaxDelay,
		Multiplier: DefaultMultiplier, Jitter: JitterAdditive, JitterFraction: new(DefaultJitterFraction),
	}
	switch presetKey(name) {
	case PresetDefault:
	case PresetNoRetry, PresetNone:
		c.MaxAttempts = 1
	case PresetAggressive:
		c.MaxAttempts, c.InitialDelay, c.Multiplier = 5, 500*time.Millisecond, 1.5
	case PresetConservative:
		c.MaxAttempts, c.InitialDelay, c.MaxDelay = 2, 5*time.Second, 30*time.Second
	default:
		return RetryConfig{}, false
	}
	return c, true
}

// RetryPresets are the names that [RetryPreset] knows, without synonyms.
func RetryPresets() []string {
	return []string{PresetNoRetry, PresetDefault, PresetAggressive, PresetConservative}
}

// BreakerPreset returns the settings with a name, complete, and whether there
// are any:
//
//	name       failures  timeout  successes  calls at a time
//	default    5         60s      2          1
//	sensitive  3         120s     2          1
//	resilient  10        30s      2          1
func BreakerPreset(name string) (BreakerConfig, bool) {
	c := BreakerConfig{
		FailureThreshold: DefaultFailureThreshold, SuccessThreshold: DefaultSuccessThreshold,
		Timeout: DefaultTimeout, HalfOpenMaxCalls: DefaultHalfOpenMaxCalls,
	}
	switch presetKey(name) {
	case PresetDefault:
	case PresetSensitive:
		c.FailureThreshold, c.Timeout = 3, 2*time.Minute
	case PresetResilient:
		c.FailureThreshold, c.Timeout = 10, 30*time.Second
	default:
		return BreakerConfig{}, false
	}
	return c, true
}

// BreakerPresets are the names that [BreakerPreset] knows.
func BreakerPresets() []string { return []string{PresetDefault, PresetSensitive, PresetResilient} }

// Config is a retry and a circuit breaker together, as users write them. The
// zero value has neither.
type Config struct {
	// Preset is where the blocks that are absent are taken from; see [Preset] for
	// the names. Default: neither of them.
	Preset string `koanf:"preset" doc:"the blocks to start from: none, default, aggressive, conservative, retry_only or circuit_breaker_only"`
	// Retry is nil for a single attempt.
	Retry *RetryConfig `koanf:"retry" alias:"retry_policy" doc:"how to try again"`
	// Breaker is nil for none.
	Breaker *BreakerConfig `koanf:"circuit_breaker" doc:"when to stop trying"`
}

// WithDefaults returns a copy whose absent blocks are those of the preset.
func (c Config) WithDefaults() Config {
	base, _ := Preset(cmp.Or(c.Preset, PresetNone))
	c.Retry, c.Breaker = cmp.Or(c.Retry, base.Retry), cmp.Or(c.Breaker, base.Breaker)
	return c
}

// Validate says whether the preset is known. The blocks have a Validate of their
// own.
func (c Config) Validate() error {
	if _, ok := Preset(cmp.Or(c.Preset, PresetNone)); !ok {
		return fmt.Errorf("preset: %q is not known; known are %s", c.Preset, strings.Join(Presets(), ", "))
	}
	return nil
}

// Preset returns the pair of settings with a name, and whether there is one:
//
//	name                  retry         circuit breaker
//	none                  -             -
//	default               default       default
//	aggressive            aggressive    sensitive
//	conservative          conservative  resilient
//	retry_only            default       -
//	circuit_breaker_only  -             default
func Preset(name string) (Config, bool) {
	pair := map[string][2]string{
		PresetNone:         {},
		PresetDefault:      {PresetDefault, PresetDefault},
		PresetAggressive:   {PresetAggressive, PresetSensitive},
		PresetConservative: {PresetConservative, PresetResilient},
		PresetRetryOnly:    {PresetDefault, ""},
		PresetBreakerOnly:  {"", PresetDefault},
	}
	names, ok := pair[presetKey(name)]
	var c Config
	if retry, ok := RetryPreset(names[0]); ok {
		c.Retry = &retry
	}
	if breaker, ok := BreakerPreset(names[1]); ok {
		c.Breaker = &breaker
	}
	return c, ok
}

// Presets are the names that [Preset] knows, sorted.
func Presets() []string {
	names := []string{PresetNone, PresetDefault, PresetAggressive, PresetConservative, PresetRetryOnly, PresetBreakerOnly}
	slices.Sort(names)
	return names
}

func presetKey(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), "-", "_"))
}
