package streaming

import (
	"fmt"
	"sync"

	"github.com/sparkpipe/sparkpipe/component"
)

// event is one of its fields, of a run.
type event struct {
	run        string
	started    *StartedEvent
	progress   *Progress
	idle       *IdleEvent
	terminated *TerminatedEvent
	fault      error
}

// droppable reports whether a later event says as much.
func (e event) droppable() bool { return e.progress != nil || e.idle != nil }

// subscription is a listener and what it has not heard yet.
type subscription struct {
	listener Listener
	ended    chan struct{}
	once     sync.Once
	wake     chan struct{} // holds one when there may be events

	mu      sync.Mutex
	queue   []event
	waiting int // droppable ones in the queue
	dropped int // since Fault was told
}

func newSubscription(l Listener) *subscription {
	return &subscription{listener: l, ended: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// end stops the delivery; what waits is given up.
func (s *subscription) end() { s.once.Do(func() { close(s.ended) }) }

// put adds an event, and never blocks.
func (s *subscription) put(e event) {
	if !s.wants(e) {
		return
	}
	s.mu.Lock()
	if e.droppable() {
		if s.waiting == ListenerBacklog {
			s.dropOldest()
		}
		s.waiting++
	}
	s.queue = append(s.queue, e)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// wants reports whether there is a function for the event.
func (s *subscription) wants(e event) bool {
	switch l := s.listener; {
	case e.started != nil:
		return l.Started != nil
	case e.progress != nil:
		return l.Progress != nil
	case e.idle != nil:
		return l.Idle != nil
	case e.terminated != nil:
		return l.Terminated != nil
	default:
		return l.Fault != nil
	}
}

func (s *subscription) dropOldest() {
	for i, e := range s.queue {
		if e.droppable() {
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			s.waiting--
			s.dropped++
			return
		}
	}
}

// take returns the next event.
func (s *subscription) take() (event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dropped > 0 && s.listener.Fault != nil {
		e := event{fault: &DroppedError{Events: s.dropped}}
		s.dropped = 0
		return e, true
	}
	if len(s.queue) == 0 {
		return event{}, false
	}
	e := s.queue[0]
	s.queue[0] = event{}
	s.queue = s.queue[1:]
	if e.droppable() {
		s.waiting--
	}
	return e, true
}

// deliver calls the functions of the listener until its end.
func (s *subscription) deliver() {
	for {
		select {
		case <-s.ended:
			return
		case <-s.wake:
		}
		for e, ok := s.take(); ok; e, ok = s.take() {
			select {
			case <-s.ended:
				return
			default:
				s.call(e)
			}
		}
	}
}

// call calls a function. A panic is told to Fault; one in Fault itself is lost.
func (s *subscription) call(e event) {
	defer func() {
		if v := recover(); v != nil && e.fault == nil && s.listener.Fault != nil {
			s.call(event{fault: component.NewPanicError(v)})
		}
	}()
	switch l := s.listener; {
	case e.started != nil:
		l.Started(*e.started)
	case e.progress != nil:
		l.Progress(*e.progress)
	case e.idle != nil:
		l.Idle(*e.idle)
	case e.terminated != nil:
		l.Terminated(*e.terminated)
	default:
		l.Fault(e.fault)
	}
}

// DroppedError says that a listener was too slow for its events.
type DroppedError struct {
	// Events is how many progress and idle events were left out.
	Events int
}

// Error implements error.
func (e *DroppedError) Error() string {
	return fmt.Sprintf("%d events of streaming queries were left out, because the listener was slow", e.Events)
}

// PollingError says that the server pushes no events, so that it is asked for them.
type PollingError struct {
	// Err is the server's reason.
	Err error
}

// Error implements error.
func (e *PollingError) Error() string {
	return fmt.Sprintf("the server pushes no events of streaming queries, so they are asked for once a second: %v", e.Err)
}

// Unwrap returns the server's reason.
func (e *PollingError) Unwrap() error { return e.Err }
