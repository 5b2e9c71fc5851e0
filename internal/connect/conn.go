package connect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/google/uuid"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

const servicePrefix = "/spark.connect.SparkConnectService/"

// Conn is one session. Several can share one connection, see
// [Conn.NewSession]. It is safe for concurrent use.
type Conn struct {
	*link

	session sql.SparkSession
	// clientID is the id that the client gave the session and checks in every
	// answer; sessionID is the one that the server knows. They differ when a
	// session is resumed by its id.
	clientID, sessionID string
	// serverID is the server's own id of the session. Every request names it, so
	// that a server which was restarted cannot answer with an empty session.
	serverID atomic.Pointer[string]
	// sameSession is set when the session is surely the one that its id named from
	// the beginning: it was new, or serverID was known before it was opened.
	sameSession bool

	observers  observers
	background background
	closeOnce  sync.Once
	closed     atomic.Bool
	closeErr   error
}

// Open connects to the server of the connection string and opens a session. It
// blocks for one round trip, at most Options.ConnectTimeout.
func Open(ctx context.Context, remote string, opts *Options) (*Conn, error) {
	addr, err := ParseAddress(remote)
	if err != nil {
		return nil, err
	}
	o := opts.withDefaults()
	if o.SessionID != "" && (uuid.Validate(o.SessionID) != nil || addr.SessionID != "" && addr.SessionID != o.SessionID) {
		return nil, errors.New("the session id must be a UUID, and the same as session_id in the connection string if that has one")
	}
	if o.ServerSessionID != "" && cmp.Or(o.SessionID, addr.SessionID) == "" {
		return nil, errors.New("ServerSessionID is of a session that is resumed, so SessionID must be set too")
	}
	l, err := newLink(addr, o)
	if err != nil {
		return nil, fmt.Errorf("connect to Spark at %s: %w", addr, err)
	}
	c, err := l.newConn(ctx, cmp.Or(o.SessionID, addr.SessionID), o.ServerSessionID)
	if err != nil {
		return nil, fmt.Errorf("connect to Spark at %s: %w", addr, err)
	}
	return c, nil
}

// NewSession opens another session of the same user on the same connection,
// with views, properties and operations of its own. It blocks for one round
// trip.
func (c *Conn) NewSession(ctx context.Context) (*Conn, error) {
	if c.closed.Load() {
		return nil, ErrClosed
	}
	c.retain()
	other, err := c.newConn(ctx, "", "")
	if err != nil {
		return nil, fmt.Errorf("open another session at %s: %w", c.addr, err)
	}
	return other, nil
}

// newConn makes a session on the link, which it holds on to from now on. The ids
// are those that the session must have, or empty.
func (l *link) newConn(ctx context.Context, sessionID, serverID string) (*Conn, error) {
	c := &Conn{link: l, sessionID: sessionID, sameSession: sessionID == "" || serverID != ""}
	if serverID != "" {
		c.serverID.Store(&serverID)
	}
	c.background.start()
	if err := c.open(ctx); err != nil {
		c.closed.Store(true)
		c.background.stop()
		return nil, errors.Join(err, l.release(c))
	}
	if l.opts.SessionKeepalive > 0 {
		c.background.Go(c.keepAlive)
	}
	return c, nil
}

func (c *Conn) open(ctx context.Context) error {
	session, err := sql.NewSessionBuilder().WithChannelBuilder(builder{c.link}).Build(ctx)
	if err != nil {
		return c.Error(ctx, err)
	}
	c.session = session
	if err := c.learnSession(ctx); err != nil {
		return err
	}
	c.add(c)
	expected := c.ServerSessionID()
	version, got, err := c.askVersion(ctx)
	if err != nil {
		return err
	}
	c.version.CompareAndSwap(nil, &version)
	if expected != "" && got != expected { // from a server that did not look at what the request names
		return fmt.Errorf("%w: under the id %s the server has %q and not %q", ErrSessionLost, c.sessionID, got, expected)
	}
	return nil
}

// learnSession takes the session id out of a request that is never sent: the
// client makes the id itself and tells nobody.
func (c *Conn) learnSession(ctx context.Context) error {
	probe, err := c.session.Table("probe")
	if err != nil {
		return err
	}
	got, err := capture(ctx, probe)
	if err != nil {
		return err
	}
	c.clientID = got.sessionID
	if c.sessionID == "" {
		c.sessionID = got.sessionID
	}
	return nil
}

// askVersion is the one call of Open, for an early error. It returns the server's
// own id of the session too.
func (c *Conn) askVersion(ctx context.Context) (version, serverID string, err error) {
	limited, cancel := context.WithTimeoutCause(ctx, c.opts.ConnectTimeout,
		fmt.Errorf("no answer within %s; is the address right and the port reachable?", c.opts.ConnectTimeout))
	defer cancel()
	resp, err := c.Analyze(withoutRetry(limited), &wire.AnalyzePlanRequest{
		Analyze: &wire.AnalyzePlanRequest_SparkVersion_{SparkVersion: &wire.AnalyzePlanRequest_SparkVersion{}},
	})
	return resp.GetSparkVersion().GetVersion(), resp.GetServerSideSessionId(), err
}

// Session returns the client's session on this connection.
func (c *Conn) Session() sql.SparkSession { return c.session }

// SessionID returns the id of the session, a UUID.
func (c *Conn) SessionID() string { return c.sessionID }

// ServerSessionID returns the server's own id of the session, or "" of a server
// that does not tell it.
func (c *Conn) ServerSessionID() string {
	if id := c.serverID.Load(); id != nil {
		return *id
	}
	return ""
}

// UserID returns the user of the session.
func (c *Conn) UserID() string { return c.user }

// Version returns the server's Spark version, for example "4.0.1", or "" before
// the server has answered.
func (c *Conn) Version() string {
	if version := c.version.Load(); version != nil {
		return *version
	}
	return ""
}

// Address returns the address of the server.
func (c *Conn) Address() Address { return c.addr }

// Close releases the session on the server, which ends what still runs in it,
// and closes the connection when no other session uses it. It works twice. An
// unreachable server is no error: there is nothing left to release.
func (c *Conn) Close(ctx context.Context) error { return c.close(ctx, !c.opts.KeepSession) }

// Leave is Close that leaves the session on the server as it is, with what runs in
// it.
func (c *Conn) Leave(ctx context.Context) error { return c.close(ctx, false) }

func (c *Conn) close(ctx context.Context, release bool) error {
	c.closeOnce.Do(func() {
		var err error
		if release {
			req := &wire.ReleaseSessionRequest{SessionId: c.sessionID, UserContext: c.userContext(), ClientType: &c.agent}
			err = c.invoke(withoutRetry(ctx), "ReleaseSession", req, &wire.ReleaseSessionResponse{})
		}
		if err != nil && !nothingToRelease(err) {
			err = fmt.Errorf("release the Spark session: %w", err)
		} else {
			err = nil
		}
		c.closed.Store(true)
		c.background.stop()
		c.closeErr = errors.Join(err, c.link.release(c))
	})
	return c.closeErr
}

// nothingToRelease reports whether the error of a release leaves nothing for us
// to do: the server is gone or has given up the session, or it broke in its own
// clean-up without a word of Spark. The latter happens where only the jars of
// spark-connect and spark-sql are on its class path: its clean-up of machine
// learning models needs another.
func nothingToRelease(err error) bool {
	var spark *component.SparkError
	if !errors.As(err, &spark) {
		return false
	}
	return errors.Is(err, ErrSessionLost) || spark.Class == "" && (spark.Code == "Unavailable" || spark.Code == "Unknown")
}

func (c *Conn) userContext() *wire.UserContext { return &wire.UserContext{UserId: c.user} }

// invoke makes a unary call with messages of ours.
func (c *Conn) invoke(ctx context.Context, method string, req, resp any) error {
	return c.grpc.Invoke(ctx, servicePrefix+method, req, resp)
}
