package tree_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

func TestParseTemplate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             `""`,
		"plain $x {y} $":               `"plain $x {y} $"`,
		"${n}":                         `5`,
		" ${n}":                        `" 5"`,
		"pre-${HOST}/${ n }":           `"pre-db/5"`,
		"${?NOPE}x":                    `"x"`,
		"${o.k}":                       `true`,
		`${o."d.e"}`:                   `"quoted"`,
		"${HOST}${HOST}":               `"dbdb"`,
		"$${HOST}":                     `"${HOST}"`,
		"a$${b}${n}$${c}":              `"a${b}5${c}"`,
		"$$${n}":                       `"$${n}"`,
		"${secret:vault://a#b}":        `"${secret:vault://a#b}"`,
		"x-${secret:env://A}-${n}":     `"x-${secret:env://A}-5"`,
		"${list}":                      `[1]`,
		"$ {n}":                        `"$ {n}"`,
		"${n}}":                        `"5}"`,
		"größe ${HOST}":                `"größe db"`,
		"line\n${HOST}\n":              "\"line\\ndb\\n\"",
		"${secret:aws://x#${not-this}": `"${secret:aws://x#${not-this}"`,
	} {
		node, err := tree.ParseTemplate(text, at(3, 7))
		require.NoError(t, err, text)
		root := obj("n", num("5"), "list", arr(num("1")), "v", node,
			"o", obj("k", tree.NewScalar(tree.Bool, "true", at(1, 1)), "d.e", str("quoted")))
		value, err := tree.Resolve(root, env)
		require.NoError(t, err, text)
		require.Equal(t, want, render(value.Get("v")), text)
	}
}

func TestParseTemplateFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"${n":         `f.yaml:3:7: "${n" has no closing brace: write ${path}, or $${ for a literal ${`,
		"${}":         `f.yaml:3:7: substitution "${}": the path is empty`,
		"${?}":        `f.yaml:3:7: substitution "${?}": the path is empty`,
		"${a..b}":     `f.yaml:3:7: substitution "${a..b}": the path has an empty key`,
		"${.a}":       `f.yaml:3:7: substitution "${.a}": the path has an empty key`,
		"${a:b}":      `f.yaml:3:7: substitution "${a:b}": ':' is not allowed in a path outside quotes`,
		`${"a}`:       `f.yaml:3:7: "${\"a}" has no closing brace: write ${path}, or $${ for a literal ${`,
		"${secret:x":  `f.yaml:3:7: "${secret:x" has no closing brace: write ${path}, or $${ for a literal ${`,
		"${a\nb}":     `f.yaml:3:7: substitution "${a\nb}": '\n' is not allowed in a path outside quotes`,
		"${USER:-me}": `f.yaml:3:7: substitution "${USER:-me}": ':' is not allowed in a path outside quotes; default values are written as a key of their own that is overridden by ${?NAME}`,
	} {
		_, err := tree.ParseTemplate(text, at(3, 7))
		require.EqualError(t, err, want)
		var fault *tree.Error
		require.ErrorAs(t, err, &fault, text)
	}
}

func TestTemplateMayNotHoldContainers(t *testing.T) {
	t.Parallel()
	node, err := tree.ParseTemplate("x${list}", at(3, 7))
	require.NoError(t, err)
	_, err = tree.Resolve(obj("list", arr(), "v", node), nil)
	require.ErrorContains(t, err, `f.yaml:3:7: v: cannot concatenate "x" and an array`)
}
