package connect_test

import (
	"bufio"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/tlstest"
)

// connectProxy is an HTTP proxy that knows CONNECT only and takes every host for
// the one backend.
type connectProxy struct {
	listener net.Listener
	backend  string
	status   string // the answer, "200 OK" to connect

	work sync.WaitGroup
	mu   sync.Mutex
	asks []string // host and user of each request
	open []net.Conn
}

func startProxy(t *testing.T, backend, status string) *connectProxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &connectProxy{listener: listener, backend: backend, status: status}
	p.work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.keep(conn)
			p.work.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for _, conn := range p.open {
			_ = conn.Close()
		}
		p.mu.Unlock()
		p.work.Wait()
	})
	return p
}

func (p *connectProxy) keep(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, conn)
}

func (p *connectProxy) serve(client net.Conn) {
	defer client.Close()
	reader := bufio.NewReader(client)
	req, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	user, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(req.Header.Get("Proxy-Authorization"), "Basic "))
	p.mu.Lock()
	p.asks = append(p.asks, req.Method+" "+req.Host+" "+string(user))
	p.mu.Unlock()
	_, _ = io.WriteString(client, "HTTP/1.1 "+p.status+"\r\n\r\n")
	if !strings.HasPrefix(p.status, "200") {
		return
	}
	server, err := net.Dial("tcp", p.backend)
	if err != nil {
		return
	}
	p.keep(server)
	p.work.Go(func() {
		defer client.Close()
		_, _ = io.Copy(client, server)
	})
	defer server.Close()
	_, _ = io.Copy(server, reader)
}

// envProxyTest makes this test the program that connects: the environment's proxy
// is read once in a process.
const envProxyTest = "CONNECT_TEST_REMOTE"

func TestProxyOfTheEnvironment(t *testing.T) {
	if remote := os.Getenv(envProxyTest); remote != "" {
		conn, err := connect.Open(t.Context(), remote, withTLS(connect.TLS{CAFile: os.Getenv("CONNECT_TEST_CA")}))
		require.NoError(t, err)
		_, err = conn.Execute(t.Context(), sqlCommand(t, "SELECT 1"))
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
		return
	}
	const host = "spark.example.test"
	ca := tlstest.NewCA(t)
	front := startFront(t, ca.Server(t, &tlstest.Leaf{Names: []string{host}}))
	good := startProxy(t, front.Addr(), "200 OK")
	bad := startProxy(t, front.Addr(), "407 Proxy Authentication Required")
	caFile := ca.File(t)
	run := func(env ...string) (string, error) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestProxyOfTheEnvironment$", "-test.timeout=60s")
		cmd.Env = append(os.Environ(), "HTTP_PROXY=", "http_proxy=", "https_proxy=", "NO_PROXY=", "no_proxy=", "CONNECT_TEST_CA="+caFile,
			envProxyTest+"=sc://"+host+":443/;token=s3cr3t")
		cmd.Env = append(cmd.Env, env...)
		out, err := cmd.CombinedOutput()
		require.NotContains(t, string(out), "s3cr3t")
		return string(out), err
	}

	out, err := run("HTTPS_PROXY=http://ann:s3cr3t@" + good.listener.Addr().String())
	require.NoError(t, err, out)
	require.Equal(t, []string{"CONNECT " + host + ":443 ann:s3cr3t"}, good.asks, "the proxy resolves the name")
	require.Equal(t, []string{"Bearer s3cr3t"}, front.server.Requests()[0].Headers.Get("authorization"))
	require.Equal(t, host, front.States()[0].ServerName, "TLS is with the server, through the proxy")
	arrived := len(front.server.Requests())

	out, err = run("HTTPS_PROXY=http://ann:s3cr3t@"+good.listener.Addr().String(), "NO_PROXY=.example.test")
	require.Error(t, err)
	require.Contains(t, out, host, "the name is looked up here")
	require.Len(t, good.asks, 1)

	out, err = run("HTTPS_PROXY=http://ann:s3cr3t@" + bad.listener.Addr().String())
	require.Error(t, err)
	require.Contains(t, out, "407 Proxy Authentication Required")
	require.Contains(t, out, "that is the answer of the proxy in HTTPS_PROXY")

	out, err = run("HTTPS_PROXY=http://ann:s3cr3t@[bad")
	require.Error(t, err)
	require.Contains(t, out, "the proxy in HTTPS_PROXY cannot be read; write http://host:port")

	out, err = run("HTTPS_PROXY=socks5://ann:s3cr3t@h:1")
	require.Error(t, err)
	require.Contains(t, out, "is of the kind socks5; gRPC takes HTTP proxies only")
	require.Len(t, front.server.Requests(), arrived)
}
