package config

import (
	"github.com/sparkpipe/sparkpipe/resilience"
)

// resilience puts together what a component says of its retry and its circuit
// breaker, in a block of its own or beside its other keys.
func (b *builder) resilience(at Section, c *policyShape) resilience.Config {
	if c.Resilience == nil {
		return resilience.Config{Preset: c.Preset, Retry: c.Retry, Breaker: c.CircuitBreaker}
	}
	for _, key := range []string{"retry", "circuit_breaker", "preset"} {
		if f := at.field(key); f != nil {
			pos, path := at.at(key)
			b.add(pos, path, "given beside "+join(at.path, "resilience"), "keep one of them")
		}
	}
	return *c.Resilience
}

// scalaRetries is how often the elder system tries again when its block does not
// say it; it counts no first attempt.
const scalaRetries = 3

// scalaRetry gives a block of that system its own default.
func scalaRetry(r *resilience.RetryConfig) *resilience.RetryConfig {
	if r == nil || r.MaxAttempts != 0 || r.MaxRetries != nil || r.Preset != "" {
		return r
	}
	again := *r
	again.MaxAttempts = scalaRetries + 1
	return &again
}
