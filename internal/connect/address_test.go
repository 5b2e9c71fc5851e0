package connect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	tests := map[string]connect.Address{
		"sc://localhost":          {Host: "localhost", Port: 15002},
		"sc://localhost/":         {Host: "localhost", Port: 15002},
		"sc://10.0.0.1:443":       {Host: "10.0.0.1", Port: 443},
		"sc://[::1]:15002":        {Host: "::1", Port: 15002},
		"sc://[::1]":              {Host: "::1", Port: 15002},
		"sc://h:1/;use_ssl=true":  {Host: "h", Port: 1, TLS: true},
		"sc://h:1/;token=s3cr3t":  {Host: "h", Port: 1, TLS: true, Token: secrets.NewValue("s3cr3t")},
		"sc://h:1/;use_ssl=false": {Host: "h", Port: 1, PlainText: true},
		"sc://localhost:1/;token=s3cr3t;use_ssl=false": {
			Host: "localhost", Port: 1, PlainText: true, Token: secrets.NewValue("s3cr3t"),
		},
		"sc://h/;use_ssl=false;token=a%3Bb%3D=": {Host: "h", Port: 15002, PlainText: true, Token: secrets.NewValue("a;b==")},
		"sc://[fe80::1%eth0]:7":                 {Host: "fe80::1%eth0", Port: 7},
		"sc://h/;session_id=3f2504e0-4f89-41d3-9a0c-0305e82c3301": {
			Host: "h", Port: 15002, SessionID: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
		},
		"sc://dbc-1.cloud.databricks.com:443/;token=s3cr3t;x-databricks-cluster-id=0123-abc": {
			Host: "dbc-1.cloud.databricks.com", Port: 443, TLS: true, Token: secrets.NewValue("s3cr3t"),
			Headers: map[string]string{"x-databricks-cluster-id": "0123-abc"},
		},
		"sc://h/;user_id=ann;user_agent=etl%2F1;x-cluster=a%20b;": {
			Host: "h", Port: 15002, UserID: "ann", UserAgent: "etl/1", Headers: map[string]string{"x-cluster": "a b"},
		},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := connect.ParseAddress(text)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestParseAddressFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                              `must begin with "sc://"`,
		"localhost:15002":               `must begin with "sc://"`,
		"http://localhost":              `must begin with "sc://"`,
		"sc://":                         "has no host",
		"sc://:15002":                   "has no host",
		"sc://h:0":                      `the port "0" of`,
		"sc://h:70000":                  `the port "70000" of`,
		"sc://h:x":                      `the port "x" of`,
		"sc://h:s3cr3t":                 "the port of the connection string is not a number",
		"sc://::1:15002":                "put an IPv6 address in brackets",
		"sc://a:s3cr3t:1":               "put an IPv6 address in brackets",
		"sc://0[0":                      "brackets go around an IPv6 address only",
		"sc://[host]:1":                 "brackets go around an IPv6 address only",
		"sc://h%41:1":                   `only the zone of an IPv6 address begins with one`,
		"sc://h:1/path":                 "no path",
		"sc://h;token=s3cr3t":           "parameters begin with",
		"sc://h:1,token=s3cr3t":         "parameters begin with",
		"sc://h:1&token=s3cr3t":         "parameters begin with",
		"sc://user@h":                   "character that no host has",
		"sc://user:s3cr3t@h":            "character that no host has",
		"sc://h/;token":                 "is not key=value",
		"sc://h/;token=a;s3cr3t":        "is not key=value",
		"sc://h/;=x":                    "is not key=value",
		"sc://h/;token:s3cr3t==":        "cannot be a header",
		"sc://h/;use_ssl=maybe":         "wants true or false",
		"sc://h/;use_ssl=":              "wants true or false",
		"sc://h/;a=1;a=2":               "stands twice",
		"sc://h/;a=1;A=2":               "stands twice",
		"sc://h/;a=%zz":                 "wrong %-escape",
		"sc://h/;token=":                `"token" of the connection string is empty`,
		"sc://h/;token=s3cr3t%0a":       "has more than one line",
		"sc://h/;token=s3cr3t%00":       "no header can carry",
		"sc://h/;token=%20s3cr3t":       "begins or ends with a space",
		"sc://h/;token=Bearer%20s3cr3t": `begins with the word "Bearer"`,
		"sc://h/;Token=s3cr3t":          `"Token" of the connection string is written "token"`,
		"sc://h/;to-ken=s3cr3t":         `is written "token"`,
		"sc://h/;use-ssl=true":          "TLS is use_ssl=true",
		"sc://h/;tls=true":              "TLS is use_ssl=true",
		"sc://h/;USER_ID=ann":           `is written "user_id"`,
		"sc://h/;user_id=%ff":           "bytes that are no text",
		"sc://h/;user_agent=a%0ab":      "bytes that are no text",
		"sc://h/;user_agent=" + strings.Repeat("a", 2049):           "longer than 2048 bytes",
		"sc://h/;session_id=x":                                      "wants a UUID",
		"sc://h/;session_id=3f2504e04f8941d39a0c0305e82c3301":       "wants a UUID",
		"sc://h/;session_id={3f2504e0-4f89-41d3-9a0c-0305e82c3301}": "wants a UUID",
		"sc://h/;grpc-x=1":                                          "gRPC keeps",
		"sc://h/;a b=1":                                             "cannot be a header",
		"sc://h/;a=%0a":                                             "no header can carry",
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := connect.ParseAddress(text)
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

func TestAddressIsPrintedWithoutParameters(t *testing.T) {
	t.Parallel()
	addr, err := connect.ParseAddress("sc://h:1/;token=s3cr3t;x-key=s3cr3t")
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		require.NotContains(t, fmt.Sprintf(verb, addr), "s3cr3t", verb)
		require.NotContains(t, fmt.Sprintf(verb, &addr), "s3cr3t", verb)
		require.NotContains(t, fmt.Sprintf(verb, struct{ a connect.Address }{addr}.a), "s3cr3t", verb)
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{
		"sc://h:1/;a=b;token=x", "sc://[::1]:2", "sc://[fe80::1%a]:2", "sc://", "sc://h/;%=%41", "sc://a:b:c",
		"sc://h/;session_id=3f2504e0-4f89-41d3-9a0c-0305e82c3301;use_ssl=false;user_agent=a", "sc://unix:1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const secret = "pa55-W0RD"
		for _, with := range []string{
			text, text + ";token=" + secret, text + "/;token=" + secret, text + "/;x-key=" + secret + "%", text + "/;session_id=" + secret,
			text + "/;token=" + secret + ";", text + "/;use_ssl=" + secret, text + "/;user_id=" + secret + "%0a",
		} {
			addr, err := connect.ParseAddress(with)
			if err != nil {
				require.NotContains(t, err.Error(), secret)
				continue
			}
			require.NotEmpty(t, addr.Host)
			require.NotZero(t, addr.Port)
			require.False(t, addr.TLS && addr.PlainText)
			require.True(t, addr.Token.IsZero() || addr.TLS || addr.PlainText)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", addr, addr, addr), secret)
			again, err := connect.ParseAddress(addr.String())
			require.NoError(t, err)
			require.Equal(t, addr.Endpoint(), again.Endpoint())
			require.True(t, strings.HasPrefix(addr.String(), "sc://"))
		}
	})
}
