package connect

import (
	"cmp"
	"os"
	"runtime"
	"time"
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
	// ServerLog is the server's log file, named in errors when the server goes
	// away; empty when unknown.
	ServerLog string

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
