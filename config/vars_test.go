package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
)

func TestVars(t *testing.T) {
	t.Parallel()
	formats := map[config.Format]string{
		config.FormatYAML: "name: n-${vars.day}\nvars: {day: d, size: 1, in: {a: x, b: y}}\ncomponents:\n" +
			"  - {name: a, type: sql, enabled: \"${vars.on}\", config: {sql: \"${vars.in.a} ${vars.in.b}\"}}\nspark: {executor_cores: \"${vars.size}\"}\n",
		config.FormatJSON: `{"name": "n-${vars.day}", "vars": {"day": "d", "size": 1, "in": {"a": "x", "b": "y"}},
			"components": [{"name": "a", "type": "sql", "enabled": "${vars.on}", "config": {"sql": "${vars.in.a} ${vars.in.b}"}}],
			"spark": {"executor_cores": "${vars.size}"}}`,
		config.FormatHOCON: `name = n-${vars.day}
			vars { day = d, size = 1, in { a = x, b = y } }
			components = [{name = a, type = sql, enabled = ${vars.on}, config {sql = ${vars.in.a}" "${vars.in.b}}}]
			spark { executor_cores = ${vars.size} }`,
	}
	for format, src := range formats {
		p, err := config.Parse([]byte(src), format, &config.Options{Vars: map[string]string{
			"day": "2026-01-02", "size": "8", "in.a": "${vars.day}", "on": "true",
		}})
		require.NoError(t, err)
		require.Equal(t, "n-2026-01-02", p.Name)
		require.Equal(t, "8", p.Spark.Conf["spark.executor.cores"])
		var got struct {
			SQL string `koanf:"sql"`
		}
		require.NoError(t, p.Components[0].Config.Decode(&got))
		require.Equal(t, "${vars.day} y", got.SQL, "a value is taken literally, what is beside it stays")
	}
}

func TestVarsThatNobodyWants(t *testing.T) {
	t.Parallel()
	src := "name: n\nvars: {day: d, in: {a: 1}}\nspark: {driver_cores: \"${vars.cores}\"}\ncomponents: [{name: a, type: sql}]\n"
	_, err := config.Parse([]byte(src), config.FormatYAML, &config.Options{Name: "p.yaml", Vars: map[string]string{
		"dya": "1", "in.b": "2", "in.a": "3", "x..y": "4", "cores": "many",
	}})
	require.EqualError(t, err, `variable dya: the file has no key vars.dya, and no ${vars.dya}
variable in.b: the file has no key vars.in.b, and no ${vars.in.b}
variable x..y: is no name of a variable; write words with dots between them
p.yaml:3:23: spark.driver_cores: want an integer, found other text from outside the file`)
}
