package resilience

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Defaults of a [BreakerConfig].
const (
	DefaultFailureThreshold = 5
	DefaultSuccessThreshold = 2
	DefaultTimeout          = time.Minute
	DefaultHalfOpenMaxCalls = 1
)

// maxCount is the largest threshold.
const maxCount = 1_000_000

// BreakerConfig says when a [Breaker] opens and closes. The zero value has the
// defaults.
type BreakerConfig struct {
	// Name is the breaker to share with others that name it too. Empty: the user
	// of the config decides; a pipeline takes the name of the component.
	Name string `koanf:"name" doc:"the name of the breaker; components that give the same name share it (the component)"`
	// Preset is where the fields that are not set are taken from; see
	// [BreakerPreset] for the names. Default: "default".
	Preset string `koanf:"preset" doc:"the settings to start from: default, sensitive or resilient"`
	// FailureThreshold is how many failures in a row open it. Default: 5.
	FailureThreshold int `koanf:"failure_threshold" min:"1" doc:"how many failures in a row open it (5)"`
	// SuccessThreshold is how many successes in a row close it when it is
	// half-open. Default: 2.
	SuccessThreshold int `koanf:"success_threshold" alias:"half_open_success_threshold" min:"1" doc:"how many successes close it again (2)"`
	// Timeout is how long it stays open, at least 1 ms. Default: 60 s.
	Timeout time.Duration `koanf:"timeout_seconds" alias:"timeout,timeout_ms,reset_timeout_ms,reset_timeout" min:"1ms" doc:"how long it stays open (60s)"`
	// HalfOpenMaxCalls is how many calls may be under way at a time when it is
	// half-open. Default: 1.
	HalfOpenMaxCalls int `koanf:"half_open_max_calls" min:"1" doc:"how many calls may try at a time when it is half-open (1)"`
}

// WithDefaults returns a copy in which every field is set that has a default. An
// unknown preset is left for [BreakerConfig.Validate].
func (c BreakerConfig) WithDefaults() BreakerConfig {
	base, ok := BreakerPreset(cmp.Or(c.Preset, PresetDefault))
	if !ok {
		base, _ = BreakerPreset(PresetDefault)
	}
	c.FailureThreshold = cmp.Or(c.FailureThreshold, base.FailureThreshold)
	c.SuccessThreshold = cmp.Or(c.SuccessThreshold, base.SuccessThreshold)
	c.Timeout = cmp.Or(c.Timeout, base.Timeout)
	c.HalfOpenMaxCalls = cmp.Or(c.HalfOpenMaxCalls, base.HalfOpenMaxCalls)
	return c
}

// Validate returns every fault, each beginning with the key that it is about.
func (c BreakerConfig) Validate() error {
	var faults []error
	if _, ok := BreakerPreset(cmp.Or(c.Preset, PresetDefault)); !ok {
		faults = append(faults, fmt.Errorf("preset: %q is not known; known are %s", c.Preset, strings.Join(BreakerPresets(), ", ")))
	}
	full := c.WithDefaults()
	for _, count := range []struct {
		key   string
		value int
	}{
		{"failure_threshold", full.FailureThreshold},
		{"success_threshold", full.SuccessThreshold},
		{"half_open_max_calls", full.HalfOpenMaxCalls},
	} {
		if count.value < 1 || count.value > maxCount {
			faults = append(faults, fmt.Errorf("%s: %d is not between 1 and %d", count.key, count.value, maxCount))
		}
	}
	if full.Timeout < time.Millisecond {
		faults = append(faults, fmt.Errorf("timeout_seconds: %s is below 1ms", full.Timeout))
	}
	return errors.Join(faults...)
}

// same reports whether two configs make the same breaker.
func (c BreakerConfig) same(other BreakerConfig) bool {
	c, other = c.WithDefaults(), other.WithDefaults()
	c.Name, c.Preset, other.Name, other.Preset = "", "", "", ""
	return c == other
}
