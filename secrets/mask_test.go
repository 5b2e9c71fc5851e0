package secrets_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestMask(t *testing.T) {
	t.Parallel()
	var m secrets.Mask
	require.Equal(t, "p@ss wörd", m.Text("p@ss wörd"))
	for _, secret := range []string{"p@ss/w\"ö rd+\n", "plain", "plain-and-longer"} {
		m.Add(secrets.NewValue(secret))
		quoted := strconv.Quote(secret)
		for _, form := range []string{
			secret, quoted[1 : len(quoted)-1], base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
			hex.EncodeToString([]byte(secret)), url.QueryEscape(secret), url.PathEscape(secret), strings.TrimSpace(secret),
		} {
			require.Equal(t, "x [REDACTED] y", m.Text("x "+form+" y"), form)
		}
	}
	require.Equal(t, "x [REDACTED]", m.Text("x plain-and-longer"))
}

func TestMaskLeavesShortSecretsAlone(t *testing.T) {
	t.Parallel()
	var m secrets.Mask
	m.Add(secrets.NewValue("abc"))
	m.Add(secrets.Value{})
	require.Equal(t, "abc of the alphabet", m.Text("abc of the alphabet"))
	require.Equal(t, "text", (*secrets.Mask)(nil).Text("text"))
}

func TestMaskAtTheSameTime(t *testing.T) {
	t.Parallel()
	var m secrets.Mask
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			secret := "secret-" + strconv.Itoa(i+100)
			m.Add(secrets.NewValue(secret))
			require.Equal(t, "[REDACTED]", m.Text(secret))
		})
	}
	wait.Wait()
}
