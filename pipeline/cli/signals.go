package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// errInterrupted is the cause of a context that a signal ended.
var errInterrupted = errors.New("interrupted")

// DefaultStopTimeout is the default of [Options.StopTimeout]. It is longer than
// everything that ends in order together: a component, the session, the hooks.
const DefaultStopTimeout = 2 * time.Minute

// stopTimeout is the longest time from the first signal to the end of a run; 0
// is no limit.
func (a *app) stopTimeout() time.Duration {
	if a.opts.StopTimeout == 0 {
		return DefaultStopTimeout
	}
	return max(0, a.opts.StopTimeout)
}

// withSignals is [stopOnSignals] without a limit.
func withSignals(ctx context.Context, w io.Writer, effect string) (context.Context, func()) {
	return stopOnSignals(ctx, w, effect, 0)
}

// stopOnSignals returns a context that ends with SIGINT, SIGTERM or SIGHUP, and
// says on w what that does. A second signal ends the process at once, and so
// does the limit, counted from the first one; 0 is no limit. The returned
// function stops the watching and waits for its goroutines.
//
// Nothing here waits for w: a reader that has gone or a terminal that stands
// still keeps no signal from its work.
func stopOnSignals(ctx context.Context, w io.Writer, effect string, limit time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals, pipe := make(chan os.Signal, 2), make(chan os.Signal, 1)
	signal.Notify(signals, stopSignals()...)
	// A write to a closed pipe is an error then, not the end of the process: Ctrl-C
	// also ends the reader of our output, and the work on the cluster must stop.
	signal.Notify(pipe, syscall.SIGPIPE)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s := <-signals:
			cancel(&signalError{s})
			told := say(w, "%s: %s; once more to leave at once\n", signalName(s), effect)
			if mustLeave(w, signals, limit, told, stop) {
				os.Exit(ExitInterrupted)
			}
		case <-stop:
		}
	}()
	return ctx, func() {
		close(stop)
		<-done // until then a signal leaves with our exit code
		signal.Stop(signals)
		signal.Stop(pipe)
		cancel(nil)
	}
}

// stopSignals are the signals that stop a run. One that is started with nohup
// outlives its terminal.
func stopSignals() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

// mustLeave blocks until stop and told are closed, or returns true at the next
// signal and when the limit is over.
func mustLeave(w io.Writer, signals <-chan os.Signal, limit time.Duration, told, stop <-chan struct{}) bool {
	var late <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	for told != nil || stop != nil {
		select {
		case <-signals:
			return true
		case <-late:
			select {
			case <-say(w, "not done %s after the signal; leaving\n", limit):
			case <-time.After(time.Second):
			}
			return true
		case <-told:
			told = nil
		case <-stop:
			stop = nil
		}
	}
	return false
}

// say prints and closes the channel afterwards.
func say(w io.Writer, format string, args ...any) <-chan struct{} {
	said := make(chan struct{})
	go func() {
		defer close(said)
		_, _ = fmt.Fprintf(w, format, args...)
	}()
	return said
}

// signalError is errInterrupted with the signal.
type signalError struct{ signal os.Signal }

func (e *signalError) Error() string        { return "interrupted by " + signalName(e.signal) }
func (e *signalError) Is(target error) bool { return target == errInterrupted }

// signalName is the name that people know from kill and from manual pages.
func signalName(s os.Signal) string {
	switch s {
	case os.Interrupt:
		return "SIGINT"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGHUP:
		return "SIGHUP"
	}
	return s.String()
}
