package connect

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// hint is the advice for a connection that was not made, or empty. text is what
// gRPC says about it, which holds our error but not its type; answered is true
// when the server has answered before.
func (s *security) hint(text string, answered bool) string {
	if strings.Contains(text, "failed to do connect handshake") {
		return "that is the answer of the proxy in HTTPS_PROXY; name the server in NO_PROXY to go past it"
	}
	if s == nil || s.tls == nil {
		return ""
	}
	s.tls.mu.Lock()
	failed, asked := s.tls.failed, s.tls.asked
	s.tls.mu.Unlock()
	if failed != nil && strings.Contains(text, failed.Error()) {
		return s.tls.verifyHint(failed, asked)
	}
	return s.tls.alertHint(text, asked, answered)
}

// verifyHint is the advice for a certificate of the server that we refuse.
func (c *clientTLS) verifyHint(err error, asked bool) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown) && c.private:
		return "the certificate of the server is not signed by the CA in tls.ca_file; is it the CA of this server?"
	case errors.As(err, &unknown):
		return "give the CA that signed the certificate of the server in tls.ca_file"
	case errors.As(err, &name):
		return nameHint(name)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "renew the certificate of the server; is the clock of this machine right?"
	case errors.As(err, &record):
		return "the server speaks plain text: write use_ssl=false in the connection string, or put TLS in front of the server"
	case strings.Contains(err.Error(), "missing selected ALPN"):
		return "something with TLS but without HTTP/2 answers there: check the port, or switch HTTP/2 on in the proxy before the server"
	}
	return c.alertHint(err.Error(), asked, false)
}

func nameHint(err x509.HostnameError) string {
	names := slices.Clone(err.Certificate.DNSNames)
	for _, ip := range err.Certificate.IPAddresses {
		names = append(names, ip.String())
	}
	const shown = 3
	if len(names) == 0 {
		return "the certificate of the server has no name; it needs one as subject alternative name"
	}
	if len(names) > shown {
		names = append(names[:shown], "...")
	}
	return fmt.Sprintf("connect by a name of the certificate, or set tls.server_name to it: %s", strings.Join(names, ", "))
}

// alertHint is the advice for what the server says about our part of the
// handshake. With TLS 1.3 it says so after the handshake, and when it hangs up at
// once we may hear of that only.
func (c *clientTLS) alertHint(text string, asked, answered bool) string {
	shown := c.settings.CertFile != ""
	alert := strings.Contains(text, "remote error: tls: ")
	hungUp := !answered && slices.ContainsFunc([]string{"error reading server preface", "broken pipe", "connection reset", "EOF"},
		func(sign string) bool { return strings.Contains(text, sign) })
	switch {
	case strings.Contains(text, "protocol version not supported"):
		return "the server speaks no TLS 1.2 or newer"
	case strings.Contains(text, "remote error: tls: certificate required"), asked && !shown && (alert || hungUp):
		return "the server asks for a client certificate: give tls.cert_file and tls.key_file"
	case shown && strings.Contains(text, "remote error: tls: expired certificate"):
		return "the client certificate " + c.settings.CertFile + " has expired"
	case asked && shown && (alert || hungUp):
		return "the server does not accept the client certificate " + c.settings.CertFile + "; is it signed by the CA that the server trusts?"
	}
	return ""
}
