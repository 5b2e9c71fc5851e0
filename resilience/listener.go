package resilience

import (
	"slices"
	"time"

	"go.uber.org/zap"
)

// Change is a change of the state of a [Breaker].
type Change struct {
	// Name is the breaker.
	Name string
	// From and To are different.
	From, To State
	// At is when it happened.
	At time.Time
}

// OnChange adds a listener, and returns what removes it. Listeners hear every
// change in order and one at a time, outside of all locks, so that they may use
// the breaker. They are called by whoever caused a change, or by the goroutine that
// is calling listeners at that time; a slow listener makes calls slow. A change that
// is being told when remove is called may still arrive. A panic of a listener is
// logged and goes no further.
func (b *Breaker) OnChange(listener func(Change)) (remove func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	entry := &listener
	b.listeners = append(b.listeners, entry)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.listeners = slices.DeleteFunc(slices.Clone(b.listeners), func(l *func(Change)) bool { return l == entry })
	}
}

// deliver calls the listeners, unless somebody does so already.
func (b *Breaker) deliver() {
	change, listeners, ok := b.nextChange(true)
	if !ok {
		return
	}
	over := false
	defer func() {
		// A listener ended the goroutine.
		if !over {
			b.mu.Lock()
			b.delivering = false
			b.mu.Unlock()
		}
	}()
	for ok {
		for _, listener := range listeners {
			b.tell(*listener, change)
		}
		change, listeners, ok = b.nextChange(false)
	}
	over = true
}

// nextChange takes a change that nobody has heard of. The one who got none, and
// only that one, delivers no more.
func (b *Breaker) nextChange(first bool) (Change, []*func(Change), bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if first && b.delivering {
		return Change{}, nil, false
	}
	if len(b.pending) == 0 {
		b.delivering = false
		return Change{}, nil, false
	}
	b.delivering = true
	change := b.pending[0]
	b.pending = b.pending[1:]
	return change, slices.Clone(b.listeners), true
}

func (b *Breaker) tell(listener func(Change), change Change) {
	defer func() {
		if value := recover(); value != nil {
			b.logger.Error("listener of a circuit breaker panicked",
				zap.String("breaker", b.name), zap.Any("panic", value), zap.Stack("stack"))
		}
	}()
	listener(change)
}
