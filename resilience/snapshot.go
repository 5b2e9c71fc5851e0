package resilience

import (
	"fmt"
	"time"
)

// Snapshot is the state of a [Breaker] to be kept elsewhere, for example in JSON.
type Snapshot struct {
	// Name is the breaker.
	Name string `json:"name"`
	// State is what [Breaker.State] would say.
	State State `json:"state"`
	// Failures is how many calls in a row have failed; 0 unless it is closed.
	Failures int `json:"failures,omitempty"`
	// OpenUntil is when it lets a call through; zero when it is closed.
	OpenUntil time.Time `json:"open_until,omitzero"`
}

// Snapshot returns the state.
func (b *Breaker) Snapshot() Snapshot {
	// An open breaker whose time is over becomes half-open.
	b.State()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == StateClosed {
		return Snapshot{Name: b.name, State: StateClosed, Failures: int(b.inner.Counts().ConsecutiveFailures)}
	}
	return Snapshot{Name: b.name, State: b.state, OpenUntil: b.openUntil.Round(0)}
}

// Restore puts the breaker into a state that was kept, and tells its listeners if
// that is another. The results of calls under way are ignored.
//
// An open breaker stays so until the time of the snapshot, but no longer than
// Timeout from now, in case the clocks differ. A half-open breaker, and an open one
// whose time is over, let calls through at once and need all their successes. When
// closed, the failures are counted up to one less than FailureThreshold: only a
// call opens a breaker.
func (b *Breaker) Restore(s Snapshot) error {
	if s.Name == "" {
		s.Name = b.name
	}
	if s.Name != b.name {
		return fmt.Errorf("restore circuit breaker %q: the snapshot is of %q", b.name, s.Name)
	}
	if err := s.validate(); err != nil {
		return err
	}
	b.begin(s)
	b.deliver()
	return nil
}

// begin is Restore for a snapshot that is right; nobody is told yet.
func (b *Breaker) begin(s Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.State == StateClosed {
		b.replace(StateClosed, min(s.Failures, b.config.FailureThreshold-1), 0)
		return
	}
	open := min(time.Until(s.OpenUntil), b.config.Timeout)
	// The inner breaker is open for more than its 1 ns.
	b.replace(StateOpen, b.config.FailureThreshold, max(open, 2))
}

func (s Snapshot) validate() error {
	if s.State != StateClosed && s.State != StateOpen && s.State != StateHalfOpen {
		return fmt.Errorf("restore circuit breaker %q: unknown state %q; known are closed, open, half-open", s.Name, s.State)
	}
	if s.Failures < 0 {
		return fmt.Errorf("restore circuit breaker %q: %d failures are below 0", s.Name, s.Failures)
	}
	return nil
}
