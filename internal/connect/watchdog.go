package connect

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// watchdog notices a connection that has gone silent. A proxy or a firewall
// may drop an idle TCP connection and tell nobody; a call that waits on it would
// wait for ever. While calls wait and the server has said nothing for
// Options.SilenceTimeout it is asked for its version, which also keeps the
// connection from being idle. When it does not answer within
// Options.ConnectTimeout the TCP connection is closed; the calls then see a
// broken connection and come back on a new one.
type watchdog struct {
	link    *link
	last    atomic.Int64 // when the server was last heard, in nanoseconds of the epoch
	waiting atomic.Int64 // calls that wait for the server

	background background
	mu         sync.Mutex
	timer      *time.Timer
	began      time.Time // when calls began to wait, after none did
	stopped    bool
}

// heard notes that the server has said something.
func (w *watchdog) heard() { w.last.Store(time.Now().UnixNano()) }

// heardSince reports whether the server has said something after a time.
func (w *watchdog) heardSince(t time.Time) bool { return w.last.Load() > t.UnixNano() }

// enter notes that a call waits for the server.
func (w *watchdog) enter() {
	w.waiting.Add(1)
	limit := w.link.opts.SilenceTimeout
	if limit < 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil && !w.stopped {
		w.began = time.Now()
		w.timer = time.AfterFunc(limit, w.look)
	}
}

// leave notes that a call waits no longer.
func (w *watchdog) leave() { w.waiting.Add(-1) }

// look runs when the timer fires. It sets the timer anew while calls wait.
func (w *watchdog) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped || w.waiting.Load() == 0 {
		w.timer = nil
		return
	}
	limit := w.link.opts.SilenceTimeout
	silent := min(time.Since(time.Unix(0, w.last.Load())), time.Since(w.began))
	if silent >= limit {
		w.background.Go(w.probe)
		silent = 0
	}
	w.timer.Reset(limit - silent)
}

// probe asks the server for a sign of life.
func (w *watchdog) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, w.link.opts.ConnectTimeout)
	defer cancel()
	c := w.link.anySession()
	if c == nil {
		return
	}
	before := w.last.Load()
	_ = c.ping(ctx) // an error is an answer too, except the one of our own timeout
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && w.last.Load() == before {
		w.link.opts.Logger.Warn("connection to Spark is silent, dialling anew", zap.String("server", w.link.addr.String()))
		w.link.sockets.closeAll()
	}
}

// stop ends the watch and waits for a probe.
func (w *watchdog) stop() {
	w.mu.Lock()
	w.stopped = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.mu.Unlock()
	w.background.stop()
}

// anySession returns a session of the link that is open, or nil.
func (l *link) anySession() *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.sessions {
		if !c.closed.Load() {
			return c
		}
	}
	return nil
}
