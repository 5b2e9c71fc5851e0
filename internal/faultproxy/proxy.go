package faultproxy

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy forwards TCP connections to a target. It is safe for concurrent use.
type Proxy struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu       sync.Mutex
	target   string
	conns    map[*pair]struct{}
	accepted int
	refusing bool
	latency  time.Duration
	cutAfter func() int64
	stopped  bool
}

// pair is one connection through the proxy.
type pair struct {
	client, server net.Conn
	once           sync.Once
	silent         atomic.Bool
}

func (p *pair) close() {
	p.once.Do(func() {
		_ = p.client.Close() // both ends are given up
		_ = p.server.Close()
	})
}

// Start starts a proxy on a free port of the loopback interface, until the test
// ends. Target is host:port.
func Start(tb testing.TB, target string) *Proxy {
	tb.Helper()
	p, err := New(target)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Stop)
	return p
}

// New starts a proxy that the caller stops.
func New(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	p := &Proxy{listener: listener, target: target, conns: map[*pair]struct{}{}}
	p.wg.Go(p.accept)
	return p, nil
}

// Addr returns host:port of the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Stop cuts everything and waits for the goroutines of the proxy. It works twice.
func (p *Proxy) Stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	_ = p.listener.Close() // the second time it is closed already
	p.Cut()
	p.wg.Wait()
}

// Cut closes every connection at once.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.close()
	}
}

// CutAfter makes each later connection end after so many bytes of the server, as
// bytes tells for each; 0 or less lets it live. Nil ends that.
func (p *Proxy) CutAfter(bytes func() int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutAfter = bytes
}

// Silence makes the connections that are open now fall silent for good, as a
// firewall does that has forgotten them: nothing that is sent arrives, and
// nothing is closed. Later connections work.
func (p *Proxy) Silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.silent.Store(true)
	}
}

// Refuse makes the proxy close new connections at once, until it is called with
// false.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = on
}

// Delay makes each piece of data wait, both ways.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latency = d
}

// Retarget sends later connections to another server.
func (p *Proxy) Retarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Accepted returns how many connections have been made.
func (p *Proxy) Accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		target, refusing, bytes := p.target, p.refusing || p.stopped, int64(0)
		if !refusing {
			p.accepted++
		}
		if p.cutAfter != nil {
			bytes = p.cutAfter()
		}
		p.mu.Unlock()
		if refusing {
			_ = client.Close() // that is the refusal
			continue
		}
		p.wg.Go(func() { p.serve(client, target, bytes) })
	}
}

func (p *Proxy) serve(client net.Conn, target string, bytes int64) {
	server, err := net.Dial("tcp", target)
	if err != nil {
		_ = client.Close() // as if the target had refused
		return
	}
	c := &pair{client: client, server: server}
	p.mu.Lock()
	p.conns[c] = struct{}{}
	if p.stopped {
		c.close()
	}
	p.mu.Unlock()
	p.wg.Go(func() { p.forward(c, server, client, 0) })
	p.forward(c, client, server, max(0, bytes))
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

// forward copies until the connection ends, at the latest after limit bytes; 0 is
// no limit.
func (p *Proxy) forward(c *pair, to io.Writer, from io.Reader, limit int64) {
	defer c.close()
	buf := make([]byte, 32<<10)
	for done := int64(0); limit == 0 || done < limit; {
		piece := buf
		if limit > 0 {
			piece = buf[:min(int64(len(buf)), limit-done)]
		}
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		done += int64(n)
		if c.silent.Load() {
			continue
		}
		time.Sleep(p.delay())
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

func (p *Proxy) delay() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.latency
}
