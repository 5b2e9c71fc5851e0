package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Policy says what an [Async] sink does with an event when its queue is full.
type Policy string

// The policies.
const (
	// PolicyBlock waits for a place, for as long as the context lives.
	PolicyBlock Policy = "block"
	// PolicyDrop loses the event and counts it.
	PolicyDrop Policy = "drop"
	// PolicyFail returns [ErrQueueFull].
	PolicyFail Policy = "fail"
)

const (
	// DefaultQueue is how many events an [Async] sink holds.
	DefaultQueue = 1024
	// DefaultCloseTimeout is how long closing an [Async] sink may take.
	DefaultCloseTimeout = 10 * time.Second
)

// AsyncOptions are the settings of [NewAsync]. Nil means defaults.
type AsyncOptions struct {
	// Queue is how many events wait at most. Default [DefaultQueue].
	Queue int
	// Policy says what becomes of an event when the queue is full. Default
	// [PolicyBlock].
	Policy Policy
	// CloseTimeout bounds how long Close stores what still waits. Default
	// [DefaultCloseTimeout].
	CloseTimeout time.Duration
	// Logger hears of events that the sink behind did not store. Nil is silent.
	Logger *zap.Logger
	// Now is the clock of audit_lost; nil means [time.Now].
	Now func() time.Time

	_ struct{}
}

// Async hands events to another sink in a goroutine of its own, in order, so that
// nobody waits for it. Write returns when the event is in the queue, not when it is
// stored. What is lost, because the queue was full or the sink behind failed, is
// counted and becomes an event [ActionAuditLost] as soon as the sink behind takes
// one again, at the latest on Close.
type Async struct {
	sink    Sink
	opts    AsyncOptions
	queue   chan item
	closing chan struct{} // closed when Close begins
	finish  chan struct{} // closed when nobody writes any more
	done    chan struct{} // closed by the goroutine
	ctx     context.Context
	halt    context.CancelFunc // called when the time of Close is up
	writers sync.WaitGroup

	once   sync.Once
	mu     sync.Mutex
	closed bool
	lost   int64 // not told yet
	total  int64
	reason string
}

// item is an event or, with a signal, a place in the queue that Flush waits for.
type item struct {
	event  Event
	signal chan<- struct{}
}

var (
	_ Sink    = (*Async)(nil)
	_ Flusher = (*Async)(nil)
)

// NewAsync starts the goroutine; Close ends it and closes sink.
func NewAsync(sink Sink, opts *AsyncOptions) (*Async, error) {
	if opts == nil {
		opts = &AsyncOptions{}
	}
	a := &Async{
		sink: sink, opts: *opts, closing: make(chan struct{}), finish: make(chan struct{}), done: make(chan struct{}),
	}
	a.opts.Queue, a.opts.Policy = cmp.Or(opts.Queue, DefaultQueue), cmp.Or(opts.Policy, PolicyBlock)
	a.opts.CloseTimeout = cmp.Or(opts.CloseTimeout, DefaultCloseTimeout)
	a.opts.Logger = cmp.Or(opts.Logger, zap.NewNop())
	if opts.Now == nil {
		a.opts.Now = time.Now
	}
	switch {
	case sink == nil:
		return nil, errors.New("new async audit sink: there is no sink behind it")
	case a.opts.Queue < 1:
		return nil, fmt.Errorf("new async audit sink: the queue is %d; want 1 or more", opts.Queue)
	case a.opts.Policy != PolicyBlock && a.opts.Policy != PolicyDrop && a.opts.Policy != PolicyFail:
		return nil, fmt.Errorf("new async audit sink: policy %q; want block, drop or fail", opts.Policy)
	case a.opts.CloseTimeout < 0:
		return nil, fmt.Errorf("new async audit sink: the close timeout is %s; it cannot be negative", opts.CloseTimeout)
	}
	a.queue = make(chan item, a.opts.Queue)
	a.ctx, a.halt = context.WithCancel(context.Background()) // that of the goroutine, which outlives every Write
	go a.work()
	return a, nil
}

// Write implements [Sink].
func (a *Async) Write(ctx context.Context, e Event) error {
	if !a.enter() {
		return ErrClosed
	}
	defer a.writers.Done()
	i := item{event: e}
	select {
	case a.queue <- i:
		return nil
	default:
	}
	switch a.opts.Policy {
	case PolicyDrop:
		a.lose(1, ErrQueueFull)
		return nil
	case PolicyFail:
		return ErrQueueFull
	default:
		return a.enqueue(ctx, i)
	}
}

// enter reports whether the sink takes more, and then counts a writer.
func (a *Async) enter() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.writers.Add(1)
	}
	return !a.closed
}

// enqueue waits for a place.
func (a *Async) enqueue(ctx context.Context, i item) error {
	select {
	case a.queue <- i:
		return nil
	case <-a.closing:
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("wait for a place in the queue of audit events: %w", context.Cause(ctx))
	}
}

// Flush implements [Flusher]: it waits until what was written before is stored or
// lost, and flushes the sink behind.
func (a *Async) Flush(ctx context.Context) error {
	if !a.enter() {
		return nil
	}
	reached := make(chan struct{})
	err := a.enqueue(ctx, item{signal: reached})
	a.writers.Done()
	if errors.Is(err, ErrClosed) {
		return nil
	}
	if err != nil {
		return err
	}
	select {
	case <-reached:
		return flush(ctx, a.sink)
	case <-a.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("flush the queue of audit events: %w", context.Cause(ctx))
	}
}

// Close implements [Sink]: it stores what waits, for [AsyncOptions.CloseTimeout] at
// most, and closes the sink behind. What is still not stored is an error. When the
// time is up the context of the sink behind ends; Close waits until it returns.
func (a *Async) Close(ctx context.Context) error {
	var err error
	a.once.Do(func() {
		a.mu.Lock()
		a.closed = true
		a.mu.Unlock()
		close(a.closing)
		a.writers.Wait()
		close(a.finish)
		a.drain(ctx)
		if lost := a.Lost(); lost > 0 {
			err = fmt.Errorf("close the queue of audit events: %d were not stored: %s", lost, a.lastReason())
		}
		err = errors.Join(err, guard(func() error { return a.sink.Close(ctx) }))
	})
	return err
}

// drain waits for the goroutine, which is told to hurry when the time is up.
func (a *Async) drain(ctx context.Context) {
	limit, cancel := context.WithTimeout(ctx, a.opts.CloseTimeout)
	defer cancel()
	defer a.halt()
	select {
	case <-a.done:
	case <-limit.Done():
		a.halt()
		<-a.done
	}
}

// Lost counts the events that were not stored.
func (a *Async) Lost() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.total
}

func (a *Async) lastReason() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reason
}

func (a *Async) lose(n int64, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost, a.total, a.reason = a.lost+n, a.total+n, err.Error()
}

// work stores until the queue is empty after Close.
func (a *Async) work() {
	defer close(a.done)
	for {
		select {
		case i := <-a.queue:
			a.take(i)
			continue
		case <-a.finish:
		}
		select {
		case i := <-a.queue:
			a.take(i)
		default:
			a.tellLost()
			return
		}
	}
}

func (a *Async) take(i item) {
	a.tellLost()
	if i.signal != nil {
		close(i.signal)
		return
	}
	if err := a.store(i.event); err != nil {
		a.lose(1, err)
		a.opts.Logger.Warn("audit event lost", zap.String("action", string(i.event.Action)), zap.Error(err))
	}
}

func (a *Async) store(e Event) error {
	if a.ctx.Err() != nil {
		return errors.New("the time to close the queue is up")
	}
	return guard(func() error { return a.sink.Write(a.ctx, e) })
}

// tellLost makes an event of the loss, if there is one.
func (a *Async) tellLost() {
	a.mu.Lock()
	lost, reason := a.lost, a.reason
	a.mu.Unlock()
	if lost == 0 {
		return
	}
	e := own(ActionAuditLost, StatusFailure, "queue", a.opts.Now, map[string]string{
		"events": strconv.FormatInt(lost, 10), "reason": (*Redactor)(nil).Text(reason),
	})
	if err := a.store(e); err == nil {
		a.mu.Lock()
		a.lost -= lost
		a.mu.Unlock()
	}
}
