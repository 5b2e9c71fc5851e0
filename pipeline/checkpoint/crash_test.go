//go:build linux || darwin

package checkpoint_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/checkpointtest"
)

// play is the child process: it does what a test wants to see interrupted.
func play(role, dir string) int {
	roles := map[string]func(context.Context, *checkpoint.FileStore) error{"save": saveForEver, "full": saveOnFullDisk}
	store, err := checkpoint.NewFileStore(dir)
	if err == nil {
		err = roles[role](context.Background(), store)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// fill makes the content of a record follow from its number, with a size that
// changes, so that a mix of two records shows.
func fill(r *checkpoint.Record, number int64) {
	r.Fingerprint = fmt.Sprintf("of %d", number)
	r.Components = nil
	for i := range int(number*7%40) + 1 {
		r.Components = append(r.Components, checkpoint.Component{
			Name: fmt.Sprintf("c%d", i), State: checkpoint.StateFailed, Error: strings.Repeat(strconv.FormatInt(number, 10), 200),
		})
	}
}

// saveForEver saves and tells after each save its revision.
func saveForEver(ctx context.Context, store *checkpoint.FileStore) error {
	if _, err := store.Lock(ctx, "run"); err != nil {
		return err
	}
	r, err := store.Load(ctx, "run")
	if errors.Is(err, checkpoint.ErrNotFound) {
		r, err = checkpoint.New("run", "orders", "", nil)
	}
	for err == nil {
		fill(r, r.Revision+1)
		if err = store.Save(ctx, r); err == nil {
			_, err = fmt.Println(r.Revision)
		}
	}
	return err
}

func child(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "CHECKPOINT_TEST_ROLE="+role, "CHECKPOINT_TEST_DIR="+dir)
	return cmd
}

func TestFileStore_recordSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, err := checkpoint.NewFileStore(dir)
	require.NoError(t, err)
	stored := int64(0)
	for range 50 {
		told := killWhileSaving(t, dir, stored)
		r, err := store.Load(t.Context(), "run")
		if stored == 0 && told == 0 && errors.Is(err, checkpoint.ErrNotFound) {
			continue // killed before its first save
		}
		require.NoError(t, err)
		require.Contains(t, []int64{told, told + 1}, r.Revision, "the last save that was told, or the one after")
		want := r.Clone()
		fill(want, r.Revision)
		require.Equal(t, want, r)
		stored = r.Revision

		lock, err := store.Lock(t.Context(), "run")
		require.NoError(t, err, "the lock of a killed process is free at once")
		require.NoError(t, lock.Release(t.Context()))
	}
	require.Positive(t, stored)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.LessOrEqual(t, len(entries), 3, "killed saves do not pile up files: %v", entries)
}

// killWhileSaving starts a process that saves, kills it at some moment, and
// returns the last revision that it told.
func killWhileSaving(t *testing.T, dir string, from int64) int64 {
	t.Helper()
	cmd := child(t, "save", dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	told := from
	for range rand.IntN(4) {
		if lines.Scan() {
			told, err = strconv.ParseInt(lines.Text(), 10, 64)
			require.NoError(t, err)
		}
	}
	<-time.After(time.Duration(rand.IntN(3000)) * time.Microsecond)
	require.NoError(t, cmd.Process.Kill())
	for lines.Scan() {
		told, err = strconv.ParseInt(lines.Text(), 10, 64)
		require.NoError(t, err)
	}
	require.Error(t, cmd.Wait())
	require.Empty(t, stderr.String())
	return told
}

// saveOnFullDisk saves a record that fits and one that does not.
func saveOnFullDisk(ctx context.Context, store *checkpoint.FileStore) error {
	r := checkpointtest.Record("run")
	if err := store.Save(ctx, r); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 8192, Max: 8192}); err != nil {
		return err
	}
	r.Components[0].Error = strings.Repeat("x", 20000)
	err := store.Save(ctx, r)
	if !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("the disk is full and saving says: %w", err)
	}
	if r.Revision != 1 {
		return fmt.Errorf("revision %d after a save that did not happen", r.Revision)
	}
	if left, err := filepath.Glob(filepath.Join(os.Getenv("CHECKPOINT_TEST_DIR"), ".saving*")); err != nil || len(left) > 0 {
		return fmt.Errorf("half written files stay: %v %w", left, err)
	}
	r.Components[0].Error = "short again"
	return store.Save(ctx, r)
}

func TestFileStore_fullDiskLeavesTheRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, err := child(t, "full", dir).CombinedOutput()
	require.NoError(t, err, string(out))
	store, err := checkpoint.NewFileStore(dir)
	require.NoError(t, err)
	r, err := store.Load(t.Context(), "run")
	require.NoError(t, err)
	require.EqualValues(t, 2, r.Revision)
	require.Equal(t, "short again", r.Components[0].Error)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "nothing half written stays")
}
