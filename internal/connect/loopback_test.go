package connect_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

func TestLoopback(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"sc://localhost": true, "sc://LocalHost:1": true, "sc://127.0.0.1": true, "sc://127.1.2.3": true, "sc://[::1]": true,
		"sc://example.com": false, "sc://10.0.0.1": false, "sc://[2001:db8::1]": false, "sc://localhost.example.com": false,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			addr, err := connect.ParseAddress(text)
			require.NoError(t, err)
			require.Equal(t, want, addr.Loopback())
		})
	}
}
