package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// These tests look at processes by their command lines, as Linux shows them.

// java returns the numbers of the Java processes whose files are below tmp.
func java(tb testing.TB, tmp string) []int {
	tb.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(tb, err)
	var found []int
	for _, file := range files {
		args, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(args, []byte("@"+tmp+"/")) {
			continue
		}
		program, _, _ := bytes.Cut(args, []byte{0})
		if filepath.Base(string(program)) == "java" {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			found = append(found, pid)
		}
	}
	return found
}

// requireNothingLeft waits until no process and no file is left of what used tmp.
func requireNothingLeft(tb testing.TB, tmp string) {
	tb.Helper()
	until(tb, "a process or a folder is left", func() bool {
		folders, _ := filepath.Glob(filepath.Join(tmp, "sparkpipe-spark-*"))
		return len(java(tb, tmp)) == 0 && len(folders) == 0
	})
}

// longRun is the file of a pipeline that keeps every core busy for days, and a
// pattern for the files that its tasks have open while they run.
func longRun(tb testing.TB) (file, tasks string) {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "out")
	file = writeFile(tb, "long.yaml", `name: long
components:
  - name: days
    type: write_csv
    config:
      query: SELECT id FROM range(0, 1000000000000000, 1, 8) WHERE id < 8
      path: `+out+"\n")
	return file, filepath.Join(out, "_temporary", "*", "_temporary", "*", "part-*")
}

func untilItWorks(tb testing.TB, tasks string, p *process) {
	tb.Helper()
	until(tb, "the job runs", func() bool {
		found, err := filepath.Glob(tasks)
		require.NoError(tb, err)
		return len(found) > 0 || p.hasEnded()
	})
	require.False(tb, p.hasEnded(), "stdout:\n%s\nstderr:\n%s", &p.stdout, &p.stderr)
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// localServer starts "sparkpipe local" and returns it with its address.
func localServer(tb testing.TB, tmp string, args ...string) (*process, string) {
	tb.Helper()
	p := startProgram(tb, tmp, "", append([]string{"local"}, args...)...)
	until(tb, "the address", func() bool {
		ready := strings.Contains(p.stderr.String(), "is ready") && strings.HasSuffix(p.stdout.String(), "\n")
		return ready || p.hasEnded()
	})
	require.False(tb, p.hasEnded(), "stderr:\n%s", &p.stderr)
	return p, strings.TrimSpace(p.stdout.String())
}

func TestLocalServer(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp := t.TempDir()
	server, remote := localServer(t, tmp, "--master", "local[2]", "--conf", "spark.sql.shuffle.partitions=2")
	require.Regexp(t, `^sc://127\.0\.0\.1:\d+$`, remote)
	require.Len(t, java(t, tmp), 1)

	t.Run("SIGINT stops the work on the server", func(t *testing.T) {
		file, tasks := longRun(t)
		p := startProgram(t, t.TempDir(), remote, "run", file)
		untilItWorks(t, tasks, p)
		require.NoError(t, p.Process.Signal(os.Interrupt))
		require.Equal(t, cli.ExitInterrupted, p.wait(t, patience))
		require.Equal(t, "SIGINT: stopping the work on the cluster; once more to leave at once\n", p.stderr.String())
		require.Contains(t, p.stdout.String(), "\n  interrupted by SIGINT\ninterrupted: 1 cancelled in ")
		requireFreeCores(t, remote)
	})
	t.Run("SIGTERM too", func(t *testing.T) {
		file, tasks := longRun(t)
		p := startProgram(t, t.TempDir(), remote, "run", "--json", file)
		untilItWorks(t, tasks, p)
		require.NoError(t, p.Process.Signal(syscall.SIGTERM))
		require.Equal(t, cli.ExitInterrupted, p.wait(t, patience))
		kinds := requireEvents(t, p.stdout.String())
		require.Equal(t, "pipeline_end", kinds[len(kinds)-1])
		require.Contains(t, p.stdout.String(), "interrupted by SIGTERM")
		requireFreeCores(t, remote)
	})
	t.Run("errors of SQL keep their place", func(t *testing.T) {
		file := writeFile(t, "p.yaml", "name: p\ncomponents:\n  - name: a\n    type: sql\n    config:\n"+
			"      output_view: v\n      sql: |\n        SELECT 1 AS a,\n               nope AS b\n")
		p := startProgram(t, t.TempDir(), remote, "run", file)
		require.Equal(t, cli.ExitFailed, p.wait(t, patience))
		require.Contains(t, p.stdout.String(), "`nope` cannot be resolved")
		require.Contains(t, p.stdout.String(), "line 2 pos 7 (SQLSTATE 42703)\n")
	})
	t.Run("SIGINT ends the server", func(t *testing.T) {
		require.NoError(t, server.Process.Signal(os.Interrupt))
		require.Equal(t, cli.ExitSucceeded, server.wait(t, patience))
		require.Contains(t, server.stderr.String(), "SIGINT: stopping; once more to leave at once\n")
		requireNothingLeft(t, tmp)
	})
}

// requireFreeCores runs a job that gets no core as long as tasks of another one
// hold them.
func requireFreeCores(t *testing.T, remote string) {
	t.Helper()
	file := writeFile(t, "quick.yaml", "name: quick\ncomponents:\n  - name: a\n    type: show\n    config:\n"+
		"      query: SELECT count(*) AS n FROM range(0, 100000, 1, 16)\n")
	p := startProgram(t, t.TempDir(), remote, "run", file)
	require.Equal(t, cli.ExitSucceeded, p.wait(t, 30*time.Second), "stdout:\n%s", &p.stdout)
}

func TestSecondSignalLeavesAtOnce(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.OnExecute(func(op *fakeconnect.Operation) error {
		<-op.Context().Done() // deaf to interrupts
		return op.Context().Err()
	})
	p := startProgram(t, t.TempDir(), server.Remote(), "run", writeFile(t, "p.yaml", goodFiles["p.yaml"]))
	until(t, "the job runs", func() bool { return server.Running() > 0 })
	require.NoError(t, p.Process.Signal(os.Interrupt))
	until(t, "the word about it", func() bool { return strings.Contains(p.stderr.String(), "once more") })
	require.False(t, p.hasEnded())
	require.NoError(t, p.Process.Signal(os.Interrupt))
	require.Equal(t, cli.ExitInterrupted, p.wait(t, 2*time.Second))
}

func TestKilledRunLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp := t.TempDir()
	file, tasks := longRun(t)
	p := startProgram(t, tmp, "", "run", file)
	untilItWorks(t, tasks, p)
	require.Len(t, java(t, tmp), 1)
	require.NoError(t, p.Process.Kill())
	p.wait(t, patience)
	requireNothingLeft(t, tmp)
}

func TestRunWhoseServerDies(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp := t.TempDir()
	file, tasks := longRun(t)
	p := startProgram(t, tmp, "", "run", "--json", file)
	untilItWorks(t, tasks, p)
	pids := java(t, tmp)
	require.Len(t, pids, 1)
	began := time.Now()
	require.NoError(t, syscall.Kill(pids[0], syscall.SIGKILL))
	require.Equal(t, cli.ExitFailed, p.wait(t, patience))
	require.Less(t, time.Since(began), 5*time.Second)

	kinds := requireEvents(t, p.stdout.String())
	require.Equal(t, "pipeline_end", kinds[len(kinds)-1])
	lines := strings.Split(strings.TrimSpace(p.stdout.String()), "\n")
	var end struct {
		Result struct{ Status, Error string }
	}
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &end))
	require.Equal(t, "failed", end.Result.Status)
	log := regexp.MustCompile(`the Spark Connect server went away; its log is (\S+)`).FindStringSubmatch(end.Result.Error)
	require.NotNil(t, log, end.Result.Error)
	text, err := os.ReadFile(log[1])
	require.NoError(t, err, "the log is there for whoever reads the error")
	require.Contains(t, string(text), "Spark Connect server started at")
	left, err := filepath.Glob(filepath.Join(filepath.Dir(log[1]), "*"))
	require.NoError(t, err)
	require.Equal(t, log[1:2], left, "and nothing else")
	require.Empty(t, java(t, tmp))
}

func TestLocalWithACommand(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp := t.TempDir()
	script := `echo "$SPARK_REMOTE"; echo word >&2; exit 7`
	p := startProgram(t, tmp, "", "local", "--", "sh", "-c", script)
	require.Equal(t, 7, p.wait(t, patience), "stderr:\n%s", &p.stderr)
	require.Regexp(t, `^sc://127\.0\.0\.1:\d+\n$`, p.stdout.String(), "standard output is the command's alone")
	require.Contains(t, p.stderr.String(), "word\n")
	requireNothingLeft(t, tmp)
}

func TestLocalWithASecondServer(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp := t.TempDir()
	script := `echo "$SPARK_REMOTE"; echo "$SPARK_REMOTE_NEXT"`
	p := startProgram(t, tmp, "sc://first:15002", "local", "--env", "SPARK_REMOTE_NEXT", "--", "sh", "-c", script)
	require.Zero(t, p.wait(t, patience), "stderr:\n%s", &p.stderr)
	require.Regexp(t, `^sc://first:15002\nsc://127\.0\.0\.1:\d+\n$`, p.stdout.String(), "one is given, one is started")
	requireNothingLeft(t, tmp)
}

func TestLocalPassesOnSignalsAndExitCodes(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	tests := []struct {
		name, script string
		signal       os.Signal
		code         int
	}{
		{"false", "false", nil, 1},
		{"true", "true", nil, 0},
		{"ended by a signal", "kill -9 $$", nil, 128 + 9},
		{"SIGINT is passed on", "trap 'exit 9' INT; echo ready; while :; do sleep 0.05; done", os.Interrupt, 9},
		{"SIGTERM is passed on", "trap 'exit 8' TERM; echo ready; while :; do sleep 0.05; done", syscall.SIGTERM, 8},
		{"an orderly end after a signal", "trap 'exit 0' INT; echo ready; while :; do sleep 0.05; done", os.Interrupt, cli.ExitInterrupted},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, t.TempDir(), server.Remote(), "local", "--", "sh", "-c", test.script)
			if test.signal != nil {
				until(t, "the command runs", func() bool { return strings.Contains(p.stdout.String(), "ready") })
				require.NoError(t, p.Process.Signal(test.signal))
			}
			require.Equal(t, test.code, p.wait(t, patience), "stderr:\n%s", &p.stderr)
		})
	}
	p := startProgram(t, t.TempDir(), server.Remote(), "local", "--", "no-such-command")
	require.Equal(t, cli.ExitFailed, p.wait(t, patience))
	require.Contains(t, p.stderr.String(), "sparkpipe: run no-such-command: ")
}

func TestSignalWhileTheServerStarts(t *testing.T) {
	t.Parallel()
	needJava(t)
	for _, args := range [][]string{{"local"}, {"run", writeFile(t, "p.yaml", goodFiles["p.yaml"])}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			tmp := t.TempDir()
			p := startProgram(t, tmp, "", args...)
			until(t, "Java runs", func() bool { return len(java(t, tmp)) > 0 })
			require.NoError(t, p.Process.Signal(os.Interrupt))
			require.Equal(t, cli.ExitInterrupted, p.wait(t, patience), "stderr:\n%s", &p.stderr)
			require.Empty(t, java(t, tmp))
		})
	}
}
