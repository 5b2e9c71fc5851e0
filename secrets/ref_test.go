package secrets_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
)

func TestParseRef(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]secrets.Ref{
		"secret://env/DB_PASSWORD":                      {Provider: "env", Path: "DB_PASSWORD"},
		"secret://vault/secret/data/app":                {Provider: "vault", Path: "secret/data/app"},
		"secret://vault/app/db:password":                {Provider: "vault", Path: "app/db:password"},
		"secret://vault/app#user name":                  {Provider: "vault", Path: "app", Key: "user name"},
		"secret://aws/arn:aws:x:y:1:secret:n#a.b/c":     {Provider: "aws", Path: "arn:aws:x:y:1:secret:n", Key: "a.b/c"},
		"secret://aws_secrets_manager/prod/db":          {Provider: "aws", Path: "prod/db"},
		"secret://vault/app?version=3#k":                {Provider: "vault", Path: "app", Version: "3", Key: "k"},
		"secret://aws/app?stage=AWSPREVIOUS":            {Provider: "aws", Path: "app", Stage: "AWSPREVIOUS"},
		"secret://file/a%23b%3Fc%25d%7B%7D%20e#%23#?":   {Provider: "file", Path: "a#b?c%d{} e", Key: "##?"},
		"secret://file//abs":                            {Provider: "file", Path: "/abs"},
		"secret://my-vault_2/größe/文":                   {Provider: "my-vault_2", Path: "größe/文"},
		"secret://env/X\n":                              {Provider: "env", Path: "X"},
		"${secret:env://DB_PASSWORD}":                   {Provider: "env", Path: "DB_PASSWORD"},
		"${secret:vault:// secret/data/app # password}": {Provider: "vault", Path: "secret/data/app", Key: "password"},
		"${secret:aws://prod/db?version=v%261#k%7D}":    {Provider: "aws", Path: "prod/db", Version: "v&1", Key: "k}"},
	} {
		ref, err := secrets.ParseRef(text)
		require.NoError(t, err, text)
		require.Equal(t, want, ref, text)
		again, err := secrets.ParseRef(ref.String())
		require.NoError(t, err, ref.String())
		require.Equal(t, ref, again, text)
	}
}

func TestParseRef_faults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                     "offset 0: is no reference",
		"hunter2":                              "offset 0: is no reference",
		" secret://env/X":                      "offset 0: is no reference",
		"secret://":                            "offset 9: the provider is one word",
		"secret:///x":                          "offset 9: the provider is one word",
		"secret://Env/X":                       "offset 9: the provider is one word of lower-case letters",
		"secret://env://X":                     "offset 9: the provider is one word of lower-case letters, digits, _ and -: write secret://provider/path#key",
		"secret://env":                         "offset 12: the path is missing",
		"secret://env/":                        "offset 13: the path is empty",
		"secret://env/#k":                      "offset 13: the path is empty",
		"secret://env/X#":                      "offset 15: the key after # is empty",
		"secret://env/X%2":                     "offset 14: % wants two hexadecimal digits",
		"secret://env/X#k%zz":                  "offset 16: % wants two hexadecimal digits",
		"secret://env/X%00":                    "offset 14: control characters",
		"secret://env/X\x01Y":                  "offset 14: control characters",
		"secret://env/X%ff":                    "offset 13: a reference is text in UTF-8",
		"secret://env/{X}":                     "offset 13: braces cannot stand in a reference; write %7B",
		"secret://vault/x?v=1":                 "offset 17: after ? come version=",
		"secret://vault/x?":                    "offset 17: after ? come version=",
		"secret://vault/x?version=":            "offset 25: the version is empty",
		"secret://vault/x?version":             "the version is empty",
		"secret://vault/x?version=1&stage=a":   "offset 27: a reference has one version or one stage",
		"secret://vault/x?version=1&version=2": "offset 27: a reference has one version or one stage",
		"secret://env/" + strings.Repeat("x", 4096): "offset 9: a reference has at most 4096 bytes",
		"${secret:env://X":                          "offset 0: the reference has no closing brace",
		"${secret:env://X} y":                       "offset 17: more text after the reference",
		"${secret:env/X}":                           "offset 9: the provider is one word of lower-case letters, digits, _ and -: write ${secret:provider://path#key}",
		"${secret:env}":                             "offset 12: the path is missing: write ${secret:",
		"${secret:env://}":                          "offset 15: the path is empty",
		"${secret:env://${X}}":                      "offset 16: braces",
		"${secret:hunter2hunter2 !}":                "offset 9: the provider is one word",
	} {
		_, err := secrets.ParseRef(text)
		require.ErrorContains(t, err, want, text)
		require.ErrorIs(t, err, secrets.ErrSyntax)
		var fault *secrets.SyntaxError
		require.ErrorAs(t, err, &fault)
		require.LessOrEqual(t, fault.Offset, len(text))
		require.False(t, fault.Retryable())
		secretstest.RequireHidden(t, "hunter2", err)
	}
}

func TestFindRefs(t *testing.T) {
	t.Parallel()
	const text = "user=ann password=${secret:env://A#k}, again ${secret:env://A#k} and ${secret:vault://b} $${secret:not://this}"
	refs, err := secrets.FindRefs(text)
	require.NoError(t, err)
	require.Len(t, refs, 3)
	require.Equal(t, "${secret:env://A#k}", text[refs[0].Start:refs[0].End])
	require.Equal(t, secrets.Ref{Provider: "vault", Path: "b"}, refs[2].Ref)
	require.Equal(t, "${secret:vault://b}", text[refs[2].Start:refs[2].End])

	for _, none := range []string{"", "x", "x secret://env/A", "${secret}", "${secrets:env://A}", "$${secret:env://A}", "$secret:env://A"} {
		refs, err := secrets.FindRefs(none)
		require.NoError(t, err)
		require.Empty(t, refs, none)
	}
}

func TestFindRefs_tellsEveryFault(t *testing.T) {
	t.Parallel()
	_, err := secrets.FindRefs("a ${secret:X} b ${secret:env://ok} c ${secret:env://} d ${secret:")
	require.ErrorContains(t, err, "offset 11: the provider")
	require.ErrorContains(t, err, "offset 52: the path is empty")
	require.ErrorContains(t, err, "offset 56: the reference has no closing brace")
}
