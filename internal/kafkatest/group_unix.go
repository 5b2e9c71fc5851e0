//go:build unix

package kafkatest

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps Ctrl-C in a terminal from the broker, which the test ends.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
