package connect

import (
	"cmp"
	"os"
	"runtime"
	"time"

	"go.uber.org/zap"
)

// Defaults of [Options].
const (
	// DefaultMaxMessage is the largest message in bytes, both ways. It equals
	// the default inbound limit of the server (spark.connect.grpc.maxInboundMessageSize).
	DefaultMaxMessage = 128 << 20
	// DefaultConnectTimeout bounds the first call.
	DefaultConnectTimeout = 10 * time.Second
	// DefaultKeepalive is the time without traffic after which a ping is sent.
	// Servers refuse pings more often than every five minutes unless told
	// otherwise (gRPC's permitKeepAliveTime), so it is not shorter.
	DefaultKeepalive = 5 * time.Minute
	// DefaultReconnectTimeout bounds how long a broken connection is tried again.
	// It equals the time after which the server gives up an execution that nobody
	// attends to (spark.connect.execute.manager.detachedTimeout).
	DefaultReconnectTimeout = 5 * time.Minute
	// DefaultSilenceTimeout is the time without a word of the server after which
	// it is asked whether it is still there. Proxies drop a connection that is
	// idle for longer, often after a minute.
	DefaultSilenceTimeout = 30 * time.Second
	// DefaultInterruptTimeout bounds the wait for the server to end an
	// operation whose context has ended.
	DefaultInterruptTimeout = 5 * time.Second
)

// Options are the settings of a connection. The zero value is the default.
type Options struct {
	// UserAgent is put before the library's own; empty is fine.
	UserAgent string
	// Headers are sent with every call, beside those of the address.
	Headers map[string]string
	// MaxMessage is the largest message in bytes; default [DefaultMaxMessage].
	MaxMessage int
	// ConnectTimeout bounds the first call; default [DefaultConnectTimeout].
	ConnectTimeout time.Duration
	// Keepalive is the idle time before a ping; default [DefaultKeepalive].
	Keepalive time.Duration
	// InterruptTimeout bounds the wait after a cancel; default
	// [DefaultInterruptTimeout].
	InterruptTimeout time.Duration
	// ReconnectTimeout bounds how long a broken connection is tried again; default
	// [DefaultReconnectTimeout], negative for not at all.
	ReconnectTimeout time.Duration
	// SilenceTimeout is the time without a word after which the server is asked;
	// default [DefaultSilenceTimeout], negative for never. An execution of which
	// nothing is heard for six times as long is asked for on a new stream.
	SilenceTimeout time.Duration
	// SessionKeepalive is the time between two calls that keep an idle session
	// from being given up by the server; 0 makes none.
	SessionKeepalive time.Duration
	// SessionID is the id of the session to resume; default a new one. It is the
	// same as Address.SessionID.
	SessionID string
	// ServerSessionID is the server's own id that the session must have; empty
	// takes any. A server that has another one, since it was restarted or has given
	// the session up, is refused with [ErrSessionLost].
	ServerSessionID string
	// KeepSession leaves the session on the server at Close, for somebody who
	// resumes it by its id.
	KeepSession bool
	// ServerDone is closed when the server has ended for good, so that nobody
	// waits for it to come back; nil never is.
	ServerDone <-chan struct{}
	// Logger is told of broken connections; nil is silent.
	Logger *zap.Logger
	// ServerLog is the server's log file, named in errors when the server goes
	// away; empty when unknown.
	ServerLog string
	// TLS are the settings of an encrypted connection, and ask for one; nil leaves
	// that to the connection string and the token.
	TLS *TLS
	// Token says where the bearer token comes from, and asks for TLS unless the
	// connection string says use_ssl=false; nil leaves both to the connection
	// string.
	Token *Token
	// AllowPlaintextToken lets a token travel unencrypted to another machine.
	AllowPlaintextToken bool

	_ struct{}
}

func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	out.MaxMessage = cmp.Or(out.MaxMessage, DefaultMaxMessage)
	out.ConnectTimeout = cmp.Or(out.ConnectTimeout, DefaultConnectTimeout)
	out.Keepalive = cmp.Or(out.Keepalive, DefaultKeepalive)
	out.ReconnectTimeout = cmp.Or(out.ReconnectTimeout, DefaultReconnectTimeout)
	out.SilenceTimeout = cmp.Or(out.SilenceTimeout, DefaultSilenceTimeout)
	if out.Logger == nil {
		out.Logger = zap.NewNop()
	}
	out.InterruptTimeout = cmp.Or(out.InterruptTimeout, DefaultInterruptTimeout)
	return out
}

// userAgent is the client_type of every request: what the user gave, then this
// library, the system and the Go version, as the Spark clients do.
func userAgent(parts ...string) string {
	text := ""
	for _, part := range append(parts, "sparkpipe", "os/"+runtime.GOOS, "go/"+runtime.Version()) {
		if part == "" {
			continue
		}
		if text != "" {
			text += " "
		}
		text += part
	}
	return text
}

// userID is the user of the session: the address, the environment, or "na" as
// the Spark client has it.
func userID(addr Address) string {
	return cmp.Or(addr.UserID, os.Getenv("SPARK_USER"), os.Getenv("USER"), "na")
}
