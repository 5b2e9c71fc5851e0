//go:build linux || darwin

package localspark

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLock_isFreeAtOnce holds although somebody has a copy of the file, as a
// child process has between its fork and its exec.
func TestLock_isFreeAtOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "lock")
	release, err := lock(t.Context(), file, func() {})
	require.NoError(t, err)
	var copied []int
	for fd := 3; fd < 4096; fd++ {
		var here, there syscall.Stat_t
		if syscall.Fstat(fd, &here) != nil || syscall.Stat(file, &there) != nil || here.Ino != there.Ino || here.Dev != there.Dev {
			continue
		}
		dup, err := syscall.Dup(fd)
		require.NoError(t, err)
		copied = append(copied, dup)
		break
	}
	require.Len(t, copied, 1)
	defer func() { require.NoError(t, syscall.Close(copied[0])) }()

	release()
	waited := false
	again, err := lock(t.Context(), file, func() { waited = true })
	require.NoError(t, err)
	defer again()
	require.False(t, waited, "the lock was free")
}
