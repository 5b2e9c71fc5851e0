package connect_test

import (
	"os"
	"os/exec"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// cut closes every connection through the proxy.
func (p *connectProxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.open {
		_ = conn.Close() // both ends are given up
	}
}

// TestProxyWithoutTLS runs itself as a program of its own, as
// TestProxyOfTheEnvironment does. The proxy breaks the connection in the middle of
// a command, which goes on over a second connection through the proxy.
func TestProxyWithoutTLS(t *testing.T) {
	const host, remoteEnv = "spark.example.test:15002", "CONNECT_TEST_PLAIN"
	if remote := os.Getenv(remoteEnv); remote != "" {
		conn, err := connect.Open(t.Context(), remote, nil)
		require.NoError(t, err)
		_, err = conn.Execute(t.Context(), sqlCommand(t, "INSERT INTO t SELECT 1"))
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
		return
	}
	server := fakeconnect.Start(t)
	proxy := startProxy(t, address(server), "200 OK")
	var runs atomic.Int64
	server.OnExecute(func(*fakeconnect.Operation) error {
		runs.Add(1)
		proxy.cut()
		return nil
	})
	cmd := exec.Command(os.Args[0], "-test.run=^TestProxyWithoutTLS$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), "HTTP_PROXY=", "http_proxy=", "https_proxy=", "NO_PROXY=", "no_proxy=",
		"HTTPS_PROXY=http://"+proxy.listener.Addr().String(), remoteEnv+"=sc://"+host)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	proxy.mu.Lock()
	defer proxy.mu.Unlock()
	require.Equal(t, []string{"CONNECT " + host + " ", "CONNECT " + host + " "}, proxy.asks, "the proxy resolves the name, each time")
	require.EqualValues(t, 1, runs.Load())
}
