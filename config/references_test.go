package config_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// expand gives every secret a value that repeats the reference.
func expand(_ context.Context, text string) (secrets.Value, error) {
	return secrets.Expand(text, func(r secrets.Ref) (secrets.Value, error) {
		if r.Path == "gone" {
			return secrets.Value{}, errors.New("no such secret")
		}
		return secrets.NewValue(map[string]string{
			"port": "5432", "word": "no number", "quote": `a"b: {c}\nd`, "ref": "secret://env/other", "on": "true", "wait": "90s",
		}[r.Path]), nil
	})
}

type withSecrets struct {
	URL      string            `koanf:"url"`
	Port     int               `koanf:"port" min:"6000"`
	On       *bool             `koanf:"on"`
	Wait     time.Duration     `koanf:"wait"`
	Mode     string            `koanf:"mode" enum:"a,b"`
	Password secrets.Value     `koanf:"password"`
	Options  map[string]string `koanf:"options"`
	Args     map[string]any    `koanf:"args"`
	List     []string          `koanf:"list"`
}

func (w *withSecrets) Validate() error {
	if strings.Contains(w.URL, "secret") {
		return errors.New("url: the reference was judged")
	}
	return nil
}

func referring(t *testing.T, block string) config.Section {
	t.Helper()
	p, err := parseYAML("name: n\ncomponents:\n  - {name: a, type: t, config: " + block + "}\n")
	require.NoError(t, err)
	return p.Components[0].Config
}

func TestReferencesStayUntilTheyAreResolved(t *testing.T) {
	t.Parallel()
	section := referring(t, `{url: 'jdbc:x?p=${secret:env://quote}', port: 'secret://env/port', on: 'secret://env/on', wait: 'secret://env/wait',`+
		` mode: 'secret://env/word', password: 'secret://env/word', options: {x: 'secret://env/quote'}, args: {n: 'secret://env/port'}, list: ['secret://env/ref']}`)
	var open withSecrets
	watched, matters := section.Watch()
	require.NoError(t, watched.Decode(&open))
	require.True(t, matters())
	require.Equal(t, "jdbc:x?p=${secret:env://quote}", open.URL)
	require.Equal(t, secrets.NewValue("secret://env/word"), open.Password)
	require.Zero(t, open.Port)
	require.Len(t, section.References(), 9)
	require.Equal(t, config.Reference{Where: "p.yaml:3:78", Path: "components[0].config.port", Text: "secret://env/port"}, section.References()[1])

	resolved, err := section.Resolve(t.Context(), expand)
	require.NoError(t, err)
	require.Empty(t, resolved.References())
	var got withSecrets
	err = resolved.Decode(&got)
	require.EqualError(t, err, `p.yaml:3:78: components[0].config.port: the secret does not fit here; the reference names one that is no number that is allowed here
p.yaml:3:155: components[0].config.mode: the secret does not fit here; the reference names one that is no text that is allowed here`)
	require.Equal(t, `jdbc:x?p=a"b: {c}\nd`, got.URL)
	require.True(t, *got.On)
	require.Equal(t, 90*time.Second, got.Wait)
	require.Equal(t, secrets.NewValue("no number"), got.Password)
	require.Equal(t, `a"b: {c}\nd`, got.Options["x"])
	require.Equal(t, []string{"secret://env/other"}, got.List, "what comes out is not looked at again")
	require.Len(t, section.References(), 9, "the section itself does not change")
}

func TestAReferenceInAValueDoesNotMatter(t *testing.T) {
	t.Parallel()
	watched, matters := referring(t, `{url: 'jdbc:x', password: 'secret://env/gone'}`).Watch()
	var got withSecrets
	require.NoError(t, watched.Decode(&got))
	require.False(t, matters())
}

func TestResolveTellsEveryFault(t *testing.T) {
	t.Parallel()
	_, err := referring(t, `{url: 'secret://env/gone', list: ['secret://env/gone']}`).Resolve(t.Context(), expand)
	require.EqualError(t, err, `p.yaml:3:38: components[0].config.url: no such secret
p.yaml:3:66: components[0].config.list[0]: no such secret`)
}

func TestWhereReferencesCanStand(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		valid + "spark: {remote: 'secret://vault/spark#url', spark_conf: {spark.x: 'a ${secret:env://A} ${secret:env://B}'}}",
		valid + "hooks: {metrics: {push_gateway_url: 'secret://env/GATEWAY'}}",
		"app_name: x\nsources: {s: {type: jdbc, url: 'secret://env/URL', table: t}}\nsequences: [{name: q, query: 'select :a', args: {a: 'secret://env/A'}, target: {type: jdbc, url: 'secret://env/URL'}}]",
		"pipeline: {pipeline-name: n, pipeline-components: [{instance-name: a, instance-type: b, instance-config: {p: 'secret://env/P'}}]}",
	} {
		_, err := parseYAML(src + "\n")
		require.NoError(t, err, src)
	}
	for src, want := range map[string]string{
		"name: 'secret://env/X'\ncomponents: [{name: a, type: sql}]":                                                        "p.yaml:1:7: name: a secret cannot stand here",
		"name: n\ncomponents: [{name: a, type: 'secret://env/X'}]":                                                          "p.yaml:2:30: components[0].type: a secret cannot stand here",
		"name: n\ncomponents: [{name: a, type: sql, quality: {checks: [{check: not_null, column: 'secret://env/X'}]}}]":     "p.yaml:2:80: components[0].quality.checks[0].column: a secret cannot stand here",
		"app_name: x\nsources: {s: {type: csv, path: p, quality: {checks: [{check: not_null, column: 'secret://env/X'}]}}}": "p.yaml:2:80: sources.s.quality.checks[0].column: a secret cannot stand here",
		"app_name: x\nsequences: [{name: q, query: 'select ${secret:env://X}', target: {type: csv, path: p}}]":              "p.yaml:2:30: sequences[0].query: a secret cannot stand here",
		valid + "spark: {remote: 'secret://'}":                                                                              "p.yaml:3:17: spark.remote: ",
	} {
		_, err := parseYAML(src + "\n")
		require.ErrorContains(t, err, want, src)
	}
}

func TestReferencesInHOCON(t *testing.T) {
	t.Parallel()
	p, err := config.Parse([]byte(`name = n, components = [{name = a, type = t, config { a = "secret://env/A", b = "${secret:env://B}", c = ${X} }}]`),
		config.FormatHOCON, &config.Options{Env: func(name string) (string, bool) { return "secret://env/FROM_ENV", name == "X" }})
	require.NoError(t, err)
	var texts []string
	for _, r := range p.Components[0].Config.References() {
		texts = append(texts, r.Text)
	}
	require.Equal(t, []string{"secret://env/A", "${secret:env://B}", "secret://env/FROM_ENV"}, texts)
}
