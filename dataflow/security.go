package dataflow

import (
	"context"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// TLSOptions are the settings of an encrypted connection. The zero value trusts
// the authorities of the system and shows no certificate. TLS is 1.2 or newer,
// and the server's certificate is always verified.
//
// The files are read by [Connect] and again for every new connection, so that
// certificates can be replaced while the program runs.
type TLSOptions struct {
	// CAFile is a PEM file with the certificates of the authorities to trust
	// instead of those of the system; tls.ca_file in a file.
	CAFile string
	// CAPEM is the same as text, beside or instead of a file.
	CAPEM []byte
	// CertFile and KeyFile are PEM files with the certificate that is shown to
	// the server and its key, which must not be encrypted; both or neither.
	CertFile, KeyFile string
	// ServerName is the name that the server's certificate must be for; default
	// the host of the connection string.
	ServerName string

	_ struct{}
}

func (o *TLSOptions) settings() *connect.TLS {
	if o == nil {
		return nil
	}
	return &connect.TLS{CAFile: o.CAFile, CAPEM: o.CAPEM, CertFile: o.CertFile, KeyFile: o.KeyFile, ServerName: o.ServerName}
}

// TokenOptions say where the bearer token of every call comes from. At most one
// of Value, File, Command and Source is set, and none when the connection string
// has a token. The zero value sends none, except to a server on this machine the
// one of the environment variable SPARK_CONNECT_AUTHENTICATE_TOKEN, as Spark's
// own clients do.
//
// A token goes to a server only when TLS has verified it, or in plain text to
// this machine (localhost and the loopback addresses). When the server refuses
// it, it is fetched anew, and if it is another one the call is made once more.
type TokenOptions struct {
	// Value is the token itself.
	Value secrets.Value
	// File holds the token, with at most one line break behind it. It is read
	// again when a second has passed since the last look.
	File string
	// Command is a program and its arguments; what it prints is the token. There
	// is no shell. A run takes 30 s at most. The token is kept for 5 minutes; a
	// JSON Web Token until a minute before it expires, for an hour at most.
	Command []string
	// Source is called for every call, also from several goroutines at once; it
	// keeps what it has fetched.
	Source func(ctx context.Context) (string, error)
	// AllowPlaintext lets the token travel unencrypted to another machine, where
	// whoever listens can take it. It takes use_ssl=false in the connection string
	// besides.
	AllowPlaintext bool

	_ struct{}
}

func (o *TokenOptions) settings() *connect.Token {
	if o.Value.IsZero() && o.File == "" && o.Command == nil && o.Source == nil {
		return nil
	}
	return &connect.Token{Value: o.Value, File: o.File, Command: o.Command, Source: o.Source}
}

// Validate reports every fault for which [Connect] would refuse the connection
// string and the options before it looks at a file or a server: a string that
// cannot be read, two tokens, a token in plain text to another machine. Nil
// options are the defaults.
func (o *ConnectOptions) Validate(remote string) error {
	addr, err := connect.ParseAddress(remote)
	if err != nil {
		return err
	}
	if o == nil {
		o = &ConnectOptions{}
	}
	return connect.CheckSecurity(addr, &connect.Options{
		Headers: o.Headers, TLS: o.TLS.settings(), Token: o.Token.settings(), AllowPlaintextToken: o.Token.AllowPlaintext,
	})
}
