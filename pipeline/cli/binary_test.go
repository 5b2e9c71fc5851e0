package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience bounds every wait for a process; a busy machine is slow.
const patience = 60 * time.Second

// binary is the real program, built once for the tests that need processes.
var binary struct {
	once sync.Once
	dir  string
	err  error
}

// program returns the path of the binary.
func program(tb testing.TB) string {
	tb.Helper()
	binary.once.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("", "sparkpipe-test-"); binary.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", filepath.Join(binary.dir, "sparkpipe"), "github.com/sparkpipe/sparkpipe/cmd/sparkpipe")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		binary.err = build.Run()
	})
	require.NoError(tb, binary.err, "build the program")
	return filepath.Join(binary.dir, "sparkpipe")
}

func removeBinary() {
	if binary.dir != "" {
		_ = os.RemoveAll(binary.dir)
	}
}

// needJava skips the test without Java, and fails it in CI.
func needJava(tb testing.TB) {
	tb.Helper()
	if os.Getenv("JAVA_HOME") != "" {
		return
	}
	if _, err := exec.LookPath("java"); err != nil {
		if strings.EqualFold(os.Getenv("CI"), "true") {
			tb.Fatal("there is no Java, and in CI this test must not be skipped")
		}
		tb.Skip("NOT RUN, it needs Java: put it on PATH or set JAVA_HOME")
	}
}

// process is a running sparkpipe.
type process struct {
	*exec.Cmd
	stdout, stderr lockedBuffer
	ended          chan struct{}
}

// startProgram starts the binary. remote is SPARK_REMOTE for it, "" for a server of its
// own; its temporary files go to tmp.
func startProgram(tb testing.TB, tmp, remote string, args ...string) *process {
	tb.Helper()
	p := unstarted(tb, remote, args...)
	p.Env = append(p.Env, "TMPDIR="+tmp)
	p.start(tb)
	return p
}

// unstarted is a process that can still be changed.
func unstarted(tb testing.TB, remote string, args ...string) *process {
	tb.Helper()
	p := &process{Cmd: exec.Command(program(tb), args...), ended: make(chan struct{})}
	p.Env = append(os.Environ(), "SPARK_REMOTE="+remote)
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	return p
}

func (p *process) start(tb testing.TB) {
	tb.Helper()
	require.NoError(tb, p.Start())
	go func() {
		defer close(p.ended)
		_ = p.Wait()
	}()
	tb.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
	})
}

// wait returns the exit code once the process has ended.
func (p *process) wait(tb testing.TB, limit time.Duration) int {
	tb.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		require.Fail(tb, "it did not end", "stdout:\n%s\nstderr:\n%s", p.stdout.String(), p.stderr.String())
	}
	return p.ProcessState.ExitCode()
}

// until waits for something that no channel tells of.
func until(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	require.Eventually(tb, done, patience, 20*time.Millisecond, what)
}

// lockedBuffer can be read while a process writes to it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
