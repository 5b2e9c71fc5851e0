package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// TestRealCancelOfAnotherProcess has one process run an endless job and another
// one stop it.
func TestRealCancelOfAnotherProcess(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		file, tasks := longRun(t)
		store := filepath.Join(t.TempDir(), "runs")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		file = writeFile(t, "long.yaml", onServer(remote, string(text))+"checkpoint: {location: '"+store+"'}\n")
		run := startProgram(t, t.TempDir(), "", "run", file, "--run-id", "days")
		untilItWorks(t, tasks, run)

		got := sparkpipe(t, "cancel", "days", "--file", file)
		require.Equal(t, cli.ExitSucceeded, got.code, got.both())
		require.Equal(t, "run days has ended; 1 operation ended on the server\n", got.stdout)
		<-run.ended
		require.Equal(t, cli.ExitInterrupted, run.ProcessState.ExitCode(), run.stdout.String())
		require.Contains(t, run.stdout.String(), "the run was cancelled on the server")
		until(t, "no task is left", func() bool {
			found, err := filepath.Glob(tasks)
			require.NoError(t, err)
			return len(found) == 0
		})
		got = sparkpipe(t, "runs", "--file", file)
		require.Contains(t, got.stdout, "days  long      interrupted")
	})
}

// TestRealCancelOfADeadProcess ends what a process that was killed has left
// running on the server.
func TestRealCancelOfADeadProcess(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		file, tasks := longRun(t)
		store := filepath.Join(t.TempDir(), "runs")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		file = writeFile(t, "long.yaml", onServer(remote, string(text))+"checkpoint: {location: '"+store+"'}\n")
		run := startProgram(t, t.TempDir(), "", "run", file, "--run-id", "days")
		untilItWorks(t, tasks, run)
		require.NoError(t, run.Process.Kill())
		<-run.ended

		got := sparkpipe(t, "cancel", "days", "--file", file)
		require.Equal(t, cli.ExitSucceeded, got.code, got.both())
		require.True(t, strings.HasPrefix(got.stdout, "run days: its process is gone; 1 operation ended on the server"), got.stdout)
		until(t, "no task is left", func() bool {
			found, err := filepath.Glob(tasks)
			require.NoError(t, err)
			return len(found) == 0
		})
	})
}
