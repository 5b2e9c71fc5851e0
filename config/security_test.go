package config_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestSecurityOfTheBlockSpark(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(valid+`
spark:
  remote: sc://spark.example.com:443
  tls: {ca-file: ca.pem, cert_file: c.pem, key_file: k.pem, server_name: spark.corp}
  token: ${TOKEN}
  allow_plaintext_token: true
`, "TOKEN", "s3cr3t")
	require.NoError(t, err)
	require.Equal(t, &config.TLS{CAFile: "ca.pem", CertFile: "c.pem", KeyFile: "k.pem", ServerName: "spark.corp"}, p.Spark.TLS)
	require.Equal(t, secrets.NewValue("s3cr3t"), p.Spark.Token)
	require.True(t, p.Spark.AllowPlaintextToken)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", p, p, p), "s3cr3t")

	p, err = parseYAML(valid + "spark: {remote: 'sc://h', tls: {}, token_command: [get-token, --for, spark]}\n")
	require.NoError(t, err)
	require.Equal(t, &config.TLS{}, p.Spark.TLS, "an empty block asks for TLS too")
	require.Equal(t, []string{"get-token", "--for", "spark"}, p.Spark.TokenCommand)

	p, err = parseYAML(valid + "spark: {remote: 'sc://h', token: ~, token_file: run/token, tls: ~}\n")
	require.NoError(t, err)
	require.Nil(t, p.Spark.TLS)
	require.Equal(t, "run/token", p.Spark.TokenFile)

	p, err = parseYAML(valid + "spark: {remote: 'sc://h', token: 12345678901234567890}\n")
	require.NoError(t, err)
	require.Equal(t, "12345678901234567890", p.Spark.Token.Reveal())

	_, err = parseYAML(valid + "spark: {token: '${?NO_TOKEN}', allow_plaintext_token: false}\n")
	require.NoError(t, err, "what is not set asks for nothing")
}

func TestSecurityFaults(t *testing.T) {
	t.Parallel()
	const only = "only for a server that is named by spark.remote; name the server there, or remove the key"
	for src, want := range map[string]string{
		"{token: s3cr3t}":                                       "p.yaml:3:9: spark.token: " + only,
		"{token_file: t}":                                       "p.yaml:3:9: spark.token_file: " + only,
		"{token-command: [a]}":                                  "p.yaml:3:9: spark.token-command: " + only,
		"{tls: {}}":                                             "p.yaml:3:9: spark.tls: " + only,
		"{allow_plaintext_token: true}":                         "p.yaml:3:9: spark.allow_plaintext_token: " + only,
		"{remote: 'sc://h', token: ''}":                         "p.yaml:3:34: spark.token: must not be empty",
		"{remote: 'sc://h', token: '${E}'}":                     "p.yaml:3:34: spark.token: must not be empty",
		"{remote: 'sc://h', token_file: ' '}":                   "p.yaml:3:39: spark.token_file: must not be empty",
		"{remote: 'sc://h', token_command: []}":                 "p.yaml:3:42: spark.token_command: must not be empty",
		"{remote: 'sc://h', token_command: get}":                `p.yaml:3:42: spark.token_command: want a list, found the text "get"; write ["get"]`,
		"{remote: 'sc://h', token: {a: s3cr3t}}":                "p.yaml:3:34: spark.token: want text, found a block",
		"{remote: 'sc://h', token: s3cr3t, token_file: f}":      "p.yaml:3:54: spark.token_file: given beside spark.token; keep one of them",
		"{remote: 'sc://h', token_file: f, token_command: [a]}": "p.yaml:3:57: spark.token_command: given beside spark.token_file; keep one of them",
		"{remote: 'sc://h', tls: {ca_file: ''}}":                "p.yaml:3:42: spark.tls.ca_file: must not be empty",
		"{remote: 'sc://h', tls: {cert_file: c}}":               "p.yaml:3:44: spark.tls.cert_file: wants key_file beside it; a certificate is shown with its key",
		"{remote: 'sc://h', tls: {key_file: k}}":                "p.yaml:3:43: spark.tls.key_file: wants cert_file beside it; a certificate is shown with its key",
		"{remote: 'sc://h', tls: {cafile: c}}":                  `p.yaml:3:33: spark.tls.cafile: unknown key; did you mean "ca_file"?`,
		"{remote: 'sc://h', tls: {insecure: true}}":             "p.yaml:3:33: spark.tls.insecure: unknown key; valid keys: ca_file, cert_file, key_file, server_name",
		"{remote: 'sc://h', tls: true}":                         "p.yaml:3:32: spark.tls: want a block, found true",
		"{remote: 'sc://h', allow_plaintext_token: 'yes'}":      `p.yaml:3:50: spark.allow_plaintext_token: want true or false, found the text "yes"; write true without quotes`,
	} {
		_, err := parseYAML(valid+"spark: "+src+"\n", "E", "")
		require.EqualError(t, err, want, src)
		require.NotContains(t, err.Error(), "s3cr3t")
	}
}

func TestKeysOfBrokenConnections(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(valid)
	require.NoError(t, err)
	require.Nil(t, p.Spark.ReconnectTimeout)
	require.Zero(t, p.Spark.SessionKeepalive)

	p, err = parseYAML(valid + "spark: {reconnect_timeout_seconds: 90, session_keepalive_seconds: 20m}\n")
	require.NoError(t, err)
	require.Equal(t, 90*time.Second, *p.Spark.ReconnectTimeout)
	require.Equal(t, 20*time.Minute, p.Spark.SessionKeepalive)

	p, err = parseYAML(valid + "spark: {reconnect_timeout_seconds: 0}\n")
	require.NoError(t, err)
	require.Zero(t, *p.Spark.ReconnectTimeout, "which is not at all")

	_, err = parseYAML(valid + "spark: {reconnect_timeout_seconds: -1}\n")
	require.ErrorContains(t, err, "spark.reconnect_timeout_seconds")
}
