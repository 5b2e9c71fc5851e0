package objectstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/objectstore"
)

// envChild has the location for the process that the tests of kills start.
const envChild = "OBJECTSTORE_TEST_LOCATION"

// saveForEver is that process: it locks a run if it can, saves it, and tells
// after each save its revision.
func saveForEver(location string) error {
	ctx := context.Background()
	store, err := objectstore.Open(location, nil)
	if err != nil {
		return err
	}
	if _, err := store.Lock(ctx, "run"); err != nil && !errors.Is(err, checkpoint.ErrLocked) {
		return err
	}
	r, err := store.Load(ctx, "run")
	if errors.Is(err, checkpoint.ErrNotFound) {
		r, err = checkpoint.New("run", "orders", "", nil)
	}
	for err == nil {
		r.Fingerprint = strings.Repeat(fmt.Sprintf("%d ", r.Revision+1), int(r.Revision%50)+1)
		if err = store.Save(ctx, r); err == nil {
			_, err = fmt.Println(r.Revision)
		}
	}
	return err
}

func (s *service) child(t *testing.T, location string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), envChild+"="+location, "AWS_ACCESS_KEY_ID="+s.AccessKey, "AWS_SECRET_ACCESS_KEY="+s.SecretKey)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	return cmd, bufio.NewScanner(out)
}

func TestStore_recordSurvivesKill(t *testing.T) {
	t.Parallel()
	s := startService(t)
	location := s.place()
	store := s.open(t, location)
	told := int64(0)
	for range 20 {
		cmd, lines := s.child(t, location)
		for range 1 + rand.IntN(4) {
			require.True(t, lines.Scan())
			told, _ = strconv.ParseInt(lines.Text(), 10, 64)
		}
		<-time.After(time.Duration(rand.IntN(5000)) * time.Microsecond)
		require.NoError(t, cmd.Process.Kill())
		for lines.Scan() {
			told, _ = strconv.ParseInt(lines.Text(), 10, 64)
		}
		require.Error(t, cmd.Wait())
		r, err := store.Load(t.Context(), "run")
		require.NoError(t, err)
		require.Contains(t, []int64{told, told + 1}, r.Revision, "the last save that was told, or the one after")
		require.Equal(t, strings.Repeat(fmt.Sprintf("%d ", r.Revision), int((r.Revision-1)%50)+1), r.Fingerprint)
	}
}

func TestStore_lockOfAKilledProcess(t *testing.T) {
	t.Parallel()
	s := startService(t)
	location := s.place() + "&lease=3s"
	cmd, lines := s.child(t, location)
	require.True(t, lines.Scan())
	store := s.open(t, location)
	var locked *checkpoint.LockedError
	_, err := store.Lock(t.Context(), "run")
	require.ErrorAs(t, err, &locked)
	require.Equal(t, cmd.Process.Pid, locked.Holder.PID)
	require.NoError(t, cmd.Process.Kill())
	killed := time.Now()
	require.Error(t, cmd.Wait())
	_, err = store.Lock(t.Context(), "run")
	require.ErrorIs(t, err, checkpoint.ErrLocked, "nobody knows yet")

	var lock checkpoint.Lock
	require.Eventually(t, func() bool {
		lock, err = store.Lock(t.Context(), "run")
		return err == nil
	}, 15*time.Second, 100*time.Millisecond)
	require.Greater(t, time.Since(killed), time.Second)
	require.NoError(t, lock.Release(t.Context()))
}
