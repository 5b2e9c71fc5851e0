package tlstest_test

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/tlstest"
)

func TestFrontHandsOnAndCounts(t *testing.T) {
	t.Parallel()
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer backend.Close()
	go func() {
		for {
			conn, err := backend.Accept()
			if err != nil {
				return
			}
			_, _ = io.CopyN(conn, conn, 5)
			_ = conn.Close()
		}
	}()
	ca := tlstest.NewCA(t)
	front := tlstest.Start(t, backend.Addr().String(), ca.Server(t, nil))

	_, err = tls.Dial("tcp", front.Addr(), &tls.Config{})
	require.ErrorContains(t, err, "unknown authority")
	require.Zero(t, front.Received())

	conn, err := tls.Dial("tcp", front.Addr(), &tls.Config{RootCAs: ca.Pool()})
	require.NoError(t, err)
	_, err = conn.Write([]byte("hello"))
	require.NoError(t, err)
	text, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Equal(t, "hello", string(text))
	require.EqualValues(t, 5, front.Received())
	require.Len(t, front.States(), 1)
	require.Len(t, front.Faults(), 1)
}
