package connect

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

const servicePrefix = "/spark.connect.SparkConnectService/"

// Conn is one session on one connection. It is safe for concurrent use.
type Conn struct {
	addr    Address
	opts    Options
	agent   string
	user    string
	headers []string // key, value, key, value

	grpc      *grpc.ClientConn
	session   sql.SparkSession
	sessionID string
	version   string
	recent    recentErrors

	closeOnce sync.Once
	closed    atomic.Bool
	closeErr  error
}

// Open connects to the server of the connection string and opens a session. It
// blocks for one round trip, at most Options.ConnectTimeout.
func Open(ctx context.Context, remote string, opts *Options) (*Conn, error) {
	addr, err := ParseAddress(remote)
	if err != nil {
		return nil, err
	}
	o := opts.withDefaults()
	c := &Conn{addr: addr, opts: o, agent: userAgent(o.UserAgent, addr.UserAgent), user: userID(addr)}
	for _, headers := range []map[string]string{addr.Headers, o.Headers} {
		for key, value := range headers {
			c.headers = append(c.headers, key, value)
		}
	}
	if err := c.open(ctx); err != nil {
		return nil, fmt.Errorf("connect to Spark at %s: %w", addr, err)
	}
	return c, nil
}

func (c *Conn) open(ctx context.Context) error {
	session, err := sql.NewSessionBuilder().WithChannelBuilder(builder{c}).Build(ctx)
	if err != nil {
		return c.Error(ctx, err)
	}
	c.session = session
	if err := c.learnSession(ctx); err != nil {
		return errors.Join(err, c.grpc.Close())
	}
	if err := c.learnVersion(ctx); err != nil {
		return errors.Join(err, c.grpc.Close())
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
	c.sessionID = got.sessionID
	return nil
}

// learnVersion is the one call of Open, for an early error.
func (c *Conn) learnVersion(ctx context.Context) error {
	limited, cancel := context.WithTimeoutCause(ctx, c.opts.ConnectTimeout,
		fmt.Errorf("no answer within %s; is the address right and the port reachable?", c.opts.ConnectTimeout))
	defer cancel()
	req := &wire.AnalyzePlanRequest{
		SessionId: c.sessionID, UserContext: c.userContext(), ClientType: &c.agent,
		Analyze: &wire.AnalyzePlanRequest_SparkVersion_{SparkVersion: &wire.AnalyzePlanRequest_SparkVersion{}},
	}
	var resp wire.AnalyzePlanResponse
	if err := c.invoke(limited, "AnalyzePlan", req, &resp); err != nil {
		return err
	}
	c.version = resp.GetSparkVersion().GetVersion()
	return nil
}

// Session returns the client's session on this connection.
func (c *Conn) Session() sql.SparkSession { return c.session }

// SessionID returns the id of the session, a UUID.
func (c *Conn) SessionID() string { return c.sessionID }

// Version returns the server's Spark version, for example "4.0.1".
func (c *Conn) Version() string { return c.version }

// Address returns the address of the server.
func (c *Conn) Address() Address { return c.addr }

// Close releases the session on the server, which ends what still runs in it,
// and closes the connection. It works twice. An unreachable server is no error:
// there is nothing left to release.
func (c *Conn) Close(ctx context.Context) error {
	c.closeOnce.Do(func() {
		req := &wire.ReleaseSessionRequest{SessionId: c.sessionID, UserContext: c.userContext(), ClientType: &c.agent}
		err := c.invoke(ctx, "ReleaseSession", req, &wire.ReleaseSessionResponse{})
		switch {
		case err == nil, nothingToRelease(err):
			err = nil
		default:
			err = fmt.Errorf("release the Spark session: %w", err)
		}
		c.closed.Store(true)
		c.closeErr = errors.Join(err, c.grpc.Close())
	})
	return c.closeErr
}

// nothingToRelease reports whether the error of a release leaves nothing for us
// to do: the server is gone, or it broke in its own clean-up without a word of
// Spark. The latter happens where only the jars of spark-connect and spark-sql
// are on its class path: its clean-up of machine learning models needs another.
func nothingToRelease(err error) bool {
	var spark *component.SparkError
	return errors.As(err, &spark) && spark.Class == "" && (spark.Code == "Unavailable" || spark.Code == "Unknown")
}

func (c *Conn) userContext() *wire.UserContext { return &wire.UserContext{UserId: c.user} }

// invoke makes a unary call with messages of ours.
func (c *Conn) invoke(ctx context.Context, method string, req, resp any) error {
	return c.grpc.Invoke(ctx, servicePrefix+method, req, resp)
}

// builder is the client's channel.Builder. The client calls Build once.
type builder struct{ c *Conn }

func (b builder) User() string               { return b.c.user }
func (b builder) UserAgent() string          { return b.c.agent }
func (b builder) Headers() map[string]string { return nil } // the interceptors set them on every call
func (b builder) SessionId() string          { return "" }  // the client never asks

func (b builder) Build(context.Context) (*grpc.ClientConn, error) {
	c := b.c
	transport := insecure.NewCredentials()
	if c.addr.TLS {
		transport = credentials.NewTLS(&tls.Config{ServerName: c.addr.Host, MinVersion: tls.VersionTLS12})
	}
	opts := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithUnaryInterceptor(c.unary),
		grpc.WithStreamInterceptor(c.stream),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(c.opts.MaxMessage), grpc.MaxCallSendMsgSize(c.opts.MaxMessage)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: c.opts.Keepalive, Timeout: c.opts.ConnectTimeout}),
	}
	if c.addr.Token != "" {
		opts = append(opts, grpc.WithPerRPCCredentials(bearer{token: c.addr.Token, tls: c.addr.TLS}))
	}
	conn, err := grpc.NewClient(c.addr.Endpoint(), opts...)
	c.grpc = conn
	return conn, err
}

// bearer sends the token. ParseAddress has refused a token on plain text to
// another machine.
type bearer struct {
	token string
	tls   bool
}

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.token}, nil
}

func (b bearer) RequireTransportSecurity() bool { return b.tls }
