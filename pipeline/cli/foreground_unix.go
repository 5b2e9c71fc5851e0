//go:build unix

package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// inForeground reports whether Ctrl-C in the terminal reaches the processes of
// our group.
func inForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false // no terminal
	}
	defer func() { _ = tty.Close() }()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
