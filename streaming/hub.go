package streaming

import (
	"context"
	"slices"
	"sync"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// hub is what the queries and the listeners of a session share.
type hub struct {
	spark *dataflow.Session
	wg    sync.WaitGroup // of the goroutines

	mu        sync.Mutex
	closed    bool
	listeners []*subscription
	bus       *bus            // nil when nobody listens
	lastBus   *bus            // which may still be at its end
	runs      map[string]*run // that were started here
	order     []string        // of the runs, the oldest first
	starts    int             // on their way
	held      []event         // of unknown runs, until the starts are through
}

// run is a run of a query that was started here.
type run struct {
	query *Query
	ended bool // as the listeners were told
}

// maxRuns is how many runs are remembered.
const maxRuns = 4096

type hubKey struct{}

func hubOf(spark *dataflow.Session) *hub {
	h, _ := spark.Attach(hubKey{}, func() dataflow.Attachment {
		return &hub{spark: spark, runs: map[string]*run{}}
	}).(*hub)
	return h
}

// Close ends the listening, before the session ends. It waits for what is being
// called, as long as ctx lasts.
func (h *hub) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	for _, s := range h.listeners {
		s.end()
	}
	h.listeners = nil
	h.endBus()
	h.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.wg.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	return nil
}

// listen adds a listener and starts the bus for the first.
func (h *hub) listen(ctx context.Context, l Listener) (stop func(), err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s := newSubscription(l)
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, errListenerClosed
	}
	h.listeners = append(h.listeners, s)
	h.wg.Go(s.deliver)
	if h.bus == nil {
		h.bus = newBus(h, h.lastBus)
		h.lastBus = h.bus
		h.wg.Go(h.bus.run)
	}
	ready := h.bus.ready
	h.mu.Unlock()
	release := context.AfterFunc(ctx, func() { h.leave(s) })
	stop = func() {
		release()
		h.leave(s)
	}
	select {
	case <-ready:
		return stop, nil
	case <-s.ended:
		stop()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, errListenerClosed
	}
}

// leave removes a listener, and ends the bus with the last.
func (h *hub) leave(s *subscription) {
	s.end()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners = slices.DeleteFunc(h.listeners, func(other *subscription) bool { return other == s })
	if len(h.listeners) == 0 {
		h.endBus()
	}
}

// endBus is called with the mutex held.
func (h *hub) endBus() {
	if h.bus != nil {
		h.bus.end()
		h.bus = nil
	}
}

// beginStart notes that a query is being started, so that events of a run that
// nobody knows may be of it.
func (h *hub) beginStart() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.starts++
}

// endStart notes what became of it, nil for no query, and tells the listeners. It
// reports whether no other start was on its way.
func (h *hub) endStart(q *Query, e *StartedEvent) (alone bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	alone = h.starts == 1
	h.starts--
	if q != nil {
		h.remember(q)
		h.send(event{started: e, run: q.runID})
	}
	if h.starts == 0 {
		held := h.held
		h.held = nil
		for _, one := range held {
			h.send(one)
		}
	}
	return alone
}

// remember is called with the mutex held.
func (h *hub) remember(q *Query) {
	if len(h.order) == maxRuns {
		delete(h.runs, h.order[0])
		h.order = slices.Delete(h.order, 0, 1)
	}
	h.runs[q.runID] = &run{query: q}
	h.order = append(h.order, q.runID)
}

// publish hands an event of the server to the listeners, behind the start of its
// run.
func (h *hub) publish(e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.runs[e.run] == nil && h.starts > 0 && len(h.held) < ListenerBacklog {
		h.held = append(h.held, e)
		return
	}
	h.send(e)
}

// send is called with the mutex held.
func (h *hub) send(e event) {
	if known := h.runs[e.run]; known != nil && e.terminated != nil {
		known.ended = true
		e.terminated.Name = known.query.name
		if e.terminated.Err != nil {
			e.terminated.Err.Query = known.query.name
		}
	}
	for _, s := range h.listeners {
		s.put(e)
	}
}

// fault tells the listeners what went wrong.
func (h *hub) fault(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.send(event{fault: err})
}

// knows reports whether the run was started here.
func (h *hub) knows(runID string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.runs[runID] != nil
}

// nameOf returns the name of a query that was started here, or "".
func (h *hub) nameOf(runID string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := h.runs[runID]; known != nil {
		return known.query.name
	}
	return ""
}

// live returns the queries that were started here and have not ended, as far as the
// listeners were told.
func (h *hub) live() (out []*Query) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range h.order {
		if known := h.runs[id]; !known.ended {
			out = append(out, known.query)
		}
	}
	return out
}
