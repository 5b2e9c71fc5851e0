package resilience

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Breakers are breakers by name. Make them with [NewBreakers]. They are safe for
// concurrent use.
type Breakers struct {
	opts *BreakerOptions

	mu     sync.Mutex
	byName map[string]*Breaker
	// kept are restored states of breakers that nobody has asked for yet.
	kept map[string]Snapshot
}

// NewBreakers returns a collection with no breakers. The options are those of
// every breaker that it makes; nil is the defaults.
func NewBreakers(opts *BreakerOptions) *Breakers {
	return &Breakers{opts: opts, byName: map[string]*Breaker{}, kept: map[string]Snapshot{}}
}

// Breaker returns the breaker with the name, and makes it if there is none. Who asks
// for one that exists must ask for the same settings, after defaults and presets,
// or gets an error that matches [ErrConflict]. The names in the settings are not
// looked at. A breaker whose state was restored begins with it.
func (r *Breakers) Breaker(name string, config BreakerConfig) (*Breaker, error) {
	b, err := r.breaker(name, config)
	if err != nil {
		return nil, err
	}
	// The state that it begins with may be news to the listeners.
	b.deliver()
	return b, nil
}

func (r *Breakers) breaker(name string, config BreakerConfig) (*Breaker, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.byName[name]
	if !ok {
		return r.add(name, config)
	}
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("circuit breaker %q: %w", name, err)
	}
	if !b.config.same(config) {
		return nil, fmt.Errorf("circuit breaker %q: %w: %s, and not %s; give it one set of settings, or another name",
			name, ErrConflict, b.config.text(), config.text())
	}
	return b, nil
}

func (r *Breakers) add(name string, config BreakerConfig) (*Breaker, error) {
	b, err := NewBreaker(name, config, r.opts)
	if err != nil {
		return nil, err
	}
	r.byName[name] = b
	if s, ok := r.kept[name]; ok {
		delete(r.kept, name)
		b.begin(s)
	}
	return b, nil
}

// Names returns the names of the breakers that were asked for, sorted.
func (r *Breakers) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.byName))
}

// Snapshot returns the states of all breakers, sorted by name, those included that
// were restored and not asked for since.
func (r *Breakers) Snapshot() []Snapshot {
	r.mu.Lock()
	breakers := maps.Clone(r.byName)
	byName := maps.Clone(r.kept)
	r.mu.Unlock()
	// Looking at a breaker may call its listeners, which may come back here.
	for name, b := range breakers {
		byName[name] = b.Snapshot()
	}
	out := make([]Snapshot, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out
}

// Restore puts breakers into states that were kept, see [Breaker.Restore]. A state
// whose breaker does not exist waits for it. Snapshots with faults are left out;
// the error joins what is wrong with them.
func (r *Breakers) Restore(snapshots []Snapshot) error {
	var faults []error
	for _, s := range snapshots {
		if err := s.validate(); err != nil {
			faults = append(faults, err)
			continue
		}
		r.mu.Lock()
		b := r.byName[s.Name]
		if b == nil {
			r.kept[s.Name] = s
		}
		r.mu.Unlock()
		if b == nil {
			continue
		}
		if err := b.Restore(s); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (c BreakerConfig) text() string {
	c = c.WithDefaults()
	return fmt.Sprintf("%d failures open it for %s, %d successes close it, %d at a time",
		c.FailureThreshold, c.Timeout, c.SuccessThreshold, c.HalfOpenMaxCalls)
}
