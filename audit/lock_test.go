//go:build linux || darwin

package audit_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
)

// holdLock is another process that writes and does not end.
func holdLock(t *testing.T, path string) (release func()) {
	t.Helper()
	file, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(file.Fd()), syscall.LOCK_EX))
	return func() { require.NoError(t, file.Close()) }
}

// TestFileSinkSurvivesKill kills a writer at moments of its own choice: every entry
// that it told of is there, and the chain goes on.
func TestFileSinkSurvivesKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var told int64
	for round := range 5 {
		cmd := child(t, "for ever", path)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for range 20 + 13*round {
			require.True(t, lines.Scan())
		}
		require.NoError(t, cmd.Process.Kill())
		told += int64(20 + 13*round)
		for lines.Scan() {
			told++
		}
		_ = cmd.Wait()
		report := verified(t, path, nil)
		require.True(t, report.OK(), report.Problems)
		require.GreaterOrEqual(t, report.Entries, told)
	}
	require.NoError(t, openFile(t, path, nil).Write(t.Context(), audittest.Event(1)))
	require.True(t, verified(t, path, nil).OK())
	require.FileExists(t, filepath.Join(filepath.Dir(path), "audit-000000000001.jsonl"))
}

// limited writes until the disk is full, makes place and writes on.
func limited(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	before := limit.Cur
	limit.Cur = 5000 // in the middle of a line
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	sink, err := audit.NewFileSink(path, &audit.FileOptions{RotateEvery: -1})
	if err != nil {
		return err
	}
	ctx := context.Background()
	written := 0
	for ; written < 1000; written++ {
		if err := sink.Write(ctx, audittest.Event(written)); err != nil {
			fmt.Fprintln(os.Stderr, "as it must be:", err)
			break
		}
	}
	if err := sink.Write(ctx, audittest.Event(written)); err == nil {
		return errors.New("the disk is not full")
	}
	limit.Cur = before
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := sink.Write(ctx, audittest.Event(written)); err != nil {
		return err
	}
	fmt.Println(written + 1)
	return sink.Close(ctx)
}

func TestFileSinkOnAFullDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	cmd := child(t, "limited", path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	require.Contains(t, stderr.String(), "write to the audit log "+path)
	report := verified(t, path, nil)
	require.True(t, report.OK(), report.Problems)
	require.Zero(t, report.Repairs, "of an entry that did not fit nothing was left")
	require.Equal(t, strings.TrimSpace(string(out)), strconv.FormatInt(report.Entries, 10))
	require.Greater(t, report.Entries, int64(3))
}
