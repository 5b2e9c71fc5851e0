package connect_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/internal/tlstest"
)

// fronted is a fake server behind TLS.
type fronted struct {
	*tlstest.Front
	server *fakeconnect.Server
}

func startFront(t testing.TB, config *tls.Config) *fronted {
	t.Helper()
	server := fakeconnect.Start(t)
	return &fronted{tlstest.Start(t, strings.TrimPrefix(server.Remote(), "sc://"), config), server}
}

// requireUntouched asserts that nothing of ours has reached the server.
func (f *fronted) requireUntouched(t *testing.T) {
	t.Helper()
	require.Zero(t, f.Received(), "bytes inside TLS")
	require.Empty(t, f.server.Requests())
}

// openTLS connects and closes with the test.
func openTLS(t testing.TB, remote string, opts *connect.Options) *connect.Conn {
	t.Helper()
	conn, err := connect.Open(t.Context(), remote, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) })
	return conn
}

func withTLS(settings connect.TLS) *connect.Options { return &connect.Options{TLS: &settings} }

func TestTLSWithAPrivateCA(t *testing.T) {
	t.Parallel()
	ca := tlstest.NewCA(t)
	front := startFront(t, ca.Server(t, nil))
	for name, opts := range map[string]*connect.Options{
		"file":           withTLS(connect.TLS{CAFile: ca.File(t)}),
		"text":           withTLS(connect.TLS{CAPEM: ca.PEM()}),
		"file and text":  withTLS(connect.TLS{CAFile: ca.File(t), CAPEM: tlstest.NewCA(t).PEM()}),
		"one of several": withTLS(connect.TLS{CAPEM: append(tlstest.NewCA(t).PEM(), ca.PEM()...)}),
	} {
		conn := openTLS(t, "sc://"+front.Addr(), opts)
		_, err := conn.Execute(t.Context(), sqlCommand(t, "SELECT 1"))
		require.NoError(t, err, name)
	}
	for _, state := range front.States() {
		require.GreaterOrEqual(t, state.Version, uint16(tls.VersionTLS12))
		require.Equal(t, "h2", state.NegotiatedProtocol)
	}
}

func TestTLSNames(t *testing.T) {
	t.Parallel()
	ca := tlstest.NewCA(t)
	front := startFront(t, ca.Server(t, &tlstest.Leaf{Names: []string{"spark.example.com", "127.0.0.1"}}))
	_, port, err := net.SplitHostPort(front.Addr())
	require.NoError(t, err)

	openTLS(t, "sc://127.0.0.1:"+port, withTLS(connect.TLS{CAFile: ca.File(t)}))
	openTLS(t, "sc://localhost:"+port, withTLS(connect.TLS{CAFile: ca.File(t), ServerName: "spark.example.com"}))
	openTLS(t, "sc://localhost:"+port, withTLS(connect.TLS{CAFile: ca.File(t), ServerName: "127.0.0.1"}))
	states := front.States()
	require.Empty(t, states[0].ServerName, "an address is not sent as a name")
	require.Equal(t, "spark.example.com", states[1].ServerName)
	require.Equal(t, []string{"spark.example.com"}, front.server.Requests()[1].Headers.Get(":authority"))
}

func TestTLSOverIPv6(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skipf("NOT RUN, there is no IPv6 here: %v", err)
	} else {
		require.NoError(t, l.Close())
	}
	ca := tlstest.NewCA(t)
	server := fakeconnect.Start(t)
	front := tlstest.StartOn(t, "[::1]:0", strings.TrimPrefix(server.Remote(), "sc://"), ca.Server(t, &tlstest.Leaf{Names: []string{"::1"}}))
	openTLS(t, "sc://"+front.Addr(), withTLS(connect.TLS{CAFile: ca.File(t)}))
	_, port, err := net.SplitHostPort(front.Addr())
	require.NoError(t, err)
	openTLS(t, "sc://[::1%lo]:"+port, withTLS(connect.TLS{CAFile: ca.File(t)}))
	openTLS(t, "sc://[0:0::1]:"+port+"/;use_ssl=true;token=t", withTLS(connect.TLS{CAFile: ca.File(t)}))
}

// TestServersThatAreNotTrusted also holds that nothing is sent to them: neither
// a request nor the token.
func TestServersThatAreNotTrusted(t *testing.T) {
	t.Parallel()
	ca, hour := tlstest.NewCA(t), time.Hour
	good := ca.Server(t, nil)
	old := good.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	noHTTP2 := good.Clone()
	noHTTP2.NextProtos = nil
	wantsCert := good.Clone()
	wantsCert.ClientAuth, wantsCert.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
	wantsCert12 := wantsCert.Clone()
	wantsCert12.MaxVersion = tls.VersionTLS12
	foreign, foreignKey := tlstest.NewCA(t).Issue(t, nil).Files(t, t.TempDir())
	tests := map[string]struct {
		server *tls.Config
		tls    connect.TLS
		want   []string
	}{
		"an authority of the system is asked": {good, connect.TLS{}, []string{"x509: ", "give the CA that signed the certificate of the server in tls.ca_file"}},
		"another authority": {
			good, connect.TLS{CAFile: tlstest.NewCA(t).File(t)},
			[]string{"signed by unknown authority", "not signed by the CA in tls.ca_file"},
		},
		"expired": {
			ca.Server(t, &tlstest.Leaf{NotAfter: time.Now().Add(-hour / 2)}), connect.TLS{CAFile: ca.File(t)},
			[]string{"certificate has expired", "renew the certificate of the server"},
		},
		"not valid yet": {
			ca.Server(t, &tlstest.Leaf{NotBefore: time.Now().Add(hour / 2)}), connect.TLS{CAFile: ca.File(t)},
			[]string{"is not yet valid", "is the clock of this machine right?"},
		},
		"another name": {
			ca.Server(t, &tlstest.Leaf{Names: []string{"a.example.com", "10.0.0.9"}}), connect.TLS{CAFile: ca.File(t)},
			[]string{"connect by a name of the certificate, or set tls.server_name to it: a.example.com, 10.0.0.9"},
		},
		"another name than the one asked for": {
			good, connect.TLS{CAFile: ca.File(t), ServerName: "spark.example.com"},
			[]string{"not spark.example.com", "set tls.server_name to it: localhost"},
		},
		"no client certificate":             {wantsCert, connect.TLS{CAFile: ca.File(t)}, []string{"the server asks for a client certificate: give tls.cert_file and tls.key_file"}},
		"no client certificate, TLS 1.2":    {wantsCert12, connect.TLS{CAFile: ca.File(t)}, []string{"the server asks for a client certificate"}},
		"client certificate of another CA":  {wantsCert, connect.TLS{CAFile: ca.File(t), CertFile: foreign, KeyFile: foreignKey}, []string{"does not accept the client certificate " + foreign}},
		"client certificate, other, TLS1.2": {wantsCert12, connect.TLS{CAFile: ca.File(t), CertFile: foreign, KeyFile: foreignKey}, []string{"does not accept the client certificate " + foreign}},
		"an old protocol":                   {old, connect.TLS{CAFile: ca.File(t)}, []string{"the server speaks no TLS 1.2 or newer"}},
		"no HTTP/2":                         {noHTTP2, connect.TLS{CAFile: ca.File(t)}, []string{"something with TLS but without HTTP/2 answers there"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			front := startFront(t, tt.server)
			_, err := connect.Open(t.Context(), "sc://"+front.Addr()+"/;token=s3cr3t", withTLS(tt.tls))
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "s3cr3t")
			var spark *component.SparkError
			require.ErrorAs(t, err, &spark)
			require.Equal(t, "Unavailable", spark.Code)
			front.requireUntouched(t)
		})
	}
}

func TestPlainTextAgainstTLS(t *testing.T) {
	t.Parallel()
	front := startFront(t, tlstest.NewCA(t).Server(t, nil))
	_, err := connect.Open(t.Context(), "sc://"+front.Addr(), nil)
	require.ErrorContains(t, err, "add use_ssl=true")
	front.requireUntouched(t)
}

func TestClientCertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	ca := tlstest.NewCA(t)
	config := ca.Server(t, nil)
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
	front := startFront(t, config)
	dir := t.TempDir()
	cert, key := ca.Issue(t, nil).Files(t, dir)
	conn := openTLS(t, "sc://"+front.Addr(), withTLS(connect.TLS{CAFile: ca.File(t), CertFile: cert, KeyFile: key}))
	again := func() {
		front.Break()
		require.Eventually(t, func() bool {
			_, err := conn.Analyze(t.Context(), &wire.AnalyzePlanRequest{
				Analyze: &wire.AnalyzePlanRequest_SparkVersion_{SparkVersion: &wire.AnalyzePlanRequest_SparkVersion{}},
			})
			return err == nil
		}, 10*time.Second, 10*time.Millisecond)
	}
	ca.Issue(t, nil).Files(t, dir)
	again()
	require.NoError(t, os.Remove(key), "half of the pair is away while somebody writes")
	again()
	states := front.States()
	require.Len(t, states, 3)
	first, second, third := states[0].PeerCertificates[0], states[1].PeerCertificates[0], states[2].PeerCertificates[0]
	require.NotEqual(t, first.Raw, second.Raw)
	require.Equal(t, second.Raw, third.Raw, "what was read last without fault serves")
}

func TestFaultsOfTLSFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	ca := tlstest.NewCA(t)
	pair, other := ca.Issue(t, nil), ca.Issue(t, nil)
	cert, key := pair.Files(t, dir)
	block, _ := pem.Decode(pair.Cert)
	expired := ca.Issue(t, &tlstest.Leaf{NotAfter: time.Now().Add(-time.Minute)})
	early := ca.Issue(t, &tlstest.Leaf{NotBefore: time.Now().Add(time.Minute)})
	caFile := func(name, text string) connect.TLS { return connect.TLS{CAFile: file(name, text)} }
	tests := map[string]struct {
		tls  connect.TLS
		want string
	}{
		"no CA file":         {connect.TLS{CAFile: dir + "/none.pem"}, "read the CA file: stat " + dir + "/none.pem: no such file or directory"},
		"CA is a folder":     {connect.TLS{CAFile: dir}, "read the CA file: " + dir + " is no regular file"},
		"CA is empty":        {caFile("empty.pem", " \n"), "the CA file " + dir + "/empty.pem is empty"},
		"CA is no PEM":       {caFile("text.pem", "hello"), `text.pem is not PEM: want a block that begins with "-----BEGIN CERTIFICATE-----"`},
		"CA is DER":          {caFile("ca.der", string(block.Bytes)), "ca.der is not PEM but looks like DER"},
		"CA is a key":        {connect.TLS{CAFile: key}, `the CA file ` + key + ` holds no certificate but a block "PRIVATE KEY"`},
		"CA is cut off":      {caFile("cut.pem", string(pair.Cert[:80])), "cut.pem holds a PEM block that is damaged or cut off"},
		"CA is garbage":      {caFile("bad.pem", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"), "bad.pem holds a certificate that cannot be read"},
		"CA has expired":     {connect.TLS{CAPEM: tlstest.NewCAUntil(t, time.Now().Add(-time.Minute)).PEM()}, "the CA text holds only certificates that have expired"},
		"CA text is no PEM":  {connect.TLS{CAPEM: []byte("/etc/ca.pem")}, "the CA text is not PEM"},
		"no certificate":     {connect.TLS{CertFile: dir + "/none.pem", KeyFile: key}, "read the client certificate: stat " + dir + "/none.pem: no such file"},
		"no key":             {connect.TLS{CertFile: cert, KeyFile: dir + "/none.pem"}, "read the client key: stat " + dir + "/none.pem: no such file"},
		"certificate alone":  {connect.TLS{CertFile: cert}, "the client certificate (cert_file) wants its key beside it (key_file)"},
		"key alone":          {connect.TLS{KeyFile: key}, "the client key (key_file) wants its certificate beside it (cert_file)"},
		"switched":           {connect.TLS{CertFile: key, KeyFile: cert}, "the client certificate " + key + ` holds no certificate but a block "PRIVATE KEY"`},
		"key of another":     {connect.TLS{CertFile: cert, KeyFile: file("other.pem", string(other.Key))}, "other.pem: tls: private key does not match public key"},
		"key is encrypted":   {connect.TLS{CertFile: cert, KeyFile: file("enc.pem", strings.ReplaceAll(string(pair.Key), "PRIVATE", "ENCRYPTED PRIVATE"))}, "enc.pem is encrypted; give it without a passphrase"},
		"key is garbage":     {connect.TLS{CertFile: cert, KeyFile: file("badkey.pem", "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n")}, "badkey.pem: tls: failed to parse private key"},
		"certificate is old": {connect.TLS{CertFile: file("old.pem", string(expired.Cert)), KeyFile: file("oldkey.pem", string(expired.Key))}, "old.pem expired at "},
		"certificate early":  {connect.TLS{CertFile: file("early.pem", string(early.Cert)), KeyFile: file("earlykey.pem", string(early.Key))}, "early.pem is not valid before "},
		"name with a port":   {connect.TLS{ServerName: "h:443"}, "server_name wants a host name alone"},
		"name is a URL":      {connect.TLS{ServerName: "https://h"}, "server_name wants a host name alone"},
	}
	front := startFront(t, ca.Server(t, nil))
	for name, tt := range tests {
		_, err := connect.Open(t.Context(), "sc://"+front.Addr(), withTLS(tt.tls))
		require.ErrorContains(t, err, tt.want, name)
		require.ErrorContains(t, err, "connect to Spark at sc://"+front.Addr(), name)
		require.NotContains(t, err.Error(), "aGVsbG8")
	}
	front.requireUntouched(t)
	require.Empty(t, front.Faults(), "nobody dials before the files are read")
}

func TestContradictions(t *testing.T) {
	t.Parallel()
	_, err := connect.Open(t.Context(), "sc://h/;use_ssl=false", withTLS(connect.TLS{}))
	require.ErrorContains(t, err, "use_ssl=false in the connection string contradicts the settings of TLS")
	_, err = connect.Open(t.Context(), "sc://h/;use_ssl=false;token=t", withTLS(connect.TLS{CertFile: "c", ServerName: "a b"}))
	for _, want := range []string{"contradicts", "wants its key", "host name alone"} {
		require.ErrorContains(t, err, want, "every fault at once")
	}
}
