//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package localspark

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/filelock"
)

const (
	supported    = true
	lockInterval = 100 * time.Millisecond
)

// lock takes the lock of the file for this process and waits for it until ctx
// ends; waiting is called once if somebody else has it. The system gives the
// lock back when a process ends, in whatever way, so it cannot be stale; the
// file itself stays.
func lock(ctx context.Context, file string, waiting func()) (func(), error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the cache: %w", err)
	}
	for first := true; ; first = false {
		free, err := filelock.Try(f)
		if free {
			return func() { unlock(f) }, nil
		}
		if err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("lock the cache: %s: %w", file, err)
		}
		if first {
			waiting()
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, fmt.Errorf("wait for the lock %s: %w", file, context.Cause(ctx))
		case <-time.After(lockInterval):
		}
	}
}

// unlock gives the lock back before it closes the file.
func unlock(f *os.File) {
	filelock.Unlock(f)
	_ = f.Close()
}

// ownGroup puts the command into a process group of its own, so that Ctrl-C in
// a terminal does not reach it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killWithGroup does the same and makes the end of the command's context end
// the whole group.
func killWithGroup(cmd *exec.Cmd) {
	ownGroup(cmd)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}

// killGroup ends whatever is left of the process group at once.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
