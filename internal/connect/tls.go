package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
)

// TLS are the settings of an encrypted connection. The zero value trusts the
// authorities of the system and shows no certificate. The files are read at
// [Open] and again for every new connection, so that certificates can be
// replaced while the program runs.
type TLS struct {
	// CAFile is a PEM file with the certificates of the authorities to trust,
	// instead of those of the system.
	CAFile string
	// CAPEM is the same as text, beside or instead of a file.
	CAPEM []byte
	// CertFile and KeyFile are PEM files with the certificate that is shown to
	// the server and its key, which must not be encrypted; both or neither.
	CertFile, KeyFile string
	// ServerName is the name that the server's certificate must be for; default
	// the host of the address.
	ServerName string

	_ struct{}
}

// check reports what is wrong without a look into the files.
func (t *TLS) check() error {
	var faults []error
	switch {
	case t.CertFile != "" && t.KeyFile == "":
		faults = append(faults, errors.New("the client certificate (cert_file) wants its key beside it (key_file)"))
	case t.CertFile == "" && t.KeyFile != "":
		faults = append(faults, errors.New("the client key (key_file) wants its certificate beside it (cert_file)"))
	}
	if name := t.ServerName; name != "" && net.ParseIP(name) == nil && strings.ContainsAny(name, ":/ \t\r\n@;=[]") {
		faults = append(faults, errors.New("server_name wants a host name alone, without scheme and port"))
	}
	return errors.Join(faults...)
}

// load reads the files. It returns the time until which what it has read is
// good.
func (t *TLS) load() (*tls.Config, time.Time, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	var until time.Time
	if t.CAFile != "" || len(t.CAPEM) > 0 {
		config.RootCAs = x509.NewCertPool()
	}
	if len(t.CAPEM) > 0 {
		last, err := addAuthorities(config.RootCAs, t.CAPEM)
		if err != nil {
			return nil, until, fmt.Errorf("the CA text %w", err)
		}
		until = last
	}
	if t.CAFile != "" {
		text, err := readPEM(t.CAFile)
		if err != nil {
			return nil, until, fmt.Errorf("read the CA file: %w", err)
		}
		last, err := addAuthorities(config.RootCAs, text)
		if err != nil {
			return nil, until, fmt.Errorf("the CA file %s %w", t.CAFile, err)
		}
		until = later(until, last)
	}
	if t.CertFile == "" {
		return config, until, nil
	}
	pair, err := loadPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, until, err
	}
	config.Certificates = []tls.Certificate{*pair}
	if until.IsZero() || pair.Leaf.NotAfter.Before(until) {
		until = pair.Leaf.NotAfter
	}
	return config, until, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// clientTLS are the transport credentials of a [TLS]. It is safe for concurrent
// use.
type clientTLS struct {
	settings TLS
	name     string // what the server's certificate must be for
	private  bool   // an authority of the user's is trusted

	mu     sync.Mutex
	config *tls.Config // as read last without fault
	until  time.Time   // its certificates are good until then; zero for always
	failed error       // of the last handshake, nil after a good one
	asked  bool        // the server has asked for our certificate
}

func newClientTLS(addr Address, settings *TLS) (*clientTLS, error) {
	c := &clientTLS{name: addr.serverName()}
	if settings != nil {
		c.settings = *settings
	}
	if c.settings.ServerName != "" {
		c.name = c.settings.ServerName
	}
	c.private = c.settings.CAFile != "" || len(c.settings.CAPEM) > 0
	config, until, err := c.settings.load()
	if err != nil {
		return nil, err
	}
	c.config, c.until = config, until
	return c, nil
}

// reload reads the files again. While somebody is replacing them they may not
// fit together for a moment; what was read before then serves as long as it is
// good.
func (c *clientTLS) reload() (*tls.Config, error) {
	config, until, err := c.settings.load()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.config, c.until = config, until
	case !c.until.IsZero() && time.Now().After(c.until):
		return nil, err
	}
	c.asked = false
	config = c.config.Clone()
	shown := config.Certificates
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked = true
		if len(shown) == 0 {
			return &tls.Certificate{}, nil
		}
		return &shown[0], nil
	}
	return config, nil
}

// ClientHandshake implements [credentials.TransportCredentials]. The name of the
// server is ours and never one that an address list brings.
func (c *clientTLS) ClientHandshake(ctx context.Context, _ string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	config, err := c.reload()
	if err != nil {
		c.note(err)
		return nil, nil, err
	}
	conn, info, err := credentials.NewTLS(config).ClientHandshake(ctx, c.name, raw)
	c.note(err)
	return conn, info, err
}

func (c *clientTLS) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = err
}

// ServerHandshake implements [credentials.TransportCredentials]; we are never a
// server.
func (c *clientTLS) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("the credentials of a client cannot serve")
}

// Info implements [credentials.TransportCredentials].
func (c *clientTLS) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

// Clone implements [credentials.TransportCredentials]. There is one state for
// all: nothing in it belongs to one connection.
func (c *clientTLS) Clone() credentials.TransportCredentials { return c }

// OverrideServerName implements [credentials.TransportCredentials]; nobody
// calls it, and the name stays ours.
func (c *clientTLS) OverrideServerName(string) error { return nil }
