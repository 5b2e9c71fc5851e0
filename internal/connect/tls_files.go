package connect

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// maxPEM is more than the certificates of every public authority together.
const maxPEM = 8 << 20

// readPEM reads a file of certificates or a key.
func readPEM(path string) ([]byte, error) { return readUpTo(path, maxPEM) }

// readUpTo reads a file and refuses one that is larger, or no file.
func readUpTo(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path) // first, since opening a pipe may block
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return text, nil
}

// addAuthorities adds the certificates of a PEM text to the pool and returns the
// time when the last of them expires. Its errors go on after the name of the
// text.
func addAuthorities(pool *x509.CertPool, text []byte) (time.Time, error) {
	var last time.Time
	rest, other := text, ""
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			other = block.Type
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return last, fmt.Errorf("holds a certificate that cannot be read: %w", err)
		}
		pool.AddCert(cert)
		last = later(last, cert.NotAfter)
	}
	switch {
	case last.IsZero() && other != "":
		return last, fmt.Errorf("holds no certificate but a block %q", other)
	case last.IsZero():
		return last, noPEM(text, "CERTIFICATE")
	case time.Now().After(last):
		return last, fmt.Errorf("holds only certificates that have expired, the last at %s", stamp(last))
	}
	return last, nil
}

// noPEM says what a text without PEM blocks is instead.
func noPEM(text []byte, want string) error {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return errors.New("is empty")
	case bytes.Contains(text, []byte("-----BEGIN")):
		return errors.New("holds a PEM block that is damaged or cut off")
	case text[0] == 0x30: // an ASN.1 sequence
		return errors.New("is not PEM but looks like DER; convert it with openssl x509 or openssl pkey")
	}
	return fmt.Errorf(`is not PEM: want a block that begins with "-----BEGIN %s-----"`, want)
}

// loadPair reads the certificate that we show and its key.
func loadPair(certFile, keyFile string) (*tls.Certificate, error) {
	cert, err := readPEM(certFile)
	if err != nil {
		return nil, fmt.Errorf("read the client certificate: %w", err)
	}
	key, err := readPEM(keyFile)
	if err != nil {
		return nil, fmt.Errorf("read the client key: %w", err)
	}
	if err := expectBlock(cert, "CERTIFICATE"); err != nil {
		return nil, fmt.Errorf("the client certificate %s %w", certFile, err)
	}
	if err := expectBlock(key, "PRIVATE KEY"); err != nil {
		return nil, fmt.Errorf("the client key %s %w", keyFile, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("the client certificate %s with the key %s: %w", certFile, keyFile, err)
	}
	if pair.Leaf == nil { // GODEBUG=x509keypairleaf=0 leaves it out
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return nil, fmt.Errorf("the client certificate %s cannot be read: %w", certFile, err)
		}
	}
	switch now := time.Now(); {
	case now.After(pair.Leaf.NotAfter):
		return nil, fmt.Errorf("the client certificate %s expired at %s", certFile, stamp(pair.Leaf.NotAfter))
	case now.Before(pair.Leaf.NotBefore):
		return nil, fmt.Errorf("the client certificate %s is not valid before %s; is the clock right?", certFile, stamp(pair.Leaf.NotBefore))
	}
	return &pair, nil
}

// expectBlock looks for a PEM block whose type ends in want.
func expectBlock(text []byte, want string) error {
	found := ""
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.Contains(block.Type, "ENCRYPTED") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return errors.New("is encrypted; give it without a passphrase, and let the file's permissions protect it")
		}
		if strings.HasSuffix(block.Type, want) {
			return nil
		}
		found = block.Type
	}
	if found != "" {
		return fmt.Errorf("holds no %s but a block %q", strings.ToLower(want), found)
	}
	return noPEM(text, want)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
