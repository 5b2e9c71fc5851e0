package storetest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Vault is a server of the test's own, which ends with the test.
type Vault struct {
	// Address is its URL.
	Address string
	// Token may do everything.
	Token string

	server *exec.Cmd
	port   int
}

// OpenBao starts an OpenBao that keeps everything in memory. It has the key-value
// engine of version 2 at "secret", and is not sealed.
func OpenBao(tb testing.TB) *Vault {
	tb.Helper()
	program := built(tb, "OpenBao", filepath.Join("bin", "bao"))
	port := freePort(tb)
	v := &Vault{Address: fmt.Sprintf("http://127.0.0.1:%d", port), Token: "root-token-of-the-test", port: port}
	v.server = exec.Command(program, "server", "-dev", "-dev-no-store-token", "-dev-root-token-id="+v.Token,
		fmt.Sprintf("-dev-listen-address=127.0.0.1:%d", port))
	v.server.Env = append(os.Environ(), "HOME="+tb.TempDir())
	// The port is open before the server is.
	start(tb, v.server, func() bool {
		answer, err := http.Get(v.Address + "/v1/secret/config?token=none")
		if err != nil {
			return false
		}
		defer func() { _ = answer.Body.Close() }()
		return answer.StatusCode == http.StatusForbidden
	})
	return v
}

// Stop ends the server at once: nobody listens any more when it returns.
func (v *Vault) Stop(tb testing.TB) {
	tb.Helper()
	if err := v.server.Process.Signal(syscall.SIGKILL); err != nil {
		tb.Fatalf("stop %s: %v", v.server.Path, err)
	}
	waitUntil(tb, v.server.Path+" stops", func() bool { return !open(v.port) })
}

func waitUntil(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	deadline := time.After(stopTimeout)
	for !done() {
		select {
		case <-deadline:
			tb.Fatalf("wait until %s: not within %s", what, stopTimeout)
		case <-time.After(lookInterval):
		}
	}
}
