package connect

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// envToken is the variable in which Spark's own clients and its server look for
// the token of a server on the same machine.
const envToken = "SPARK_CONNECT_AUTHENTICATE_TOKEN"

// security is what protects a connection: TLS or plain text, and the token.
type security struct {
	tls   *clientTLS // nil on plain text
	token *bearer    // nil without a token
}

// newSecurity decides on TLS and the token, reads their files and refuses what
// is contradictory or unsafe, before anything is sent.
func newSecurity(addr Address, opts Options) (*security, error) {
	if err := CheckSecurity(addr, &opts); err != nil {
		return nil, err
	}
	s := &security{}
	source, err := newTokenSource(addr, opts)
	if err != nil {
		return nil, err
	}
	if encrypted(addr, opts) {
		if s.tls, err = newClientTLS(addr, opts.TLS); err != nil {
			return nil, err
		}
	}
	if source != nil {
		s.token = &bearer{source: source, tls: s.tls != nil}
	}
	return s, checkProxy(addr)
}

// CheckSecurity reports what of the settings contradicts itself or would send a
// token unencrypted to another machine. It reads no file and sends nothing. Nil
// options are the defaults.
func CheckSecurity(addr Address, opts *Options) error {
	if opts == nil {
		opts = &Options{}
	}
	var faults []error
	if addr.PlainText && opts.TLS != nil {
		faults = append(faults, errors.New("use_ssl=false in the connection string contradicts the settings of TLS; remove one of them"))
	}
	if opts.TLS != nil {
		faults = append(faults, opts.TLS.check())
	}
	faults = append(faults, checkTokens(addr, opts))
	if !encrypted(addr, *opts) && !addr.Loopback() && !opts.AllowPlaintextToken && sendsToken(addr, *opts) {
		faults = append(faults, errors.New("a token must not travel unencrypted to another machine: "+
			"ask for TLS with use_ssl=true in the connection string, or allow it (allow_plaintext_token)"))
	}
	return errors.Join(faults...)
}

// encrypted reports whether the connection has TLS: because the address or the
// settings ask for it, or because there is a token.
func encrypted(addr Address, opts Options) bool {
	return addr.TLS || opts.TLS != nil || opts.Token != nil && !addr.PlainText
}

// authorization is the header in which a token travels.
const authorization = "authorization"

// sendsToken reports whether a call shows the server who we are, in whichever
// way the user has written it.
func sendsToken(addr Address, opts Options) bool {
	return !addr.Token.IsZero() || opts.Token != nil || hasAuthorization(addr.Headers) || hasAuthorization(opts.Headers)
}

func hasAuthorization(headers map[string]string) bool {
	for key := range headers {
		if strings.EqualFold(key, authorization) {
			return true
		}
	}
	return false
}

// checkTokens refuses two tokens: which of them wins should be nobody's guess.
func checkTokens(addr Address, opts *Options) error {
	var given []string
	if !addr.Token.IsZero() {
		given = append(given, "token in the connection string")
	}
	given = append(given, opts.Token.kinds()...)
	if hasAuthorization(addr.Headers) || hasAuthorization(opts.Headers) {
		given = append(given, `the header "authorization"`)
	}
	if len(given) > 1 {
		return fmt.Errorf("there are two tokens, %s; keep one of them", strings.Join(given, " and "))
	}
	return opts.Token.check()
}

// newTokenSource returns where the token comes from, or nil without one.
func newTokenSource(addr Address, opts Options) (tokenSource, error) {
	switch {
	case !addr.Token.IsZero():
		return staticToken{addr.Token}, nil
	case opts.Token != nil:
		return opts.Token.open()
	case addr.Loopback() && !hasAuthorization(addr.Headers) && !hasAuthorization(opts.Headers):
		token := os.Getenv(envToken)
		if token == "" {
			return nil, nil //nolint:nilnil // no token is a valid answer
		}
		if err := checkToken(token); err != nil {
			return nil, fmt.Errorf("the token in %s %w", envToken, err)
		}
		return staticToken{secrets.NewValue(token)}, nil
	}
	return nil, nil //nolint:nilnil // no token is a valid answer
}

// checkProxy looks at the environment's proxy as gRPC will, for mistakes that
// gRPC does not tell. It quotes none of it, since it may hold a password.
func checkProxy(addr Address) error {
	req := &http.Request{URL: &url.URL{Scheme: "https", Host: addr.Endpoint()}}
	proxy, err := http.ProxyFromEnvironment(req)
	switch {
	case err != nil, proxy != nil && (proxy.Hostname() == "" || strings.HasSuffix(proxy.Host, ":")):
		return errors.New("the proxy in HTTPS_PROXY cannot be read; write http://host:port, with %25 for a percent sign in a password")
	case proxy != nil && strings.HasPrefix(proxy.Scheme, "socks"):
		return fmt.Errorf("the proxy in HTTPS_PROXY is of the kind %s; gRPC takes HTTP proxies only, http://host:port", proxy.Scheme)
	}
	return nil
}

// dialOptions are the settings of gRPC for the token and for the name of the
// server, which a proxy before several servers may go by.
func (s *security) dialOptions() []grpc.DialOption {
	var opts []grpc.DialOption
	if s.token != nil {
		opts = append(opts, grpc.WithPerRPCCredentials(s.token))
	}
	if s.tls != nil && s.tls.settings.ServerName != "" {
		name := s.tls.settings.ServerName
		if strings.Contains(name, ":") {
			name = "[" + name + "]"
		}
		opts = append(opts, grpc.WithAuthority(name))
	}
	return opts
}

// transportCredentials are those of TLS or plain text.
func (l *link) transportCredentials() credentials.TransportCredentials {
	if l.security.tls == nil {
		return insecure.NewCredentials()
	}
	return l.security.tls
}
