package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/artifact"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// idleWithin is what is promised: so soon after Ctrl-C the server is free.
const idleWithin = 5 * time.Second

// busyCores is how many cores the process has used on average for a while.
func busyCores(tb testing.TB, pid int) float64 {
	tb.Helper()
	const ticks, look = 100, 300 * time.Millisecond // USER_HZ is 100 on Linux
	used := func() float64 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		require.NoError(tb, err)
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		return (user + system) / ticks
	}
	began, before := time.Now(), used()
	time.Sleep(look)
	return (used() - before) / time.Since(began).Seconds()
}

// untilIdle waits until the server has a core for another session and its
// process has nothing to do.
func untilIdle(tb testing.TB, spark *dataflow.Session, pid int) (free, idle time.Duration) {
	tb.Helper()
	began := time.Now()
	df, err := spark.SQL(tb.Context(), "SELECT count(*) AS n FROM range(0, 1000, 1, 4)")
	require.NoError(tb, err)
	_, err = df.Collect(tb.Context())
	require.NoError(tb, err)
	free = time.Since(began)
	until(tb, "the server is idle", func() bool { return busyCores(tb, pid) < 0.5 })
	return free, time.Since(began)
}

func TestASignalLeavesTheServerIdle(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp := t.TempDir()
	_, remote := localServer(t, tmp, "--master", "local[2]")
	pids := java(t, tmp)
	require.Len(t, pids, 1)
	spark, err := dataflow.Connect(t.Context(), remote, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) }()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			file, tasks := longRun(t)
			target := t.TempDir()
			p := startProgram(t, t.TempDir(), remote, "run", "--artifacts", target, file)
			untilItWorks(t, tasks, p)
			sent := time.Now()
			require.NoError(t, p.Process.Signal(sig))
			free, idle := untilIdle(t, spark, pids[0])
			require.Equal(t, cli.ExitInterrupted, p.wait(t, patience))
			ended := time.Since(sent)
			t.Logf("%v: a core was free after %v, the server idle after %v; the program had ended after at most %v", sig, free, idle, ended)
			require.Less(t, idle, idleWithin)
			require.Less(t, ended, idleWithin)
			results, err := artifact.ReadRunResults(filepath.Join(target, artifact.RunResultsFile))
			require.NoError(t, err)
			require.Equal(t, "interrupted", results.Status)
			require.Equal(t, "cancelled", results.Components[0].Status)
		})
	}
}

func TestSecondSignalEndsItsOwnServerToo(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp := t.TempDir()
	file, tasks := longRun(t)
	p := startProgram(t, tmp, "", "run", file)
	untilItWorks(t, tasks, p)
	require.Len(t, java(t, tmp), 1)
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	_ = p.Process.Signal(syscall.SIGINT) // it may have ended in order already
	require.Equal(t, cli.ExitInterrupted, p.wait(t, 15*time.Second))
	requireNothingLeft(t, tmp)
}

// A pipeline of a shell gets Ctrl-C as a whole: who reads our output is gone
// before the work has been stopped.
func TestASignalWhenTheReaderHasGone(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.OnExecute(func(op *fakeconnect.Operation) error { return op.Wait() })
	p := unstarted(t, server.Remote(), "run", writeFile(t, "p.yaml", goodFiles["p.yaml"]))
	read, write, err := os.Pipe()
	require.NoError(t, err)
	p.Stdout, p.Stderr = write, write
	p.start(t)
	require.NoError(t, write.Close())
	until(t, "the job runs", func() bool { return server.Running() > 0 })
	require.NoError(t, read.Close())
	require.NoError(t, p.Process.Signal(os.Interrupt))
	require.Equal(t, cli.ExitInterrupted, p.wait(t, patience), "it has not died of SIGPIPE")
	require.NotEmpty(t, server.Requests("Interrupt"))
	require.NotEmpty(t, server.Requests("ReleaseSession"))
}

// Nor does it matter that nobody reads and the pipe is full.
func TestASignalWhenNobodyReads(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.OnExecute(func(op *fakeconnect.Operation) error { return op.Wait() })
	p := unstarted(t, server.Remote(), "run", writeFile(t, "p.yaml", goodFiles["p.yaml"]))
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = read.Close() }()
	fill(t, write)
	p.Stdout, p.Stderr = &p.stdout, write
	p.start(t)
	require.NoError(t, write.Close())
	until(t, "the job runs", func() bool { return server.Running() > 0 })
	require.NoError(t, p.Process.Signal(os.Interrupt))
	until(t, "the work is stopped", func() bool { return len(server.Requests("Interrupt")) > 0 })
	until(t, "the end is told", func() bool { return strings.Contains(p.stdout.String(), "interrupted: ") })
	require.NoError(t, p.Process.Signal(os.Interrupt))
	require.Equal(t, cli.ExitInterrupted, p.wait(t, 5*time.Second))
}

// fill writes until a pipe takes no more.
func fill(tb testing.TB, pipe *os.File) {
	tb.Helper()
	require.NoError(tb, pipe.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
	_, err := io.Copy(pipe, neverEnding{})
	require.ErrorIs(tb, err, os.ErrDeadlineExceeded)
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }

func TestNohupOutlivesTheTerminal(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.OnExecute(func(op *fakeconnect.Operation) error { return op.Wait() })
	p := unstarted(t, server.Remote(), "run", writeFile(t, "p.yaml", goodFiles["p.yaml"]))
	p.Path, p.Args = "/bin/sh", append([]string{"sh", "-c", `trap "" HUP; exec "$@"`, "sh"}, p.Args...)
	p.start(t)
	until(t, "the job runs", func() bool { return server.Running() > 0 })
	require.NoError(t, p.Process.Signal(syscall.SIGHUP))
	require.Never(t, func() bool { return p.hasEnded() || len(server.Requests("Interrupt")) > 0 }, 300*time.Millisecond, 20*time.Millisecond)
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Equal(t, cli.ExitInterrupted, p.wait(t, patience))
}

func TestWhatHangsDoesNotKeepTheProgram(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"run", "close"} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			p := unstarted(t, "", "run", writeFile(t, "p.yaml", "name: p\ncomponents: [{name: a, type: hang, config: {in: "+in+"}}]\n"))
			self, err := os.Executable()
			require.NoError(t, err)
			p.Path, p.Args[0] = self, self
			p.Env = append(p.Env, stubbornVariable+"=yes")
			p.start(t)
			until(t, "it runs", func() bool { return strings.Contains(p.stdout.String(), "it runs") })
			require.NoError(t, p.Process.Signal(syscall.SIGTERM))
			require.Equal(t, cli.ExitInterrupted, p.wait(t, 10*time.Second))
			require.Equal(t, "SIGTERM: stopping the work on the cluster; once more to leave at once\n"+
				"not done 500ms after the signal; leaving\n", p.stderr.String())
		})
	}
}
