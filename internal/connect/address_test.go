package connect_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	tests := map[string]connect.Address{
		"sc://localhost":         {Host: "localhost", Port: 15002},
		"sc://localhost/":        {Host: "localhost", Port: 15002},
		"sc://10.0.0.1:443":      {Host: "10.0.0.1", Port: 443},
		"sc://[::1]:15002":       {Host: "::1", Port: 15002},
		"sc://[::1]":             {Host: "::1", Port: 15002},
		"sc://h:1/;use_ssl=true": {Host: "h", Port: 1, TLS: true},
		"sc://h:1/;token=s3cr3t": {Host: "h", Port: 1, TLS: true, Token: "s3cr3t"},
		"sc://localhost:1/;token=s3cr3t;use_ssl=false": {
			Host: "localhost", Port: 1, Token: "s3cr3t",
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
		"":                                   `must begin with "sc://"`,
		"localhost:15002":                    `must begin with "sc://"`,
		"http://localhost":                   `must begin with "sc://"`,
		"sc://":                              "has no host",
		"sc://:15002":                        "has no host",
		"sc://h:0":                           `port "0"`,
		"sc://h:70000":                       `port "70000"`,
		"sc://h:x":                           `port "x"`,
		"sc://::1:15002":                     "put an IPv6 address in brackets",
		"sc://0[0":                           "brackets go around an IPv6 address only",
		"sc://[host]:1":                      "brackets go around an IPv6 address only",
		"sc://h:1/path":                      "no path",
		"sc://h;token=s3cr3t":                "parameters begin with",
		"sc://user@h":                        "character that no host has",
		"sc://h/;token":                      "is not key=value",
		"sc://h/;=x":                         "is not key=value",
		"sc://h/;use_ssl=maybe":              "wants true or false",
		"sc://h/;a=1;a=2":                    "stands twice",
		"sc://h/;a=%zz":                      "wrong %-escape",
		"sc://h/;token=s3cr3t;use_ssl=false": "must not travel unencrypted",
		"sc://h/;session_id=x":               `"session_id"`,
		"sc://h/;grpc-x=1":                   "gRPC keeps",
		"sc://h/;a b=1":                      "cannot be a header",
		"sc://h/;a=%0a":                      "no header can carry",
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

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"sc://h:1/;a=b;token=x", "sc://[::1]:2", "sc://", "sc://h/;%=%41", "sc://a:b:c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr, err := connect.ParseAddress(text)
		if err != nil {
			return
		}
		require.NotEmpty(t, addr.Host)
		require.NotZero(t, addr.Port)
		if addr.Token != "" && !addr.TLS {
			require.True(t, addr.Loopback())
		}
		again, err := connect.ParseAddress(addr.String())
		require.NoError(t, err)
		require.Equal(t, addr.Endpoint(), again.Endpoint())
		require.True(t, strings.HasPrefix(addr.String(), "sc://"))
	})
}
