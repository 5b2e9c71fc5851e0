//go:build linux || darwin

package localspark_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStop_keepsTheLogOfACrash(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	opts := b.options()
	opts.KeepLog = true
	server := b.start(opts)
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
	<-server.Done()
	require.NoError(t, server.Stop(t.Context()))
	left, err := filepath.Glob(filepath.Join(filepath.Dir(server.LogFile()), "*"))
	require.NoError(t, err)
	require.Equal(t, []string{server.LogFile()}, left)
	require.NoError(t, server.Stop(t.Context()))
	require.FileExists(t, server.LogFile())
}

func TestStop_removesTheLogOfAnOrderlyEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	opts := b.options()
	opts.KeepLog = true
	server := b.start(opts)
	require.NoError(t, server.Stop(t.Context()))
	require.NoError(t, server.Stop(t.Context()))
	require.Empty(t, b.runFolders())
}
