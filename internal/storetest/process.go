package storetest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 10 * time.Second
	lookInterval = 10 * time.Millisecond
)

// missing skips the test, and fails it in CI.
func missing(tb testing.TB, program string) {
	tb.Helper()
	if strings.EqualFold(os.Getenv("CI"), "true") {
		tb.Fatalf("%s is not there, and in CI this test must not be skipped; install it with: make setup-stores", program)
	}
	tb.Skipf("NOT RUN, it needs %s; install it with: make setup-stores", program)
}

// freePort returns a port that nobody listens on.
func freePort(tb testing.TB) int {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

// output is what a server printed.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// open reports whether somebody listens on the port.
func open(port int) bool {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// start runs the server until the test ends, and returns when it is ready.
func start(tb testing.TB, cmd *exec.Cmd, ready func() bool) {
	tb.Helper()
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = stopTimeout
	if err := cmd.Start(); err != nil {
		tb.Fatalf("start %s: %v", cmd.Path, err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }() // the state says how it ended
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(stopTimeout):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	deadline := time.After(startTimeout)
	for !ready() {
		select {
		case <-ended:
			tb.Fatalf("%s ended at once: %s\n%s", cmd.Path, cmd.ProcessState, out)
		case <-deadline:
			tb.Fatalf("%s is not ready after %s\n%s", cmd.Path, startTimeout, out)
		case <-time.After(lookInterval):
		}
	}
}
