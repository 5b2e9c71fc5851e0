package connect

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/keepalive"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// link is the gRPC connection that sessions share.
type link struct {
	addr     Address
	opts     Options
	agent    string
	user     string
	headers  []string // key, value, key, value
	security *security

	grpc    *grpc.ClientConn
	version atomic.Pointer[string]
	recent  recentErrors
	mask    secrets.Mask
	sockets sockets
	watch   watchdog

	mu       sync.Mutex
	uses     int
	sessions map[string]*Conn // by the client's id
}

// newLink makes the connection; nothing is sent yet. It has one use.
func newLink(addr Address, opts Options) (*link, error) {
	security, err := newSecurity(addr, opts)
	if err != nil {
		return nil, err
	}
	l := &link{
		security: security,
		addr:     addr, opts: opts, agent: userAgent(opts.UserAgent, addr.UserAgent), user: userID(addr),
		uses: 1, sessions: map[string]*Conn{},
	}
	for _, headers := range []map[string]string{addr.Headers, opts.Headers} {
		for key, value := range headers {
			l.headers = append(l.headers, key, value)
		}
	}
	l.watch.link = l
	l.watch.background.start()
	l.grpc, err = grpc.NewClient(addr.target(), l.dialOptions()...)
	return l, err
}

// flowWindow is how many bytes of a result may be on their way to us: enough for
// a fast network, and a bound of the memory of one that is not read.
const flowWindow = 4 << 20

func (l *link) dialOptions() []grpc.DialOption {
	opts := []grpc.DialOption{
		grpc.WithTransportCredentials(tracked{l.transportCredentials(), &l.sockets}),
		grpc.WithUnaryInterceptor(l.unary),
		grpc.WithStreamInterceptor(l.stream),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(l.opts.MaxMessage), grpc.MaxCallSendMsgSize(l.opts.MaxMessage)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: l.opts.Keepalive, Timeout: l.opts.ConnectTimeout}),
		grpc.WithInitialWindowSize(flowWindow),
		grpc.WithInitialConnWindowSize(2 * flowWindow),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: minDelay, Multiplier: 2, Jitter: 0.2, MaxDelay: maxDelay},
			MinConnectTimeout: l.opts.ConnectTimeout + time.Second, // so that ours ends first, which says why
		}),
	}
	return append(opts, l.security.dialOptions()...)
}

func (l *link) retain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses++
}

// add makes a session known to the interceptors.
func (l *link) add(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions[c.clientID] = c
}

// release gives up the link for a session and closes it after the last.
func (l *link) release(c *Conn) error {
	l.mu.Lock()
	l.uses--
	last := l.uses == 0
	delete(l.sessions, c.clientID)
	l.mu.Unlock()
	if !last {
		return nil
	}
	l.watch.stop()
	return l.grpc.Close()
}

// sessionOf returns the session that a request names, or nil when that has been
// closed.
func (l *link) sessionOf(req any) *Conn {
	msg, ok := req.(interface{ GetSessionId() string })
	if !ok {
		return nil
	}
	id := msg.GetSessionId()
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.sessions[id]; c != nil {
		return c
	}
	for _, c := range l.sessions { // requests of ours carry the server's id
		if c.sessionID == id {
			return c
		}
	}
	return nil
}

// ping makes the cheapest call that there is. It also counts as use of the
// session, which servers give up after an hour without any.
func (c *Conn) ping(ctx context.Context) error {
	_, err := c.Analyze(withoutRetry(ctx), &wire.AnalyzePlanRequest{
		Analyze: &wire.AnalyzePlanRequest_SparkVersion_{SparkVersion: &wire.AnalyzePlanRequest_SparkVersion{}},
	})
	return err
}

// keepAlive uses the session now and then until it is closed.
func (c *Conn) keepAlive(ctx context.Context) {
	tick := time.NewTicker(c.opts.SessionKeepalive)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = c.ping(ctx) // a lost session shows at its next use
		}
	}
}

// builder is the client's channel.Builder.
type builder struct{ l *link }

func (b builder) User() string               { return b.l.user }
func (b builder) UserAgent() string          { return b.l.agent }
func (b builder) Headers() map[string]string { return nil } // the interceptors set them on every call
func (b builder) SessionId() string          { return "" }  // the client never asks

func (b builder) Build(context.Context) (*grpc.ClientConn, error) { return b.l.grpc, nil }
