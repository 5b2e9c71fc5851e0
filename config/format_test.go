package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
)

func TestFormatOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]config.Format{
		"a.conf": config.FormatHOCON, "a.HOCON": config.FormatHOCON, "a/b.yaml": config.FormatYAML,
		"a.b.yml": config.FormatYAML, "a.Json": config.FormatJSON,
	} {
		got, ok := config.FormatOf(name)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	for _, name := range []string{"a", "a.txt", "conf", ""} {
		_, ok := config.FormatOf(name)
		require.False(t, ok)
	}
	require.Equal(t, "HOCON YAML JSON unknown format", strings.Join([]string{
		config.FormatHOCON.String(), config.FormatYAML.String(), config.FormatJSON.String(), config.Format(7).String(),
	}, " "))
}

func TestYAMLFaults(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"a: 1\nb: [1, 2\nc: 3\n":      "p.yaml:2: not YAML: did not find expected ',' or ']'",
		"name: x\n\tb: 2\n":           "p.yaml:2: not YAML: found a tab character that violates indentation; YAML indents with spaces, and this line begins with a tab",
		"sql: select where a: b\n":    "p.yaml:1: not YAML: mapping values are not allowed in this context; put the value into quotes",
		"a: 1\nsql: @x\n":             "p.yaml:2: not YAML: found character that cannot start any token; put the value into quotes",
		"a: 1\nb: *gone\n":            "p.yaml:2: not YAML: unknown anchor 'gone' referenced; put the value into quotes",
		"a: 1\nb: \xff\n":             "p.yaml:2:4: not UTF-8 text; save the file as UTF-8",
		"a: \x01\n":                   "p.yaml:1:4: the control character U+0001 is not allowed",
		"a: 1\n---\nb: 2\n":           "p.yaml:2:1: a second document begins here; put each pipeline into a file of its own",
		"a: 1\n...\n@\n":              "p.yaml:3: not YAML: found character that cannot start any token",
		"# nothing\n":                 "p.yaml: the file is empty; a pipeline wants a name and components",
		"~\n":                         "p.yaml: the file is empty; a pipeline wants a name and components",
		"a: &x [*x]\n":                "p.yaml:1:8: the anchor &x contains itself",
		"a: &x {<<: *x}\n":            "p.yaml:1:12: a merge key << refers to the mapping that holds it",
		valid + "name: b\n":           "p.yaml:3:1: name: the key is given twice, first at p.yaml:1:1; keep one of them",
		valid + "? [a]\n: b\n":        "p.yaml:3:3: a key must be a word, not a list or a mapping",
		valid + "tags: {'': b}\n":     "p.yaml:3:8: tags: a key is empty",
		valid + "tags: {a: !foo b}\n": "p.yaml:3:11: tags.a: the YAML tag !foo is not supported; remove the tag",
		valid + "tags: {<<: x}\n":     "p.yaml:3:12: tags: a merge key << wants a mapping or a list of mappings",
		valid + "tags: {a: 'x${y'}\n": `p.yaml:3:11: tags.a: "${y" has no closing brace: write ${path}, or $${ for a literal ${`,
		valid + "on: push\n":          "p.yaml:3:1: on: unknown key; valid keys: name, version, environment, mode, tags, spark, runner, components, hooks, checkpoint, secrets, quality, schema_validation, app_name, spark_conf, sources, sequences, pipeline",
		strings.Repeat("[", 300):      "p.yaml:1: not YAML: did not find expected node content",
		"a: " + strings.Repeat("[", 300) + strings.Repeat("]", 300): "p.yaml:1:204: more than 200 levels of nesting",
	} {
		_, err := parseYAML(src)
		require.EqualError(t, err, want, "%.100q", src)
	}
}

func TestYAMLScalars(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(valid+`version: 1.0
tags: {a: 0o17, b: 007, c: yes, d: 2024-01-01, e: 1_000, f: .inf, g: !!str 5, h: True, i: "${X}", 1: one, true: t, j: 1e3}
`, "X", "x")
	require.NoError(t, err)
	require.Equal(t, "1.0", p.Version)
	require.Equal(t, map[string]string{
		"a": "0o17", "b": "007", "c": "yes", "d": "2024-01-01", "e": "1_000", "f": ".inf", "g": "5", "h": "true",
		"i": "x", "1": "one", "true": "t", "j": "1e3",
	}, p.Tags)
}

func TestYAMLAnchors(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(`
x-base: &base {type: sql, enabled: false, config: &c {sql: a}}
x-more: &more {component_type: sink, enabled: true}
name: n
components:
  - {<<: *base, name: a}
  - {<<: [*more, *base], name: b, type: x}
  - {name: c, type: x, config: *c}
`)
	require.NoError(t, err)
	got := plainOf(t, p)
	require.Equal(t, []config.Component{
		{Name: "a", Type: "sql"},
		{Name: "b", Type: "x", ComponentType: "sink", Enabled: true},
		{Name: "c", Type: "x", Enabled: true},
	}, got.Components)
	for _, values := range got.configs {
		require.Equal(t, map[string]any{"sql": "a"}, values)
	}
}

func TestYAMLAnchorBombs(t *testing.T) {
	t.Parallel()
	var bomb, merges strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	merges.WriteString("a0: &a0 {x: 1}\n")
	for i := range 9 {
		next, previous := string(rune('1'+i)), string(rune('0'+i))
		bomb.WriteString("a" + next + ": &a" + next + " [" + strings.TrimSuffix(strings.Repeat("*a"+previous+", ", 10), ", ") + "]\n")
		merges.WriteString("a" + next + ": &a" + next + " {k" + next + ": {<<: [" + strings.TrimSuffix(strings.Repeat("*a"+previous+", ", 10), ", ") + "]}, <<: [*a" + previous + ", *a" + previous + "]}\n")
	}
	for _, src := range []string{bomb.String(), merges.String()} {
		_, err := parseYAML(src)
		require.ErrorContains(t, err, "the file holds more than 500000 values; anchors that refer to one another multiply")
	}
}

func TestJSONFaults(t *testing.T) {
	t.Parallel()
	const start = "{\"name\": \"n\",\n \"components\": [{\"name\": \"a\", \"type\": \"sql\"}]"
	for src, want := range map[string]string{
		"":                                  "p.json: the file is empty; a pipeline wants a name and components",
		"[]":                                `p.json:1:1: want an object at the root; begin the file with "{"`,
		"null":                              `p.json:1:1: want an object at the root; begin the file with "{"`,
		"{\n \"a\": 1,\n}":                  "p.json:3:1: not JSON: invalid character '}' looking for beginning of object key string",
		"{\n \"a\": [1,\n  2":               "p.json:3:4: not JSON: the file ends inside of a value",
		"{\"a\": \"x":                       "p.json:1:9: not JSON: the file ends inside of a value",
		"{\"a\":":                           "p.json:1:6: not JSON: the file ends inside of a value",
		"{\n 'a': 1}":                       "p.json:2:2: not JSON: invalid character '\\''",
		"{\"a\": nul}":                      "p.json:1:7: not JSON: invalid character '}' in literal null (expecting 'l')",
		"{\"a\": 01}":                       "p.json:1:8: not JSON: invalid character '1' after object key:value pair",
		"{\"a\": 1 // x\n}":                 "p.json:1:9: not JSON: invalid character '/' after object key:value pair",
		start + "} {}":                      "p.json:2:48: text after the end of the object",
		start + ",\n \"name\": \"m\"}":      "p.json:3:2: name: the key is given twice, first at p.json:1:2; keep one of them",
		start + ",\n  \"nme\": 1}":          `p.json:3:3: nme: unknown key; did you mean "name"?`,
		start + ", \"tags\": {\"é\": [1]}}": "p.json:2:62: tags.é: want text, found a list",
	} {
		_, err := config.Parse([]byte(src), config.FormatJSON, &config.Options{Name: "p.json"})
		require.EqualError(t, err, want, src)
	}
	deep := "{\"a\":" + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}"
	_, err := config.Parse([]byte(deep), config.FormatJSON, nil)
	require.ErrorContains(t, err, "more than 200 levels of nesting")
}

func TestHOCONFaultsHavePlaces(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"name = n\ncomponents = [ { name = a, tipe = sql } ]": "p.conf:2:16: components[0].type: required key is missing\n" +
			`p.conf:2:28: components[0].tipe: unknown key; did you mean "type"?`,
		"[1]": "p.conf:1:1: the document is an array, it must be an object; give the array a key",
	} {
		_, err := config.Parse([]byte(src), config.FormatHOCON, &config.Options{Name: "p.conf"})
		require.EqualError(t, err, want)
	}
	_, err := config.Parse([]byte("name = n\nspark {\n  a = \"x\n"), config.FormatHOCON, &config.Options{Name: "p.conf"})
	var all *config.Errors
	require.ErrorAs(t, err, &all)
	require.Equal(t, "p.conf", all.List[0].File)
	require.Equal(t, 3, all.List[0].Line)
	require.Equal(t, 1, strings.Count(err.Error(), "p.conf:3"), err.Error())
}

func TestByteOrderMarkAndCRLF(t *testing.T) {
	t.Parallel()
	for format, src := range map[config.Format]string{
		config.FormatYAML:  "name: n\ncomponents:\n  - {name: a, type: sql}\n",
		config.FormatJSON:  "{\"name\": \"n\",\n\"components\": [{\"name\": \"a\", \"type\": \"sql\"}]}\n",
		config.FormatHOCON: "name = n\ncomponents = [\n  { name = a, type = sql }\n]\n",
	} {
		src = "\ufeff" + strings.ReplaceAll(src, "\n", "\r\n")
		p, err := config.Parse([]byte(src), format, nil)
		require.NoError(t, err, format.String())
		require.Equal(t, "n", p.Name)
		require.Equal(t, "sql", p.Components[0].Type)
	}
}
