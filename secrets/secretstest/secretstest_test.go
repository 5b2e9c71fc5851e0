package secretstest_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
)

func TestShows(t *testing.T) {
	t.Parallel()
	const secret = "p/ss w\"rd+1"
	for name, thing := range map[string]any{
		"text":        "x " + secret,
		"field":       struct{ Inner *struct{ Text string } }{&struct{ Text string }{secret}}.Inner,
		"hidden":      struct{ text string }{secret},
		"wrapped":     fmt.Errorf("short: %w", errors.New(secret)),
		"query":       "https://h/?p=" + url.QueryEscape(secret),
		"hexadecimal": []string{hex.EncodeToString([]byte(secret))},
		"bytes":       []byte(secret),
	} {
		require.NotEmpty(t, secretstest.Shows(thing, secret), name)
	}
	require.Empty(t, secretstest.Shows(fmt.Errorf("read: %w", errors.New("not found")), secret))
}
