package secrets_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
)

func TestMember(t *testing.T) {
	t.Parallel()
	document := secrets.NewValue(` {"a": "a,b", "brace": "}{", "a.b": "exact", "outer": {"a": "first in the text", "in.ner": {"k": "deep"}},
		"n": 1.50, "big": 12345678901234567890, "t": true, "o": {"x": [1, 2]}, "q": "say \"hi\" \\ \u00e9\n", "last": "1", "last": "2"} `)
	for key, want := range map[string]string{
		"a": "a,b", "brace": "}{", "a.b": "exact", "outer.a": "first in the text", "outer.in.ner.k": "deep", "n": "1.50",
		"big": "12345678901234567890", "t": "true", "o.x": "[1, 2]", "q": "say \"hi\" \\ é\n", "last": "2",
	} {
		value, err := secrets.Member(document, key)
		require.NoError(t, err, key)
		require.Equal(t, want, value.Reveal(), key)
	}
	whole, err := secrets.Member(document, "")
	require.NoError(t, err)
	require.Equal(t, document, whole)
	plain, err := secrets.Member(secrets.NewValue("no JSON"), "")
	require.NoError(t, err)
	require.Equal(t, "no JSON", plain.Reveal())
	marked, err := secrets.Member(secrets.NewValue("\uFEFF{\"a\":1}"), "a")
	require.NoError(t, err)
	require.Equal(t, "1", marked.Reveal())
}

func TestMember_faults(t *testing.T) {
	t.Parallel()
	const canary = "canary-of-member"
	for document, want := range map[string]error{
		`{"b": "` + canary + `"}`:           secrets.ErrNotFound,
		`{"k": null, "b":"` + canary + `"}`: secrets.ErrInvalid,
		`{"k": "` + canary:                  secrets.ErrInvalid,
		`{"k": ` + canary + `}`:             secrets.ErrInvalid,
		`["` + canary + `"]`:                secrets.ErrInvalid,
		`"` + canary + `"`:                  secrets.ErrInvalid,
		canary:                              secrets.ErrInvalid,
		`{"k": 1} ` + canary:                secrets.ErrInvalid,
		``:                                  secrets.ErrInvalid,
		`{`:                                 secrets.ErrInvalid,
	} {
		value, err := secrets.Member(secrets.NewValue(document), "k")
		require.ErrorIs(t, err, want, document)
		require.True(t, value.IsZero())
		secretstest.RequireHidden(t, canary, err)
	}
}
