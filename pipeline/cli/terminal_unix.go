//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// resumptions tells when the process goes on after it was stopped, as with
// Ctrl-Z, until the function is called.
func resumptions() (<-chan os.Signal, func()) {
	resumed := make(chan os.Signal, 1)
	signal.Notify(resumed, syscall.SIGCONT)
	return resumed, func() { signal.Stop(resumed) }
}
