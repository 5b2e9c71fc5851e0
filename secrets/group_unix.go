//go:build unix

package secrets

import (
	"os/exec"
	"syscall"
)

// killAll has the end of the context kill the program with its children.
func killAll(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
