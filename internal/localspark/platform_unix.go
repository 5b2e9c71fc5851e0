//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package localspark

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
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
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { unlock(f) }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
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

// unlock gives the lock back before it closes the file. Closing alone does not
// while a child that is being started at this moment still has a copy of the
// file.
func unlock(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
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
