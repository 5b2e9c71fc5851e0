package audittest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/sparkpipe/sparkpipe/audit"
)

// Memory is a sink that remembers events. The zero value is ready; it is safe for
// concurrent use.
type Memory struct {
	mu     sync.Mutex
	events []audit.Event
	fault  func(audit.Event) error
	closed int
}

var _ audit.Sink = (*Memory)(nil)

// Write implements [audit.Sink].
func (m *Memory) Write(_ context.Context, e audit.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != nil {
		if err := m.fault(e); err != nil {
			return err
		}
	}
	m.events = append(m.events, e)
	return nil
}

// Close implements [audit.Sink].
func (m *Memory) Close(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed++
	return nil
}

// FailWith makes Write return what fault returns; nil lets it succeed again.
func (m *Memory) FailWith(fault func(audit.Event) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

// Events returns what was stored, in order.
func (m *Memory) Events() []audit.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}

// Closed counts the calls of Close.
func (m *Memory) Closed() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}

// Lines returns action, actor and status of each event.
func (m *Memory) Lines() []string {
	var out []string
	for _, e := range m.Events() {
		out = append(out, fmt.Sprintf("%s %s %s", e.Action, e.Actor, e.Status))
	}
	return out
}
