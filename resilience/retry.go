package resilience

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Defaults of a [RetryConfig].
const (
	DefaultMaxAttempts    = 3
	DefaultInitialDelay   = time.Second
	DefaultMaxDelay       = time.Minute
	DefaultMultiplier     = 2.0
	DefaultJitterFraction = 0.25
)

// Jitter says how a wait is made random, so that many callers that failed
// together do not come back together. No jitter takes a wait above MaxDelay.
type Jitter string

// The kinds of jitter; d is the wait without it, f the fraction, u a random
// number of [0, 1).
const (
	// JitterAdditive waits d * (1 + f*u). It is the default.
	JitterAdditive Jitter = "additive"
	// JitterSymmetric waits d * (1 + f*(2u - 1)).
	JitterSymmetric Jitter = "symmetric"
	// JitterFull waits d * u. The fraction does not matter.
	JitterFull Jitter = "full"
	// JitterNone waits d.
	JitterNone Jitter = "none"
)

var jitters = []Jitter{JitterAdditive, JitterSymmetric, JitterFull, JitterNone}

// RetryConfig says how often, when and after which errors something is tried
// again. The zero value has the defaults. The doc of the package has the words
// of RetryOn and NeverRetryOn.
type RetryConfig struct {
	// Preset is where the fields that are not set are taken from; see
	// [RetryPreset] for the names. Default: "default".
	Preset string `koanf:"preset" doc:"the settings to start from: default, aggressive, conservative or no_retry"`
	// MaxAttempts counts the first attempt too; 1 is no retry. Default: 3.
	MaxAttempts int `koanf:"max_attempts" min:"1" doc:"how often to try, the first attempt included (3)"`
	// MaxRetries is another way to write MaxAttempts: it does not count the first
	// attempt. Only one of the two may be set.
	MaxRetries *int `koanf:"max_retries" min:"0" doc:"how often to try again; one less than max_attempts"`
	// InitialDelay is the wait before the second attempt. Default: 1 s.
	InitialDelay time.Duration `koanf:"initial_delay_seconds" alias:"initial_delay,initial_delay_ms" min:"0s" doc:"the wait before the second attempt (1s)"`
	// MaxDelay is the longest wait. Default: 60 s, or InitialDelay if that is longer.
	MaxDelay time.Duration `koanf:"max_delay_seconds" alias:"max_delay,max_delay_ms" min:"0s" doc:"the longest wait between attempts (60s)"`
	// Multiplier is what each wait is longer than the one before, at least 1.
	// Default: 2.
	Multiplier float64 `koanf:"backoff_multiplier" alias:"multiplier" min:"1" doc:"how much longer each wait is than the one before (2)"`
	// Jitter is how the waits are made random. Default: [JitterAdditive].
	Jitter Jitter `koanf:"jitter" enum:"additive,symmetric,full,none" doc:"how the waits are made random (additive)"`
	// JitterFraction is between 0 and 1; nil is 0.25.
	JitterFraction *float64 `koanf:"jitter_fraction" alias:"jitter_factor" min:"0" doc:"how much of a wait is random, 0 to 1 (0.25)"`
	// MaxElapsed is the time, from the start of the first attempt, after which no
	// other begins; a wait that would end later is not begun. An attempt under
	// way is not cut off: that is what a context is for. Default: 0, no limit.
	MaxElapsed time.Duration `koanf:"max_elapsed_seconds" alias:"max_elapsed,max_elapsed_ms" min:"0s" doc:"when to stop trying, counted from the first attempt (never)"`
	// RetryOn are the errors to retry. Empty: all that are not known to be
	// permanent.
	RetryOn []string `koanf:"retry_on" alias:"retry_on_exceptions,retryable_exceptions" doc:"the errors to retry (all that are not permanent)"`
	// NeverRetryOn are errors not to retry. It wins over RetryOn.
	NeverRetryOn []string `koanf:"never_retry_on" doc:"the errors not to retry, whatever retry_on says"`
}

// WithDefaults returns a copy in which every field is set that has a default.
// An unknown preset is left for [RetryConfig.Validate].
func (c RetryConfig) WithDefaults() RetryConfig {
	base, ok := RetryPreset(cmp.Or(c.Preset, PresetDefault))
	if !ok {
		base, _ = RetryPreset(PresetDefault)
	}
	if c.MaxRetries != nil && c.MaxAttempts == 0 {
		c.MaxAttempts = *c.MaxRetries
		if c.MaxAttempts < math.MaxInt {
			c.MaxAttempts++
		}
	}
	c.MaxAttempts = cmp.Or(c.MaxAttempts, base.MaxAttempts)
	c.InitialDelay = cmp.Or(c.InitialDelay, base.InitialDelay)
	c.MaxDelay = cmp.Or(c.MaxDelay, max(base.MaxDelay, c.InitialDelay))
	c.Multiplier = cmp.Or(c.Multiplier, base.Multiplier)
	c.Jitter = cmp.Or(c.Jitter, base.Jitter)
	if c.JitterFraction == nil {
		c.JitterFraction = base.JitterFraction
	}
	c.MaxRetries = nil
	return c
}

// Validate returns every fault, each beginning with the key that it is about.
func (c RetryConfig) Validate() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	if c.Preset != "" {
		_, ok := RetryPreset(c.Preset)
		fault(!ok, "preset: %q is not known; known are %s", c.Preset, strings.Join(RetryPresets(), ", "))
	}
	fault(c.MaxAttempts < 0, "max_attempts: %d is below 1", c.MaxAttempts)
	if c.MaxRetries != nil {
		fault(*c.MaxRetries < 0, "max_retries: %d is below 0", *c.MaxRetries)
		fault(c.MaxAttempts != 0, "max_retries: max_attempts is set too; keep one of them")
	}
	fault(c.InitialDelay < 0, "initial_delay_seconds: %s is below 0", c.InitialDelay)
	fault(c.MaxDelay < 0, "max_delay_seconds: %s is below 0", c.MaxDelay)
	full := c.WithDefaults()
	fault(c.MaxDelay > 0 && full.InitialDelay > c.MaxDelay,
		"max_delay_seconds: %s is less than the first wait of %s", c.MaxDelay, full.InitialDelay)
	fault(c.Multiplier != 0 && (c.Multiplier < 1 || math.IsNaN(c.Multiplier) || math.IsInf(c.Multiplier, 0)),
		"backoff_multiplier: %v is not a number of at least 1", c.Multiplier)
	fault(c.Jitter != "" && !slices.Contains(jitters, c.Jitter),
		"jitter: %q is not known; known are additive, symmetric, full, none", c.Jitter)
	if f := c.JitterFraction; f != nil {
		fault(math.IsNaN(*f) || *f < 0 || *f > 1, "jitter_fraction: %v is not between 0 and 1", *f)
	}
	fault(c.MaxElapsed < 0, "max_elapsed_seconds: %s is below 0", c.MaxElapsed)
	_, onErr := parseMatchers("retry_on", c.RetryOn)
	_, neverErr := parseMatchers("never_retry_on", c.NeverRetryOn)
	return errors.Join(append(faults, split(onErr, neverErr)...)...)
}

// split takes joined errors apart, so that each fault stands by itself.
func split(errs ...error) []error {
	var out []error
	for _, err := range errs {
		if err != nil {
			out = append(out, unwrap(err)...)
		}
	}
	return out
}

// Delay is the wait before a retry, the first being 1, without jitter:
// InitialDelay * Multiplier^(retry-1), and at most MaxDelay. It never overflows.
func (c RetryConfig) Delay(retry int) time.Duration {
	return c.WithDefaults().delay(retry)
}

// delay is Delay of a config that has its defaults.
func (c RetryConfig) delay(retry int) time.Duration {
	d := float64(c.InitialDelay) * math.Pow(c.Multiplier, float64(max(retry, 1)-1))
	if d >= float64(c.MaxDelay) {
		return c.MaxDelay
	}
	return time.Duration(d)
}

// jittered is the wait with the random number u of [0, 1).
func (c RetryConfig) jittered(retry int, u float64) time.Duration {
	d := c.delay(retry)
	factor := 1.0
	switch c.Jitter {
	case JitterAdditive:
		factor = 1 + *c.JitterFraction*u
	case JitterSymmetric:
		factor = 1 + *c.JitterFraction*(2*u-1)
	case JitterFull:
		factor = u
	}
	wait := float64(d) * factor
	if wait >= float64(c.MaxDelay) {
		return c.MaxDelay
	}
	return time.Duration(max(wait, 0))
}
