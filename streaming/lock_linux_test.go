package streaming_test

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// envRenamed says that the process has its name of a machine already.
const envRenamed = "SPARKPIPE_TEST_LOCK_RENAMED"

// onHost begins this process anew on a machine of another name, where it may: that
// takes root. It keeps its number.
func onHost(t *testing.T, name string) {
	t.Helper()
	if os.Getenv(envRenamed) != "" {
		return
	}
	runtime.LockOSThread() // until the exec
	err := syscall.Unshare(syscall.CLONE_NEWUTS)
	if errors.Is(err, syscall.EPERM) {
		runtime.UnlockOSThread()
		return
	}
	require.NoError(t, err)
	require.NoError(t, syscall.Sethostname([]byte(name)))
	require.NoError(t, syscall.Exec(os.Args[0], os.Args, append(os.Environ(), envRenamed+"=1")))
}

// pause has a process do nothing until resume, as a machine that sleeps.
func (c *child) pause(t *testing.T)  { require.NoError(t, c.Process.Signal(syscall.SIGSTOP)) }
func (c *child) resume(t *testing.T) { require.NoError(t, c.Process.Signal(syscall.SIGCONT)) }
