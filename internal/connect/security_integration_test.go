package connect_test

import (
	"context"
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/internal/tlstest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// realQuery runs a query of one row.
func realQuery(t *testing.T, conn *connect.Conn) error {
	t.Helper()
	_, err := conn.Execute(t.Context(), sqlCommand(t, "SELECT 1"))
	return err
}

func TestRealServerBehindTLS(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		addr, err := connect.ParseAddress(remote)
		require.NoError(t, err)
		ca := tlstest.NewCA(t)
		config := ca.Server(t, &tlstest.Leaf{Names: []string{"spark.example.com"}})
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
		front := tlstest.Start(t, addr.Endpoint(), config)
		cert, key := ca.Issue(t, nil).Files(t, t.TempDir())
		settings := connect.TLS{CAFile: ca.File(t), CertFile: cert, KeyFile: key, ServerName: "spark.example.com"}

		conn := openTLS(t, "sc://"+front.Addr(), withTLS(settings))
		require.NoError(t, realQuery(t, conn))
		front.Break()
		require.NoError(t, realQuery(t, conn), "the connection is made anew, with TLS")
		for _, state := range front.States() {
			require.Len(t, state.PeerCertificates, 1)
		}

		refused := tlstest.Start(t, addr.Endpoint(), config)
		for _, wrong := range []connect.TLS{
			{}, {CAFile: settings.CAFile, ServerName: "spark.example.com"},
			{CAFile: settings.CAFile, CertFile: cert, KeyFile: key},
		} {
			_, err := connect.Open(t.Context(), "sc://"+refused.Addr()+"/;token=t", withTLS(wrong))
			require.Error(t, err)
		}
		require.Zero(t, refused.Received())
		_, err = connect.Open(t.Context(), remote+"/;use_ssl=true", nil)
		require.ErrorContains(t, err, "the server speaks plain text")
	})
}

func TestRealServerThatAsksForAToken(t *testing.T) {
	sparktest.Remote(t) // says that a Spark can be had here
	const token = "r3al-t0ken"
	server, err := localspark.Start(t.Context(), &localspark.Options{
		Master: "local[1]", Conf: map[string]string{"spark.connect.authenticate.token": token, "spark.driver.memory": "1g"},
		Env: append(os.Environ(), sparktest.EnvRemote+"="), // a server of our own, whatever is named
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	plain := server.Remote() + "/;use_ssl=false"

	for name, remote := range map[string]string{
		"none": plain, "wrong": plain + ";token=wr0ng",
	} {
		_, err := connect.Open(t.Context(), remote, nil)
		var spark *component.SparkError
		require.ErrorAs(t, err, &spark, name)
		require.Equal(t, "Unauthenticated", spark.Code, name)
		require.Equal(t, name == "none", strings.Contains(err.Error(), "the server asks for a token"), err)
		require.NotContains(t, err.Error(), "wr0ng")
	}
	require.NoError(t, realQuery(t, openTLS(t, plain+";token="+token, nil)))
	require.NoError(t, realQuery(t, openTLS(t, plain, withToken(connect.Token{Command: []string{"echo", token}}))))

	t.Run("rotation", func(t *testing.T) {
		file := tokenFile(t, token)
		var asked atomic.Int32
		for name, from := range map[string]connect.Token{
			"file": {File: file},
			"source": {Source: func(context.Context) (string, error) {
				if asked.Add(1) == 1 {
					return "the-one-before", nil
				}
				return token, nil
			}},
		} {
			conn := openTLS(t, plain, withToken(from))
			require.NoError(t, realQuery(t, conn), name)
			require.NoError(t, realQuery(t, conn), name)
		}
		conn := openTLS(t, plain, withToken(connect.Token{File: file}))
		require.NoError(t, os.WriteFile(file, []byte("wr0ng"), 0o600))
		require.Eventually(t, func() bool { return realQuery(t, conn) != nil }, 10*time.Second, 100*time.Millisecond, "the file is read again")
		require.NoError(t, os.WriteFile(file, []byte(token), 0o600))
		require.NoError(t, realQuery(t, conn), "a token that was refused is read anew at once")
	})
	t.Run("behind TLS", func(t *testing.T) {
		ca := tlstest.NewCA(t)
		addr, err := connect.ParseAddress(server.Remote())
		require.NoError(t, err)
		front := tlstest.Start(t, addr.Endpoint(), ca.Server(t, nil))
		opts := withTLS(connect.TLS{CAFile: ca.File(t)})
		require.NoError(t, realQuery(t, openTLS(t, "sc://"+front.Addr()+"/;token="+token, opts)))

		opts = withTLS(connect.TLS{CAFile: filepath.Join(t.TempDir(), "none.pem")})
		opts.Token = &connect.Token{Value: secrets.NewValue(token)}
		_, err = connect.Open(t.Context(), "sc://"+front.Addr(), opts)
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("environment", func(t *testing.T) {
		t.Setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", token)
		require.NoError(t, realQuery(t, openTLS(t, server.Remote(), nil)))
	})
}
