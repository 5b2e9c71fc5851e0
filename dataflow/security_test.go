package dataflow_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/internal/tlstest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestConnectWithClientCertificateAndToken(t *testing.T) {
	t.Parallel()
	ca := tlstest.NewCA(t)
	config := ca.Server(t, &tlstest.Leaf{Names: []string{"spark.example.com"}})
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
	server := fakeconnect.Start(t)
	front := tlstest.Start(t, strings.TrimPrefix(server.Remote(), "sc://"), config)
	cert, key := ca.Issue(t, nil).Files(t, t.TempDir())
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("from-file\n"), 0o600))
	settings := &dataflow.TLSOptions{CAFile: ca.File(t), CertFile: cert, KeyFile: key, ServerName: "spark.example.com"}
	for want, tokens := range map[string]dataflow.TokenOptions{
		"from-value":   {Value: secrets.NewValue("from-value")},
		"from-file":    {File: token},
		"from-command": {Command: []string{"echo", "from-command"}},
		"from-source":  {Source: func(context.Context) (string, error) { return "from-source", nil }},
	} {
		before := len(server.Requests())
		spark := connectTo(t, "sc://"+front.Addr(), &dataflow.ConnectOptions{TLS: settings, Token: tokens})
		require.NoError(t, spark.Exec(t.Context(), "DROP TABLE t"))
		for _, r := range server.Requests()[before:] {
			require.Equal(t, []string{"Bearer " + want}, r.Headers.Get("authorization"))
		}
	}
	for _, state := range front.States() {
		require.Len(t, state.PeerCertificates, 1)
		require.Equal(t, "spark.example.com", state.ServerName)
	}

	arrived := len(server.Requests())
	closed := tlstest.Start(t, strings.TrimPrefix(server.Remote(), "sc://"), config)
	_, err := dataflow.Connect(t.Context(), "sc://"+closed.Addr()+"/;token=t", &dataflow.ConnectOptions{
		TLS: &dataflow.TLSOptions{CAPEM: ca.PEM(), ServerName: "spark.example.com"},
	})
	require.ErrorContains(t, err, "the server asks for a client certificate: give tls.cert_file and tls.key_file")
	require.Len(t, server.Requests(), arrived)
	require.Zero(t, closed.Received())
}

func TestConnectOptionsValidate(t *testing.T) {
	t.Parallel()
	secret := dataflow.TokenOptions{Value: secrets.NewValue("s3cr3t")}
	tests := map[string]struct {
		remote string
		opts   *dataflow.ConnectOptions
		want   string // "" for no fault
	}{
		"nothing":        {"sc://h", nil, ""},
		"address":        {"h", nil, `must begin with "sc://"`},
		"plain token":    {"sc://h/;use_ssl=false;token=s3cr3t", nil, "a token must not travel unencrypted"},
		"allowed":        {"sc://h/;use_ssl=false;token=s3cr3t", &dataflow.ConnectOptions{Token: dataflow.TokenOptions{AllowPlaintext: true}}, ""},
		"two tokens":     {"sc://h/;token=s3cr3t", &dataflow.ConnectOptions{Token: secret}, "there are two tokens"},
		"no program":     {"sc://h", &dataflow.ConnectOptions{Token: dataflow.TokenOptions{Command: []string{}}}, "names no program"},
		"files unseen":   {"sc://h", &dataflow.ConnectOptions{TLS: &dataflow.TLSOptions{CAFile: "/none"}, Token: dataflow.TokenOptions{File: "/none"}}, ""},
		"plain with TLS": {"sc://h/;use_ssl=false", &dataflow.ConnectOptions{TLS: &dataflow.TLSOptions{}}, "contradicts the settings of TLS"},
		"header":         {"sc://h", &dataflow.ConnectOptions{Headers: map[string]string{"authorization": "s3cr3t"}}, "a token must not travel unencrypted"},
	}
	for name, tt := range tests {
		err := tt.opts.Validate(tt.remote)
		if tt.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tt.want, name)
		require.NotContains(t, err.Error(), "s3cr3t", name)
		_, connected := dataflow.Connect(t.Context(), tt.remote, tt.opts)
		require.ErrorContains(t, connected, tt.want, name)
	}
}

func TestTokenOfTheOptionsIsNeitherPrintedNorLogged(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-s3nt1n3l"
	core, logs := observer.New(zap.DebugLevel)
	server := fakeconnect.Start(t)
	opts := &dataflow.ConnectOptions{Token: dataflow.TokenOptions{Value: secrets.NewValue(secret)}, Logger: zap.New(core)}
	_, err := dataflow.Connect(t.Context(), server.Remote(), opts)
	require.ErrorContains(t, err, "the server speaks plain text")
	spark := connectTo(t, server.Remote()+"/;use_ssl=false", opts)
	text := fmt.Sprintf("%v %+v %#v %v %+v %#v %v %+v", opts, *opts, *opts, spark, spark, opts.Token, err, err)
	for _, entry := range logs.All() {
		text += fmt.Sprintf("%s %+v", entry.Message, entry.ContextMap())
	}
	require.NotContains(t, text, secret)
}
