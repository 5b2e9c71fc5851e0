package disguise_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/disguise"
)

// finds reports whether a text has a form of the secret in it.
func finds(secret, text string) bool {
	return slices.ContainsFunc(disguise.Forms(secret), func(form string) bool { return strings.Contains(text, form) })
}

func TestForms(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"plain-secret", `p a/s+s%w"o'r\d&ü`, "line\nend<>", "1234"} {
		quoted, err := json.Marshal(secret)
		require.NoError(t, err)
		texts := []string{
			secret, "x" + secret + "y", hex.EncodeToString([]byte("a" + secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))), string(quoted), fmt.Sprintf("%q", secret),
			url.QueryEscape(secret), url.PathEscape(secret), "https://u:" + url.UserPassword("", secret).String()[1:] + "@h", (&url.URL{Path: "/" + secret}).String(),
			"'" + strings.ReplaceAll(secret, "'", "''") + "'", base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		}
		if len(secret) >= 8 { // a shorter one is too short a piece of Base64
			for _, before := range []string{"", "u", "us", "user:"} {
				texts = append(texts, base64.StdEncoding.EncodeToString([]byte(before+secret+"!")), base64.URLEncoding.EncodeToString([]byte(before+secret)))
			}
		}
		for _, text := range texts {
			require.True(t, finds(secret, text), "%q in %q", secret, text)
		}
		require.False(t, finds(secret, "nothing of it"))
	}
}

func TestShortSecretsHaveNoForms(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"", "a", "abc"} {
		require.Empty(t, disguise.Forms(secret))
	}
	for _, form := range disguise.Forms("é√") {
		require.GreaterOrEqual(t, len(form), disguise.Shortest)
	}
}
