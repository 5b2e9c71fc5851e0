package filelock_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/filelock"
)

// envHolder is the file that a child of the test locks.
const envHolder = "SPARKPIPE_TEST_FILELOCK"

func TestMain(m *testing.M) {
	if name := os.Getenv(envHolder); name != "" {
		os.Exit(hold(name))
	}
	os.Exit(m.Run())
}

// hold locks the file, says so, and keeps it until it is killed or its input ends.
func hold(name string) int {
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return 1
	}
	free, err := filelock.Try(file)
	fmt.Println(free, err)
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	return 0
}

func open(t *testing.T, name string) *os.File {
	t.Helper()
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	return file
}

// try takes the lock where the system has any.
func try(t *testing.T, file *os.File) bool {
	t.Helper()
	free, err := filelock.Try(file)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("NOT RUN: this system has no locks")
	}
	require.NoError(t, err)
	return free
}

func ExampleTry() {
	file, err := os.CreateTemp("", "orders")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = file.Close(); _ = os.Remove(file.Name()) }()
	free, err := filelock.Try(file)
	fmt.Println(free, err)
	filelock.Unlock(file)
	// Output: true <nil>
}

func TestOneOfTwoFilesHasTheLock(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "lock")
	one, other := open(t, name), open(t, name)
	require.True(t, try(t, one))
	require.False(t, try(t, other))
	_, err := one.WriteString("process 4711")
	require.NoError(t, err)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, "process 4711", string(text), "others may read it")
	filelock.Unlock(one)
	require.True(t, try(t, other))
	require.False(t, try(t, one))
	filelock.Unlock(other)
	filelock.Unlock(other)
}

// TestLockOfAnotherProcess: that of a killed process is free.
func TestLockOfAnotherProcess(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "lock")
	file := open(t, name)
	require.True(t, try(t, file))
	filelock.Unlock(file)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envHolder+"="+name)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	said := bufio.NewScanner(out)
	require.True(t, said.Scan())
	require.Equal(t, "true <nil>", said.Text())
	require.False(t, try(t, file))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	_ = in.Close()
	require.True(t, try(t, file))
	filelock.Unlock(file)
}

func TestLockOfAClosedFile(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "lock"))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	free, err := filelock.Try(file)
	require.False(t, free)
	require.Error(t, err)
	filelock.Unlock(file)
}

func TestSyncDir(t *testing.T) {
	t.Parallel()
	dir, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, dir.Close()) }()
	require.NoError(t, filelock.SyncDir(dir))
}
