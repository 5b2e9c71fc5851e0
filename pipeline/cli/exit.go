package cli

import (
	"errors"

	"github.com/sparkpipe/sparkpipe/pipeline"
)

// The exit codes of the command line. They are part of its interface.
const (
	// ExitSucceeded means that everything that was asked for was done.
	ExitSucceeded = 0
	// ExitFailed means that the run failed, or that something other than the
	// configuration stood in its way.
	ExitFailed = 1
	// ExitPartlyFailed means that the run went on after a failure and some
	// components succeeded.
	ExitPartlyFailed = 2
	// ExitBadConfig means that the configuration has faults. Nothing has run.
	ExitBadConfig = 3
	// ExitUsage means that the command line could not be understood, as in
	// sysexits.h (EX_USAGE).
	ExitUsage = 64
	// ExitInterrupted means that the run was stopped from outside, whatever the
	// signal was and whether it ended in order or at once: 128 + SIGINT as shells
	// have it.
	ExitInterrupted = 130
)

// exitError carries an exit code with an error that has been told already or,
// with a cause, is still to be told.
type exitError struct {
	code  int
	cause error
}

func (e *exitError) Error() string {
	if e.cause == nil {
		return ""
	}
	return e.cause.Error()
}

func (e *exitError) Unwrap() error { return e.cause }

// wrongUsage marks a fault of the command line.
func wrongUsage(err error) error { return &exitError{code: ExitUsage, cause: err} }

// badConfig marks a fault of the configuration.
func badConfig(err error) error { return &exitError{code: ExitBadConfig, cause: err} }

// exitCode gives the code for the error of a command.
func exitCode(err error) int {
	if err == nil {
		return ExitSucceeded
	}
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	if errors.Is(err, errInterrupted) {
		return ExitInterrupted
	}
	return ExitFailed
}

// runExit gives the error with the code for the outcome of a run.
func runExit(status pipeline.Status) error {
	switch status {
	case pipeline.StatusSucceeded:
		return nil
	case pipeline.StatusPartlyFailed:
		return &exitError{code: ExitPartlyFailed}
	case pipeline.StatusInterrupted:
		return &exitError{code: ExitInterrupted}
	default:
		return &exitError{code: ExitFailed}
	}
}
