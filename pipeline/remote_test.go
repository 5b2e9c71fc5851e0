package pipeline_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/internal/tlstest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/secrets"
)

const showComponents = "name: p\ncomponents: [{name: a, type: show, config: {input_view: v}}]\n"

func TestOpenerWithTLSAndTokenOfTheFile(t *testing.T) {
	t.Parallel()
	ca := tlstest.NewCA(t)
	server := fakeconnect.Start(t)
	front := tlstest.Start(t, strings.TrimPrefix(server.Remote(), "sc://"), ca.Server(t, &tlstest.Leaf{Names: []string{"spark.corp"}}))
	for name, token := range map[string]string{
		"value":   "token: t0ken",
		"file":    "token_file: run/token",
		"command": "token_command: [run/get-token, t0ken]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := writeFile(t, "p.yaml", showComponents+"spark: {remote: 'sc://"+front.Addr()+"', tls: {ca_file: run/ca.pem, server_name: spark.corp}, "+token+"}\n")
			run := filepath.Join(filepath.Dir(file), "run")
			require.NoError(t, os.Mkdir(run, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(run, "ca.pem"), ca.PEM(), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(run, "token"), []byte("t0ken\n"), 0o600))
			// A child of another test would keep the file open for writing, and Linux runs no such file.
			syscall.ForkLock.RLock()
			err := os.WriteFile(filepath.Join(run, "get-token"), []byte("#!/bin/sh\necho \"$1\"\n"), 0o700) //nolint:gosec // a program
			syscall.ForkLock.RUnlock()
			require.NoError(t, err)
			p, err := pipeline.FromFile(file, builtins(t), nil)
			require.NoError(t, err)
			session, err := pipeline.Opener{}.Open(t.Context(), p)
			require.NoError(t, err)
			require.NoError(t, session.Close(t.Context()))
		})
	}
	t.Cleanup(func() {
		for _, r := range server.Requests() {
			require.Equal(t, []string{"Bearer t0ken"}, r.Headers.Get("authorization"))
		}
		require.NotEmpty(t, server.Requests())
	})
}

func TestFilesOfTLSThatAreNotThere(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "p.yaml", showComponents+"spark: {remote: 'sc://localhost:1', tls: {ca_file: no/ca.pem}}\n")
	p, err := pipeline.FromFile(file, builtins(t), nil)
	require.NoError(t, err, "files need not be there where a pipeline is only checked")
	_, err = pipeline.Opener{}.Open(t.Context(), p)
	require.EqualError(t, err, "spark.remote: connect to Spark at sc://localhost:1: read the CA file: stat no/ca.pem: no such file or directory")
}

func TestTheConnectionStringIsCheckedWithTheFile(t *testing.T) {
	t.Parallel()
	for spark, want := range map[string]string{
		"remote: 'sc://h:0'":                                 `spark.remote: the port "0" of the connection string is not a number from 1 to 65535`,
		"remote: 'sc://h/;token=hush;use_ssl=false'":         "spark.remote: a token must not travel unencrypted to another machine",
		"remote: 'sc://h/;token=hush', token_file: f":        "spark.remote: there are two tokens, token in the connection string and token_file; keep one of them",
		"remote: 'sc://h/;use_ssl=false', tls: {}":           "spark.remote: use_ssl=false in the connection string contradicts the settings of TLS",
		"remote: 'sc://h', tls: {server_name: 'h:443'}":      "spark.remote: server_name wants a host name alone",
		"remote: 'sc://h', token: \"hush\\nhush\"":           "spark.remote: the token has more than one line",
		"remote: 'sc://h/;use_ssl=false', token: hush":       "a token must not travel unencrypted",
		"remote: 'sc://h/;session_id=hush', tls: {}":         `the parameter "session_id" of the connection string wants a UUID`,
		"remote: 'sc://h', tls: {}, token_command: ['', -x]": "token_command wants a program and its arguments, and names no program",
	} {
		_, err := pipeline.FromFile(writeFile(t, "p.yaml", showComponents+"spark: {"+spark+"}\n"), builtins(t), nil)
		require.ErrorContains(t, err, want, spark)
		require.NotContains(t, err.Error(), "hush")
	}
	_, err := pipeline.FromFile(writeFile(t, "p.yaml", showComponents+
		"spark: {remote: 'sc://h/;use_ssl=false', token: hush, allow_plaintext_token: true}\n"), builtins(t), nil)
	require.NoError(t, err)
}

func TestATokenWithoutItsServer(t *testing.T) {
	server := fakeconnect.Start(t)
	for _, remote := range []string{"", server.Remote()} {
		t.Setenv("SPARK_REMOTE", remote)
		for want, spark := range map[string]config.Spark{
			"spark.token: only":                 {Token: secrets.NewValue("hush")},
			"spark.token_file: only":            {TokenFile: "f"},
			"spark.token_command: only":         {TokenCommand: []string{"c"}},
			"spark.tls: only":                   {TLS: &config.TLS{}},
			"spark.allow_plaintext_token: only": {AllowPlaintextToken: true},
		} {
			_, err := pipeline.Opener{}.Open(t.Context(), on(spark))
			require.ErrorContains(t, err, want+" for a server that is named by spark.remote")
			require.NotContains(t, err.Error(), "hush")
		}
	}
	require.Empty(t, server.Requests(), "a token does not go to whichever server the environment names")
}
