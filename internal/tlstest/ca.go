package tlstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// CA is an authority that nobody else trusts.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Leaf says what a certificate is for. The zero value is good for localhost and
// the loopback addresses, from an hour ago until in an hour.
type Leaf struct {
	// Names are host names and IP addresses.
	Names []string
	// NotBefore and NotAfter bound its time.
	NotBefore, NotAfter time.Time
}

// NewCA makes an authority.
func NewCA(tb testing.TB) *CA {
	tb.Helper()
	return NewCAUntil(tb, time.Now().Add(time.Hour))
}

// NewCAUntil makes an authority whose certificate expires then.
func NewCAUntil(tb testing.TB, notAfter time.Time) *CA {
	tb.Helper()
	key := newKey(tb)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: notAfter.Add(-2 * time.Hour), NotAfter: notAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	return &CA{cert: sign(tb, template, template, key, key), key: key}
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func sign(tb testing.TB, template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) *x509.Certificate {
	tb.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return cert
}

// PEM is the authority's certificate.
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

// File is a file with the authority's certificate, for as long as the test runs.
func (ca *CA) File(tb testing.TB) string {
	tb.Helper()
	return write(tb, filepath.Join(tb.TempDir(), "ca.pem"), ca.PEM())
}

// Pool has the authority's certificate.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// Pair is a certificate with its key, in PEM.
type Pair struct{ Cert, Key []byte }

// Issue makes a certificate; nil is the zero [Leaf].
func (ca *CA) Issue(tb testing.TB, leaf *Leaf) Pair {
	tb.Helper()
	if leaf == nil {
		leaf = &Leaf{}
	}
	names, now := leaf.Names, time.Now()
	if names == nil {
		names = []string{"localhost", "127.0.0.1", "::1"}
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "test"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if !leaf.NotBefore.IsZero() {
		template.NotBefore = leaf.NotBefore
	}
	if !leaf.NotAfter.IsZero() {
		template.NotAfter = leaf.NotAfter
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	key := newKey(tb)
	cert := sign(tb, template, ca.cert, key, ca.key)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
}

// Files writes the pair into a folder, over what is there, and returns the paths.
func (p Pair) Files(tb testing.TB, dir string) (cert, key string) {
	tb.Helper()
	return write(tb, filepath.Join(dir, "cert.pem"), p.Cert), write(tb, filepath.Join(dir, "key.pem"), p.Key)
}

// Server is the TLS configuration of a server with a certificate of this
// authority.
func (ca *CA) Server(tb testing.TB, leaf *Leaf) *tls.Config {
	tb.Helper()
	pair := ca.Issue(tb, leaf)
	cert, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		tb.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
}

func write(tb testing.TB, path string, text []byte) string {
	tb.Helper()
	const private = 0o600
	if err := os.WriteFile(path, text, private); err != nil {
		tb.Fatal(err)
	}
	return path
}
