package secretstest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// canary is a secret that must not be seen anywhere.
const canary = "cAnary-9f3 /+&=?x"

// Run tests the provider that setup returns. Every part has a fixture of its own;
// a store behind them may be shared.
func Run(t *testing.T, setup func(t *testing.T) Fixture) {
	for _, part := range []struct {
		name string
		test func(t *testing.T, f Fixture)
	}{
		{"values come back as they are", testValues},
		{"binary values come back as they are", testBinary},
		{"members", testMembers},
		{"members that are not there", testNoMember},
		{"a secret that is not there", testMissing},
		{"a secret that may not be read", testDenied},
		{"a store that cannot be reached", testUnavailable},
		{"options that the provider does not have", testOptions},
		{"a context that has ended", testEnded},
		{"concurrent use", testConcurrent},
		{"closed", testClosed},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			t.Cleanup(func() { closeProvider(t, f.Provider) })
			part.test(t, f)
		})
	}
}

func closeProvider(t *testing.T, p secrets.Provider) {
	if c, ok := p.(interface{ Close(context.Context) error }); ok {
		require.NoError(t, c.Close(context.WithoutCancel(t.Context())))
	}
}

func fetch(t *testing.T, p secrets.Provider, ref secrets.Ref) string {
	t.Helper()
	secret, err := p.Fetch(t.Context(), ref)
	require.NoError(t, err)
	return secret.Value.Reveal()
}

// requireError checks an error and that it tells what was asked for, and no
// secret.
func requireError(t *testing.T, err, want error, ref secrets.Ref, hidden ...string) {
	t.Helper()
	require.ErrorIs(t, err, want)
	var known *secrets.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, ref.Provider, known.Ref.Provider)
	require.Contains(t, err.Error(), known.Ref.String())
	require.NotContains(t, err.Error(), "\n")
	for _, secret := range hidden {
		RequireHidden(t, secret, err)
	}
}

func testValues(t *testing.T, f Fixture) {
	for _, value := range []string{
		"x", "two\nlines", "  blanks around  ", `"quoted" 'twice' \back\slash`, "tab\tand\r\nCRLF inside", "{braces} }{ ${", "a,b",
		"${secret:env://HOME}", "secret://env/HOME", "$${secret:x", "%41%zz", "größe 文字 🔑", "null", "true", "12.50", `{"json": ["}"]}`,
		strings.Repeat("0123456789abcdef", 4096), canary,
	} {
		require.Equal(t, value, fetch(t, f.Provider, f.Put(t, value)))
	}
}

func testBinary(t *testing.T, f Fixture) {
	if f.NoBinary {
		return
	}
	value := "\x01\xff\xfe\x80 \n\x7f."
	if !f.NoZeroBytes {
		value += "\x00."
	}
	require.Equal(t, value, fetch(t, f.Provider, f.Put(t, value)))
}

func testMembers(t *testing.T, f Fixture) {
	ref := f.document(t, map[string]any{
		"password": canary, "list": "a,b", "brace": `}"{`, "nested": map[string]any{"password": "inner", "deep": map[string]any{"key": "deepest"}},
		"nested.password": "the one with a dot", "a/b": "slash", "a:b": "colon", "number": 1234567890123, "yes": true,
		"lines": "1\n2", "reference": "${secret:env://HOME}", "ключ": "unicode", "empty": "", "html": "<&>",
	})
	for key, want := range map[string]string{
		"password": canary, "list": "a,b", "brace": `}"{`, "nested.password": "the one with a dot", "nested.deep.key": "deepest",
		"a/b": "slash", "a:b": "colon", "number": "1234567890123", "yes": "true", "lines": "1\n2",
		"reference": "${secret:env://HOME}", "ключ": "unicode", "empty": "", "html": "<&>", "nested.deep": `{"key":"deepest"}`,
	} {
		ref.Key = key
		require.Equal(t, want, fetch(t, f.Provider, ref), key)
	}
}

func testNoMember(t *testing.T, f Fixture) {
	ref := f.document(t, map[string]any{"password": canary, "null": nil, "inner": map[string]any{"x": "y"}})
	for _, key := range []string{"passwor", "password.x", "inner.y", "inner.", ".", "Password"} {
		ref.Key = key
		_, err := f.Provider.Fetch(t.Context(), ref)
		requireError(t, err, secrets.ErrNotFound, ref, canary)
	}
	ref.Key = "null"
	_, err := f.Provider.Fetch(t.Context(), ref)
	requireError(t, err, secrets.ErrInvalid, ref, canary)
	if f.PutDocument == nil {
		for _, text := range []string{canary, `["` + canary + `"]`, `{"a": "` + canary + `"`} {
			ref := f.Put(t, text)
			ref.Key = "a"
			_, err := f.Provider.Fetch(t.Context(), ref)
			requireError(t, err, secrets.ErrInvalid, ref, canary)
		}
	}
}

func testMissing(t *testing.T, f Fixture) {
	secret, err := f.Provider.Fetch(t.Context(), f.Missing)
	requireError(t, err, secrets.ErrNotFound, f.Missing)
	require.Zero(t, secret)
	var known *secrets.Error
	require.ErrorAs(t, err, &known)
	require.False(t, known.Retryable())
}

func testDenied(t *testing.T, f Fixture) {
	if f.Denied == nil {
		return
	}
	provider, ref := f.Denied(t)
	secret, err := provider.Fetch(t.Context(), ref)
	requireError(t, err, secrets.ErrDenied, ref)
	require.Zero(t, secret)
	closeProvider(t, provider)
}

func testUnavailable(t *testing.T, f Fixture) {
	if f.Unavailable == nil {
		return
	}
	provider, ref := f.Unavailable(t)
	secret, err := provider.Fetch(t.Context(), ref)
	requireError(t, err, secrets.ErrUnavailable, ref)
	require.Zero(t, secret)
	var known *secrets.Error
	require.ErrorAs(t, err, &known)
	require.True(t, known.Retryable())
	closeProvider(t, provider)
}

// testOptions asks for what no provider has: a version and a stage that are no
// such.
func testOptions(t *testing.T, f Fixture) {
	ref := f.Put(t, canary)
	ref.Version = "no version"
	_, err := f.Provider.Fetch(t.Context(), ref)
	if err != nil { // a program may take no notice
		require.True(t, errors.Is(err, secrets.ErrInvalid) || errors.Is(err, secrets.ErrNotFound), "%v", err)
		RequireHidden(t, canary, err)
	}
	ref.Version, ref.Stage = "", "NO-STAGE"
	_, err = f.Provider.Fetch(t.Context(), ref)
	require.True(t, errors.Is(err, secrets.ErrInvalid) || errors.Is(err, secrets.ErrNotFound), "%v", err)
	RequireHidden(t, canary, err)
}

func testEnded(t *testing.T, f Fixture) {
	ref := f.Put(t, canary)
	why := errors.New("the test has ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	_, err := f.Provider.Fetch(ctx, ref)
	requireError(t, err, why, ref, canary)
	require.Equal(t, canary, fetch(t, f.Provider, ref), "it goes on afterwards")
}

func testConcurrent(t *testing.T, f Fixture) {
	ref := f.Put(t, canary)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 4 {
				secret, err := f.Provider.Fetch(t.Context(), ref)
				if err != nil || secret.Value.Reveal() != canary {
					t.Errorf("a concurrent reader gets %v, %v", secret, err)
				}
			}
		})
	}
	wg.Wait()
}

func testClosed(t *testing.T, f Fixture) {
	c, ok := f.Provider.(interface{ Close(context.Context) error })
	if !ok {
		return
	}
	ref := f.Put(t, canary)
	require.Equal(t, canary, fetch(t, f.Provider, ref))
	require.NoError(t, c.Close(t.Context()))
	require.NoError(t, c.Close(t.Context()), "closing twice does no harm")
	_, err := f.Provider.Fetch(t.Context(), ref)
	requireError(t, err, secrets.ErrClosed, ref, canary)
}
