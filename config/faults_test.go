package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
)

// valid is a file without fault; the faults of the tests are added to it.
const valid = "name: n\ncomponents: [{name: a, type: sql}]\n"

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, src, want string }{
		{"nothing to run", "name: n\n", "p.yaml:1:1: components: required key is missing; a pipeline wants at least one component or sequence"},
		{"no component", "name: n\ncomponents: []\n", "p.yaml:2:13: components: must not be empty; a pipeline wants at least one component or sequence"},
		{"null components", "name: n\ncomponents:\n", "p.yaml:1:1: components: required key is missing; a pipeline wants at least one component or sequence"},
		{"no name", "components: [{name: a, type: sql}]\n", "p.yaml:1:1: name: required key is missing; name the pipeline"},
		{"empty name", "name: ' '\ncomponents: [{name: a, type: sql}]\n", "p.yaml:1:7: name: must not be empty"},
		{"null name", "name: ~\ncomponents: [{name: a, type: sql}]\n", "p.yaml:1:1: name: required key is missing; name the pipeline"},
		{"name as a list", "name: [a]\ncomponents: [{name: a, type: sql}]\n", "p.yaml:1:7: name: want text, found a list"},
		{"root is a list", "- a\n", `p.yaml:1:1: want keys and values at the root; write "key: value"`},
		{"unknown key, near", valid + "enviroment: x\n", `p.yaml:3:1: enviroment: unknown key; did you mean "environment"?`},
		{"unknown key, swapped letters", valid + "tgas: {}\n", `p.yaml:3:1: tgas: unknown key; did you mean "tags"?`},
		{"unknown key, far", valid + "runner: {zebra: 1}\n", "p.yaml:3:10: runner.zebra: unknown key; valid keys: fail_fast, on_disabled, max_parallel, infer_dependencies, timeout"},
		{"nothing at a time", valid + "runner: {max_parallel: 0}\n", "p.yaml:3:24: runner.max_parallel: must be at least 1, is 0"},
		{"timeout without a unit", valid + "runner: {timeout: 60}\n", `p.yaml:3:19: runner.timeout: want a duration such as "10s", "500ms" or "5 minutes", found the number 60; write the unit, for example "60s"`},
		{"timeout of a component", "name: n\ncomponents: [{name: a, type: sql, timeout: soon}]\n", `p.yaml:2:44: components[0].timeout: want a duration such as "10s", "500ms" or "5 minutes", found the text "soon"`},
		{"unknown key with dots", valid + "runner: {a.b: 1}\n", `p.yaml:3:10: runner."a.b": unknown key; valid keys: fail_fast, on_disabled, max_parallel, infer_dependencies, timeout`},
		{"both spellings", valid + "runner:\n  fail_fast: true\n  fail-fast: true\n", `p.yaml:5:3: runner.fail-fast: the same key as "fail_fast" at p.yaml:4:3; keep one of them`},
		{"both aliases", valid + "spark:\n  remote: sc://a\n  connect_string: sc://a\n", `p.yaml:5:3: spark.connect_string: the same key as "remote" at p.yaml:4:3; keep one of them`},
		{"class_path beside type", "name: n\ncomponents: [{name: a, type: sql, class_path: b}]\n", `p.yaml:2:35: components[0].class_path: the same key as "type" at p.yaml:2:24; keep one of them`},
		{"text for an integer", valid + "spark: {driver_cores: five}\n", `p.yaml:3:23: spark.driver_cores: want an integer, found the text "five"`},
		{"quoted integer", valid + "spark: {driver_cores: '5'}\n", `p.yaml:3:23: spark.driver_cores: want an integer, found the text "5"; write 5 without quotes`},
		{"fraction for an integer", valid + "spark: {driver_cores: 1.5}\n", "p.yaml:3:23: spark.driver_cores: want an integer, found the number 1.5"},
		{"huge integer", valid + "spark: {driver_cores: 99999999999999999999}\n", "p.yaml:3:23: spark.driver_cores: want an integer, found the number 99999999999999999999"},
		{"leading zero", valid + "spark: {driver_cores: 010}\n", `p.yaml:3:23: spark.driver_cores: want an integer, found the text "010"`},
		{"too small", valid + "spark: {driver_cores: 0}\n", "p.yaml:3:23: spark.driver_cores: must be at least 1, is 0"},
		{"no executors", valid + "spark: {num_executors: 0}\n", "p.yaml:3:24: spark.num_executors: must be at least 1, is 0; or set dynamic_allocation to true"},
		{"memory", valid + "spark: {driver_memory: 4 gigs}\n", `p.yaml:3:24: spark.driver_memory: want an amount of memory, found the text "4 gigs"; write a whole number and a unit, for example "4g" or "512m"`},
		{"remote", valid + "spark: {remote: 'http://user:pw@h'}\n", `p.yaml:3:17: spark.remote: want a Spark Connect address that begins with "sc://"; for example "sc://localhost:15002"`},
		{"remote as a list", valid + "spark: {remote: [a]}\n", "p.yaml:3:17: spark.remote: want text, found a list"},
		{"YAML 1.1 bool", valid + "runner: {fail_fast: yes}\n", `p.yaml:3:21: runner.fail_fast: want true or false, found the text "yes"; write true without quotes`},
		{"number for a bool", valid + "runner: {fail_fast: 1}\n", "p.yaml:3:21: runner.fail_fast: want true or false, found the number 1"},
		{"enum", valid + "runner: {on_disabled: skp}\n", `p.yaml:3:23: runner.on_disabled: want one of skip, run, error, found the text "skp"; did you mean "skip"?`},
		{"enum, far", valid + "hooks: {logging: {level: loud}}\n", `p.yaml:3:26: hooks.logging.level: want one of debug, info, warn, error, found the text "loud"`},
		{"not of an enum", valid + "mode: live\n", `p.yaml:3:7: mode: want one of batch, streaming, found the text "live"`},
		{"logging contradiction", valid + "hooks: {logging: {format: json, structured: false}}\n", "p.yaml:3:45: hooks.logging.structured: contradicts the format json; remove structured"},
		{"word for a list", "name: n\ncomponents: [{name: a, type: sql, depends_on: b}]\n", `p.yaml:2:47: components[0].depends_on: want a list, found the text "b"; write ["b"]`},
		{"block for a list", "name: n\ncomponents: {a: {type: sql}}\n", "p.yaml:2:13: components: want a list, found a block"},
		{"null in a list", "name: n\ncomponents: [{name: a, type: sql, depends_on: [~]}]\n", "p.yaml:2:48: components[0].depends_on[0]: an element must not be null"},
		{"word for a block", valid + "spark: local\n", `p.yaml:3:8: spark: want a block, found the text "local"`},
		{"word for a component", "name: n\ncomponents: [a]\n", `p.yaml:2:14: components[0]: want a block, found the text "a"`},
		{"word for a config", "name: n\ncomponents: [{name: a, type: sql, config: x}]\n", `p.yaml:2:43: components[0].config: want a block, found the text "x"`},
		{"component without type", "name: n\ncomponents: [{name: a}]\n", "p.yaml:2:14: components[0].type: required key is missing"},
		{"component with empty name", "name: n\ncomponents: [{name: '', type: sql}]\n", "p.yaml:2:21: components[0].name: must not be empty"},
		{"component type", "name: n\ncomponents: [{name: a, type: sql, component_type: snik}]\n", `p.yaml:2:51: components[0].component_type: want one of source, transformation, sink, found the text "snik"; did you mean "sink"?`},
		{"list in spark_conf", valid + "spark: {spark_conf: {a: [1]}}\n", "p.yaml:3:25: spark.spark_conf.a: want text, found a list"},
		{"property twice", valid + "spark: {spark_conf: {a.b: 1, a: {b: 2}}}\n", `p.yaml:3:34: spark.spark_conf.a.b: the key "a.b" is given twice; keep one of them`},
		{"two places for spark_conf", valid + "spark: {spark_conf: {a: 1}}\nspark_conf: {a: 2}\n", "p.yaml:4:13: spark_conf.a: differs from the value in the block spark; keep one of them"},
		{"two app names", valid + "spark: {app_name: x}\napp_name: y\n", `p.yaml:4:11: app_name: differs from spark.app_name "x"; keep one of them`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, err := parseYAML(tc.src)
			require.Nil(t, p)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestFaultsOfRootBlocks(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		valid + "checkpoint: {locaton: x}\n":         `p.yaml:3:14: checkpoint.locaton: unknown key; did you mean "location"?`,
		valid + "quality: []\n":                      "p.yaml:3:10: quality: want a block, found a list",
		valid + "secrets: {cache_ttl_seconds: -1}\n": "p.yaml:3:30: secrets.cache_ttl_seconds: cannot be negative",
		valid + "hooks: {audit: true}\n":             "p.yaml:3:16: hooks.audit: want a block, found true",
		"pipeline:\n  pipeline-name: n\n  pipeline-components: [{instance-name: a, instance-type: b}]\n" +
			"  checkpoint: {enabled: true}\ncheckpoint: {}\n": "p.yaml:5:1: checkpoint: given beside pipeline.checkpoint; keep one of them",
	} {
		_, err := parseYAML(src)
		require.EqualError(t, err, want, src)
	}
}

func TestSwitchedOffBlocksAreAccepted(t *testing.T) {
	t.Parallel()
	for _, rest := range []string{
		"hooks: {metrics: {enabled: false, backend: prometheus, push_gateway_url: x, export_interval_seconds: 60}}",
		"hooks: {audit: {enabled: false, include-data-samples: false, audit_trail_path: /x, retention_days: 90}}",
		"hooks: {metrics: {}, audit: ~}",
		"hooks: {metrics: {enabled: '${OFF}'}}",
		"secrets: ~",
		"vars: {a: 'secret://x/y'}",
	} {
		_, err := parseYAML(valid+rest+"\n", "OFF", "false")
		require.NoError(t, err, rest)
	}
}

func TestAllFaultsComeAtOnceInOrder(t *testing.T) {
	t.Parallel()
	_, err := parseYAML(`vesion: 1
spark: {driver_cores: x, foo: 1}
components:
  - {nme: a, type: sql}
  - {name: b, type: [], depends_on: [zz, c]}
  - {name: c, type: sql, depends_on: [b]}
  - {name: c, type: sql}
`)
	var paths []string
	var all *config.Errors
	require.ErrorAs(t, err, &all)
	for _, fault := range all.List {
		paths = append(paths, fault.Path)
	}
	require.Equal(t, []string{
		"vesion", "name", "spark.driver_cores", "spark.foo", "components[0].name", "components[0].nme",
		"components[1].type", "components[1].depends_on", "components[3].name",
	}, paths)
	require.Equal(t, len(paths), strings.Count(err.Error(), "\n")+1)
}
