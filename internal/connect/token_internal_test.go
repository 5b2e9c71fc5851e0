package connect

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// The times after which a token is fetched anew cannot be seen from outside
// without waiting for them.

func writeToken(t testing.TB, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestFileTokenIsReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	writeToken(t, path, "one\n")
	synctest.Test(t, func(t *testing.T) {
		f, err := openFileToken(path)
		require.NoError(t, err)
		want := func(token string, fresh bool) {
			t.Helper()
			got, err := f.token(t.Context(), fresh)
			require.NoError(t, err)
			require.Equal(t, token, got)
		}
		writeToken(t, path, "two\r\n")
		want("one", false)
		want("two", true)
		writeToken(t, path, "six")
		time.Sleep(fileInterval)
		want("six", false)

		writeToken(t, path, "") // somebody begins to write
		time.Sleep(fileInterval)
		want("six", false)
		_, err = f.token(t.Context(), true)
		require.ErrorContains(t, err, "the token in the file "+path+" is empty")
		writeToken(t, path, "ten")
		want("ten", false)

		require.NoError(t, os.Remove(path))
		time.Sleep(fileGrace)
		want("ten", false)
		time.Sleep(fileInterval)
		_, err = f.token(t.Context(), false)
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, "read the token file: stat "+path)
		writeToken(t, path, "back")
		want("back", false)
	})
}

func TestCommandTokenIsKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when synctest begins
	jwt := func(after time.Duration) string {
		return "e30." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, now.Add(after).Unix())) + ".c2ln"
	}
	tests := map[string]struct {
		token  string
		kept   time.Duration
		serves time.Duration // how long when later runs fail
	}{
		"opaque":         {"abc", CommandInterval, 2 * CommandInterval},
		"JWT":            {jwt(20 * time.Minute), 19 * time.Minute, 20 * time.Minute},
		"JWT for long":   {jwt(10 * time.Hour), time.Hour, 10 * time.Hour},
		"JWT for short":  {jwt(30 * time.Second), commandPause, 30 * time.Second},
		"JWT is over":    {jwt(-time.Hour), commandPause, commandPause},
		"JWT without":    {"e30.e30.c2ln", CommandInterval, 2 * CommandInterval},
		"JWT broken":     {"e30.!!.c2ln", CommandInterval, 2 * CommandInterval},
		"JWT far off":    {"e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1e300}`)) + ".c2ln", CommandInterval, 2 * CommandInterval},
		"JWT with words": {"e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":"soon"}`)) + ".c2ln", CommandInterval, 2 * CommandInterval},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &commandToken{}
				_, err := c.take(tt.token, nil, false)
				require.NoError(t, err)
				require.Equal(t, tt.kept, time.Until(c.renew))
				time.Sleep(tt.serves)
				token, err := c.take("", errors.New("out of order"), false)
				require.NoError(t, err)
				require.Equal(t, tt.token, token)
				require.Equal(t, commandPause, time.Until(c.renew))
				_, err = c.take("", errors.New("out of order"), true)
				require.Error(t, err, "who wants a fresh one is told")
				time.Sleep(time.Second)
				_, err = c.take("", errors.New("out of order"), false)
				require.EqualError(t, err, "out of order")
			})
		})
	}
}

func TestCommandTokenGivesUpInTime(t *testing.T) {
	t.Parallel()
	c, err := openCommandToken([]string{"sh", "-c", "echo s3cr3t; echo waiting >&2; sleep 60"})
	require.NoError(t, err)
	c.timeout = 100 * time.Millisecond
	_, err = c.token(t.Context(), false)
	require.EqualError(t, err, `run the token command "sh": no answer within 100ms: waiting`)
}

func TestCommandTokenRunsOnceForAll(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	c, err := openCommandToken([]string{"sh", "-c", `echo run >> "$0"; sleep 0.2; echo tok`, log})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			token, err := c.token(t.Context(), i%2 == 0)
			if token != "tok" || err != nil {
				t.Error(token, err)
			}
		})
	}
	wg.Wait()
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), "run"))
}

func TestCommandTokenOfACallThatIsGivenUp(t *testing.T) {
	t.Parallel()
	c, err := openCommandToken([]string{"sleep", "60"})
	require.NoError(t, err)
	errEnough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 2)
	for range 2 { // one runs, the other waits
		go func() {
			_, err := c.token(ctx, false)
			done <- err
		}()
	}
	cancel(errEnough)
	require.ErrorIs(t, <-done, errEnough)
	require.ErrorIs(t, <-done, errEnough)
	require.Zero(t, c.runs)
}

func TestLastLineOfACommand(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "",
		"a\nb c\n\n":                   "b c",
		"x\x1b[31mred\x07":             "x [31mred ",
		"the token is s3cr3t":          "",
		"the token is s3cr3t\nno luck": "no luck",
		strings.Repeat("é", 201):       strings.Repeat("é", 200) + "...",
	} {
		require.Equal(t, want, lastLine([]byte(text), "s3cr3t"), text)
	}
	var w tail
	w.limit = 4
	_, _ = w.Write([]byte("abc"))
	_, _ = w.Write([]byte("defgh"))
	require.Equal(t, "efgh", string(w.text))
}

func FuzzTokens(f *testing.F) {
	for _, seed := range []string{"", "abc", "a b", "e30.e30.", "e30.eyJleHAiOjF9.x", "Bearer x", "a\nb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if at, ok := jwtExpiry(token); ok {
			require.Positive(t, at.Unix()+1)
		}
		if err := checkToken(token); err != nil {
			return
		}
		require.NotEmpty(t, token)
		got, err := staticToken{secrets.NewValue(token)}.token(t.Context(), false)
		require.NoError(t, err)
		require.Equal(t, token, got)
	})
}
