package streaming

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

const (
	// busRetryFirst and busRetryMost are the pauses before the stream of events is
	// opened again.
	busRetryFirst = 100 * time.Millisecond
	busRetryMost  = 10 * time.Second
	// busRefusals is how often in a row the server may end the stream before it
	// said anything; then it is polled.
	busRefusals = 3
	// busPatience is how long the server may take to agree.
	busPatience = 5 * time.Second
	// busGoodbye is how long the end of the stream may take.
	busGoodbye = 5 * time.Second
	// pollInterval is how often a server without a bus is asked, and pollFor how
	// long until the bus is tried again.
	pollInterval = time.Second
	pollFor      = time.Minute
)

// bus is the one long execution by which the server pushes the events of a
// session. A broken connection is below it: the execution goes on.
type bus struct {
	hub    *hub
	poller *poller
	ready  chan struct{} // closed when the server has agreed, or will be polled
	agreed sync.Once
	ending chan struct{}
	once   sync.Once
	done   chan struct{} // closed when run has returned
	before *bus          // the one before; the session has but one at a time
}

func newBus(h *hub, before *bus) *bus {
	return &bus{
		hub: h, before: before, done: make(chan struct{}),
		poller: &poller{hub: h, runs: map[string]*polled{}}, ready: make(chan struct{}), ending: make(chan struct{}),
	}
}

// end has run return soon.
func (b *bus) end() { b.once.Do(func() { close(b.ending) }) }

func (b *bus) settled() { b.agreed.Do(func() { close(b.ready) }) }

// run keeps the stream open until the end of the bus. Its context is not that of
// the listener who came first: others may stay when that is gone, and what
// belongs to one caller, tags for example, must not be on what all share.
func (b *bus) run() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer close(b.done)
	defer b.settled()
	if b.before != nil {
		<-b.before.done
		b.before = nil
	}
	refusals, pause, told := 0, busRetryFirst, false
	for !b.over() {
		heard, err := b.stream(ctx)
		if b.over() {
			return
		}
		if heard {
			refusals, pause = 0, busRetryFirst
		} else {
			refusals++
		}
		if isLost(err) || !heard && (refused(err) || errors.Is(err, errBusTaken)) || refusals >= busRefusals {
			if !told {
				b.hub.fault(busFault(err))
			}
			told, refusals = true, 0
			b.poll(ctx)
			continue
		}
		b.pause(pause)
		pause = min(2*pause, busRetryMost)
	}
}

// busFault says why there is no stream of events. In a session that is lost nothing
// is left to ask for, and what became of the command for the stream tells nobody
// anything.
func busFault(err error) error {
	var spark *component.SparkError
	if isLost(err) && errors.As(err, &spark) {
		return fmt.Errorf("listen to streaming queries: %w: %w", dataflow.ErrSessionLost, spark)
	}
	return &PollingError{Err: err}
}

func (b *bus) over() bool {
	select {
	case <-b.ending:
		return true
	default:
		return false
	}
}

// pause waits, and reports whether the bus goes on.
func (b *bus) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-b.ending:
		return false
	}
}

// stream opens the stream of events and passes them on until it ends. It reports
// whether the server has agreed. One that has a stream for another process already
// says nothing at all.
func (b *bus) stream(ctx context.Context) (agreed bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var added atomic.Bool
	patience := time.AfterFunc(busPatience, func() {
		if !added.Load() {
			cancel(errBusTaken)
		}
	})
	defer patience.Stop()
	closed := make(chan struct{})
	var goodbye sync.WaitGroup
	goodbye.Go(func() {
		select {
		case <-b.ending:
			if added.Load() {
				b.leave(ctx, closed)
			}
			cancel(nil)
		case <-closed:
		}
	})
	defer goodbye.Wait()
	defer close(closed)
	err = execute(ctx, b.hub.spark, busCommand(&wire.StreamingQueryListenerBusCommand{
		Command: &wire.StreamingQueryListenerBusCommand_AddListenerBusListener{AddListenerBusListener: true},
	}), func(resp *wire.ExecutePlanResponse) error {
		result := resp.GetStreamingQueryListenerEventsResult()
		if result != nil {
			added.Store(true)
			b.settled()
		}
		for _, one := range result.GetEvents() {
			b.pass(one)
		}
		return nil
	})
	if !added.Load() && (err == nil || errors.Is(context.Cause(ctx), errBusTaken)) {
		err = errBusTaken
	}
	return added.Load(), err
}

// errBusTaken is what silence means.
var errBusTaken = errors.New("the session pushes its events to another process already")

// leave tells the server that nobody listens any more, whereupon it ends the
// stream.
func (b *bus) leave(ctx context.Context, closed <-chan struct{}) {
	ctx, release := context.WithTimeout(ctx, busGoodbye)
	defer release()
	err := execute(ctx, b.hub.spark, busCommand(&wire.StreamingQueryListenerBusCommand{
		Command: &wire.StreamingQueryListenerBusCommand_RemoveListenerBusListener{RemoveListenerBusListener: true},
	}), func(*wire.ExecutePlanResponse) error { return nil })
	if err != nil {
		return
	}
	select {
	case <-closed:
	case <-ctx.Done():
	}
}

func busCommand(cmd *wire.StreamingQueryListenerBusCommand) *wire.Command {
	return &wire.Command{CommandType: &wire.Command_StreamingQueryListenerBusCommand{StreamingQueryListenerBusCommand: cmd}}
}

// pass makes an event of what the server sent. What cannot be read is a fault.
func (b *bus) pass(one *wire.StreamingQueryListenerEvent) {
	e, err := parseEvent(one.GetEventType(), []byte(b.hub.spark.Concealed(one.GetEventJson())))
	if err != nil {
		b.hub.fault(err)
		return
	}
	if e.run != "" {
		b.hub.publish(e)
	}
}
