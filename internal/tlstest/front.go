package tlstest

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Front is a TLS server that hands what it gets to another server in plain text.
// It is safe for concurrent use.
type Front struct {
	listener net.Listener
	backend  string
	config   *tls.Config
	received atomic.Int64
	work     sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]struct{}
	states []tls.ConnectionState
	faults []error
	closed bool
}

// Start starts a front on 127.0.0.1 that ends with the test. The backend is
// host:port.
func Start(tb testing.TB, backend string, config *tls.Config) *Front {
	tb.Helper()
	return StartOn(tb, "127.0.0.1:0", backend, config)
}

// StartOn is [Start] on another address.
func StartOn(tb testing.TB, addr, backend string, config *tls.Config) *Front {
	tb.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	f := &Front{listener: listener, backend: backend, config: config, open: map[net.Conn]struct{}{}}
	f.work.Go(f.accept)
	tb.Cleanup(func() {
		_ = listener.Close() // it ends accept
		f.Break()
		f.mu.Lock()
		f.closed = true
		f.mu.Unlock()
		f.Break()
		f.work.Wait()
	})
	return f
}

// Addr is the address to connect to, host:port.
func (f *Front) Addr() string { return f.listener.Addr().String() }

// Received is the number of bytes that clients have sent inside TLS.
func (f *Front) Received() int64 { return f.received.Load() }

// States are the handshakes that went well, in order.
func (f *Front) States() []tls.ConnectionState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]tls.ConnectionState(nil), f.states...)
}

// Faults are the handshakes that did not.
func (f *Front) Faults() []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]error(nil), f.faults...)
}

// Break closes the connections that are open, so that clients connect anew.
func (f *Front) Break() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn := range f.open {
		_ = conn.Close() // that is the purpose
	}
}

func (f *Front) accept() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.work.Go(func() { f.serve(conn) })
	}
}

// track notes an open connection; it reports false once the front has ended.
func (f *Front) track(conn net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[conn] = struct{}{}
	return !f.closed
}

func (f *Front) forget(conn net.Conn) {
	_ = conn.Close() // nobody is left to be told
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, conn)
}

func (f *Front) serve(raw net.Conn) {
	defer f.forget(raw)
	if !f.track(raw) {
		return
	}
	client := tls.Server(raw, f.config)
	err := client.Handshake()
	f.mu.Lock()
	if err != nil {
		f.faults = append(f.faults, err)
	} else {
		f.states = append(f.states, client.ConnectionState())
	}
	f.mu.Unlock()
	if err != nil {
		return
	}
	server, err := net.Dial("tcp", f.backend)
	if err != nil {
		return
	}
	defer f.forget(server)
	if !f.track(server) {
		return
	}
	f.work.Go(func() {
		_, _ = io.Copy(client, server) // it ends with either side
		_ = raw.Close()                // that ends the other direction
	})
	_, _ = io.Copy(server, counted{client, &f.received}) // it ends with either side
}

type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}
