package faultproxy_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/internal/faultproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo starts a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

func dial(t *testing.T, p *faultproxy.Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func say(t *testing.T, conn net.Conn, text string) string {
	t.Helper()
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
	got := make([]byte, len(text))
	n, _ := io.ReadFull(conn, got)
	return string(got[:n])
}

func TestProxy(t *testing.T) {
	t.Parallel()
	t.Run("forwards", func(t *testing.T) {
		t.Parallel()
		p := faultproxy.Start(t, echo(t))
		require.Equal(t, "hello", say(t, dial(t, p), "hello"))
		require.Equal(t, 1, p.Accepted())
	})
	t.Run("cuts at a byte", func(t *testing.T) {
		t.Parallel()
		p := faultproxy.Start(t, echo(t))
		p.CutAfter(func() int64 { return 3 })
		require.Equal(t, "hel", say(t, dial(t, p), "hello"))
		p.CutAfter(nil)
		require.Equal(t, "hello", say(t, dial(t, p), "hello"))
	})
	t.Run("cuts at once", func(t *testing.T) {
		t.Parallel()
		p := faultproxy.Start(t, echo(t))
		conn := dial(t, p)
		require.Equal(t, "hello", say(t, conn, "hello"))
		p.Cut()
		_, err := conn.Read(make([]byte, 1))
		require.Error(t, err)
	})
	t.Run("falls silent", func(t *testing.T) {
		t.Parallel()
		p := faultproxy.Start(t, echo(t))
		conn := dial(t, p)
		require.Equal(t, "hello", say(t, conn, "hello"))
		p.Silence()
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		require.Empty(t, say(t, conn, "hello"))
		require.Equal(t, "hello", say(t, dial(t, p), "hello"), "later connections work")
	})
	t.Run("refuses", func(t *testing.T) {
		t.Parallel()
		p := faultproxy.Start(t, echo(t))
		p.Refuse(true)
		_, err := dial(t, p).Read(make([]byte, 1))
		require.Error(t, err)
		p.Refuse(false)
		p.Delay(time.Millisecond)
		require.Equal(t, "hello", say(t, dial(t, p), "hello"))
	})
	t.Run("goes to another target", func(t *testing.T) {
		t.Parallel()
		p := faultproxy.Start(t, "127.0.0.1:1")
		_, err := dial(t, p).Read(make([]byte, 1))
		require.Error(t, err)
		p.Retarget(echo(t))
		require.Equal(t, "hello", say(t, dial(t, p), "hello"))
	})
}
