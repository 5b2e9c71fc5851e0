package dataflow

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

// ConnectOptions are the settings of [Connect]. Nil and the zero value are the
// defaults.
type ConnectOptions struct {
	// UserAgent is put before the library's own in what the server logs.
	UserAgent string
	// Conf are Spark properties to set on the session. One that cannot be set
	// at run time and does not have the wanted value is an error.
	Conf map[string]string
	// Headers are gRPC metadata sent with every call.
	Headers map[string]string
	// ConnectTimeout bounds the first call; default 10 s.
	ConnectTimeout time.Duration
	// ReconnectTimeout bounds how long a broken connection is tried again;
	// default 5 min, after which servers give up an execution that nobody
	// attends to. Negative: not at all.
	ReconnectTimeout time.Duration
	// SilenceTimeout is the time without a word of the server after which it is
	// asked for a sign of life while a call waits, and the connection is dialled
	// anew if there is none; default 30 s. Negative: never.
	SilenceTimeout time.Duration
	// PingInterval is the idle time after which the connection is pinged below
	// the calls; default 5 min, the most often that servers allow by default.
	PingInterval time.Duration
	// SessionKeepalive is the time between two calls that keep an idle session
	// from being given up by the server, which happens after an hour by default;
	// 0 makes none.
	SessionKeepalive time.Duration
	// SessionID resumes the session of this id, a UUID, or makes it; default a
	// new one. The same as session_id in the connection string.
	SessionID string
	// ServerSessionID is the [Session.ServerSessionID] that the session of SessionID
	// is known to have; default any. If the server has another one, since it was
	// restarted or has given the session up, Connect fails with [ErrSessionLost]
	// and makes no new session.
	ServerSessionID string
	// KeepSession leaves the session on the server at Close, with its views,
	// for somebody who resumes it by its id.
	KeepSession bool
	// TLS are the settings of an encrypted connection, and ask for one; nil leaves
	// that to use_ssl of the connection string and to the token.
	TLS *TLSOptions
	// Token says where the bearer token comes from when it is not in the
	// connection string. It asks for TLS unless that says use_ssl=false.
	Token TokenOptions
	// MaxMessageSize is the largest message in bytes, both ways; default
	// 128 MiB, the default limit of the server.
	MaxMessageSize int
	// InputDirs are the folders in which a relative input path is looked for
	// when the server is on this machine; default the working directory.
	InputDirs []string
	// Logger is told of broken connections; nil is silent.
	Logger *zap.Logger
	// ServerDone is closed when the server has ended for good, so that nobody
	// waits for it to come back; nil never is.
	ServerDone <-chan struct{}
	// ServerLog is the server's log file, named in the error when the server
	// goes away; may be empty.
	ServerLog string
	// AfterClose is called once when the session has been closed, and when
	// Connect fails; nil does nothing. Whoever starts a server for one session
	// stops it here.
	AfterClose func(ctx context.Context) error

	_ struct{}
}

// Connect opens a session on the server of a connection string,
// "sc://host:port/;key=value;...". It blocks for one round trip, two with Conf,
// and fails early and clearly when nobody answers.
func Connect(ctx context.Context, remote string, opts *ConnectOptions) (*Session, error) {
	if opts == nil {
		opts = &ConnectOptions{}
	}
	conn, err := connect.Open(ctx, remote, &connect.Options{
		UserAgent: opts.UserAgent, Headers: opts.Headers, MaxMessage: opts.MaxMessageSize,
		ConnectTimeout: opts.ConnectTimeout, ReconnectTimeout: opts.ReconnectTimeout, SilenceTimeout: opts.SilenceTimeout,
		Keepalive: opts.PingInterval, SessionKeepalive: opts.SessionKeepalive, SessionID: opts.SessionID,
		ServerSessionID: opts.ServerSessionID, KeepSession: opts.KeepSession,
		Logger: opts.Logger, ServerDone: opts.ServerDone, ServerLog: opts.ServerLog,
		TLS: opts.TLS.settings(), Token: opts.Token.settings(), AllowPlaintextToken: opts.Token.AllowPlaintext,
	})
	s := &Session{conn: conn, inputDirs: opts.InputDirs, afterClose: opts.AfterClose, logger: opts.Logger}
	if s.logger == nil {
		s.logger = zap.NewNop()
	}
	if err != nil {
		_ = s.Close(context.WithoutCancel(ctx)) // the first error is the one to tell
		return nil, err
	}
	s.SparkSession = conn.Session()
	s.concealProperties(opts.Conf)
	if err := conn.SetConf(ctx, opts.Conf); err != nil {
		_ = s.Close(context.WithoutCancel(ctx)) // the first error is the one to tell
		return nil, err
	}
	return s, nil
}

// NewSession opens another session of the same user on the same connection, with
// views, properties and operations of its own; conf are its Spark properties.
// Each session is closed for itself. It blocks for one round trip, two with conf.
func (s *Session) NewSession(ctx context.Context, conf map[string]string) (*Session, error) {
	conn, err := s.conn.NewSession(ctx)
	if err != nil {
		return nil, err
	}
	other := &Session{SparkSession: conn.Session(), conn: conn, inputDirs: s.inputDirs, logger: s.logger}
	other.concealProperties(conf)
	if err := conn.SetConf(ctx, conf); err != nil {
		_ = other.Close(context.WithoutCancel(ctx)) // the first error is the one to tell
		return nil, err
	}
	return other, nil
}
