package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// errInterrupted is the cause of a context that a signal ended.
var errInterrupted = errors.New("interrupted")

// withSignals returns a context that ends with SIGINT or SIGTERM, and says on w
// what that does. A second signal ends the process at once. The returned
// function stops the watching and waits for its goroutine.
func withSignals(ctx context.Context, w io.Writer, effect string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s := <-signals:
			fmt.Fprintf(w, "%s: %s; once more to leave at once\n", signalName(s), effect)
			cancel(&signalError{s})
		case <-stop:
			return
		}
		select {
		case <-signals:
			os.Exit(ExitInterrupted)
		case <-stop:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(stop)
		<-done
		cancel(nil)
	}
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
	}
	return s.String()
}
