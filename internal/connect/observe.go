package connect

import (
	"sync"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// observers are told of the metrics that come with responses, by name.
type observers struct {
	mu   sync.Mutex
	next int
	by   map[string]map[int]func(*wire.ExecutePlanResponse_ObservedMetrics)
}

// OnObserved calls f with the metrics of that name that arrive with any
// execution of the session, from the goroutine that reads the result, until
// remove is called. f must not call OnObserved or remove.
func (c *Conn) OnObserved(name string, f func(*wire.ExecutePlanResponse_ObservedMetrics)) (remove func()) {
	o := &c.observers
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by == nil {
		o.by = map[string]map[int]func(*wire.ExecutePlanResponse_ObservedMetrics){}
	}
	if o.by[name] == nil {
		o.by[name] = map[int]func(*wire.ExecutePlanResponse_ObservedMetrics){}
	}
	o.next++
	id := o.next
	o.by[name][id] = f
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.by[name], id)
		if len(o.by[name]) == 0 {
			delete(o.by, name)
		}
	}
}

// observed tells the observers of metrics that have arrived.
func (c *Conn) observed(metrics []*wire.ExecutePlanResponse_ObservedMetrics) {
	c.observers.mu.Lock()
	defer c.observers.mu.Unlock()
	for _, m := range metrics {
		for _, f := range c.observers.by[m.GetName()] {
			f(m)
		}
	}
}
