package secrets_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
)

func fixed(values map[string]string) func(secrets.Ref) (secrets.Value, error) {
	return func(ref secrets.Ref) (secrets.Value, error) {
		value, ok := values[ref.Path]
		if !ok {
			return secrets.Value{}, &secrets.Error{Op: "read", Ref: ref, Err: secrets.ErrNotFound}
		}
		return secrets.NewValue(value), nil
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	resolve := fixed(map[string]string{
		"A": "one", "B": "two", "EMPTY": "", "LOOKS": "${secret:env://A}", "WHOLE": "secret://env/A", "DOLLAR": "$",
		"HARD": "quote\" 'single' newline\n} ${ : # key = value\\", "OPEN": "${secret:",
	})
	for text, want := range map[string]string{
		"":                  "",
		"plain":             "plain",
		"secret://env/A":    "one",
		"${secret:env://A}": "one",
		"x secret://env/A":  "x secret://env/A",
		"<${secret:env://A}|${secret:env://B}|${secret:env://A}>": "<one|two|one>",
		"${secret:env://A}${secret:env://B}":                      "onetwo",
		"secret://env/EMPTY":                                      "",
		"[${secret:env://EMPTY}]":                                 "[]",
		"secret://env/LOOKS":                                      "${secret:env://A}",
		"a ${secret:env://LOOKS} b":                               "a ${secret:env://A} b",
		"${secret:env://WHOLE}":                                   "secret://env/A",
		"secret://env/HARD":                                       "quote\" 'single' newline\n} ${ : # key = value\\",
		"p=${secret:env://HARD};":                                 "p=quote\" 'single' newline\n} ${ : # key = value\\;",
		"${secret:env://DOLLAR}{secret:env://A}":                  "${secret:env://A}",
		"${secret:env://OPEN}env://A}":                            "${secret:env://A}",
		"$${secret:env://A}":                                      "${secret:env://A}",
		"$${secret:env://A} ${secret:env://A} $${secret:":         "${secret:env://A} one ${secret:",
		"$ $$ ${A} $${A}":                                         "$ $$ ${A} $${A}",
	} {
		value, err := secrets.Expand(text, resolve)
		require.NoError(t, err, text)
		require.Equal(t, want, value.Reveal(), text)
	}
}

func TestExpand_resolvesOnce(t *testing.T) {
	t.Parallel()
	calls := 0
	value, err := secrets.Expand("${secret:env://A}${secret:env://A}${secret:env:// A }", func(secrets.Ref) (secrets.Value, error) {
		calls++
		return secrets.NewValue("x"), nil
	})
	require.NoError(t, err)
	require.Equal(t, "xxx", value.Reveal())
	require.Equal(t, 1, calls)
}

func TestExpand_tellsEveryFault(t *testing.T) {
	t.Parallel()
	value, err := secrets.Expand("hunter2 ${secret:env://X} ${secret:env://A} ${secret:env://Y}", fixed(map[string]string{"A": "canary-1"}))
	require.True(t, value.IsZero())
	require.ErrorIs(t, err, secrets.ErrNotFound)
	require.ErrorContains(t, err, "secret://env/X")
	require.ErrorContains(t, err, "secret://env/Y")
	secretstest.RequireHidden(t, "canary-1", err)
	secretstest.RequireHidden(t, "hunter2", err)

	_, err = secrets.Expand("${secret:env://A} ${secret:", func(secrets.Ref) (secrets.Value, error) {
		return secrets.Value{}, errors.New("asked for a text that cannot be read")
	})
	require.ErrorIs(t, err, secrets.ErrSyntax)
}
