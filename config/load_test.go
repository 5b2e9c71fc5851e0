package config_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// env is an environment for tests.
func env(pairs ...string) func(string) (string, bool) {
	values := make(map[string]string)
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

// files writes files into a fresh directory and returns it.
func files(t *testing.T, pairs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i+1 < len(pairs); i += 2 {
		path := filepath.Join(dir, pairs[i])
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(pairs[i+1]), 0o600))
	}
	return dir
}

// message is the error without the directory, whose name changes.
func message(dir string, err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
}

func parseYAML(src string, pairs ...string) (*config.Pipeline, error) {
	return config.Parse([]byte(src), config.FormatYAML, &config.Options{Name: "p.yaml", Env: env(pairs...)})
}

// plain is a pipeline without what depends on places.
type plain struct {
	config.Pipeline
	configs []any
}

func plainOf(t *testing.T, p *config.Pipeline) plain {
	t.Helper()
	out := plain{Pipeline: *p}
	out.Components = append([]config.Component(nil), p.Components...)
	for i := range out.Components {
		var values any
		require.NoError(t, out.Components[i].Config.Decode(&values))
		out.configs = append(out.configs, values)
		require.NotEmpty(t, out.Components[i].Path)
		out.Components[i].Config = config.Section{}
		out.Components[i].Where, out.Components[i].Path = "", ""
	}
	out.File, out.Root = "", config.Section{}
	return out
}

func TestLoadGivesTheSameFromEveryFormat(t *testing.T) {
	t.Parallel()
	want := plain{
		Pipeline: config.Pipeline{
			Name: "orders-daily", Version: "1.0", Environment: "prod", Mode: "batch",
			Tags: map[string]string{"team": "sales", "tier": "1"},
			Spark: config.Spark{
				AppName: "orders", Remote: secrets.NewValue("sc://localhost:15002/;token=abc"), Master: "local[2]",
				Conf: map[string]string{
					"spark.submit.deployMode": "cluster", "spark.driver.memory": "2g", "spark.driver.cores": "1",
					"spark.executor.memory": "8g", "spark.executor.cores": "2", "spark.executor.instances": "3",
					"spark.sql.shuffle.partitions": "10", "spark.sql.adaptive.enabled": "true",
				},
				Connectors: []string{"delta"},
			},
			Runner: config.Runner{MaxParallel: 1, FailFast: false, OnDisabled: "run"},
			Components: []config.Component{
				{Name: "sources.people", Type: "read_gcs", ComponentType: "source", Enabled: true},
				{Name: "read", Type: "read_csv", ComponentType: "source", Enabled: true},
				{Name: "clean", Type: "a.b.SqlTransform", DependsOn: []string{"read"}},
				{
					Name: "sequences.totals", Type: "write_parquet", ComponentType: "sink", Enabled: true,
					DependsOn: []string{"sources.people"},
				},
			},
			Hooks: config.Hooks{Logging: config.LoggingHook{Written: true, Enabled: true, Level: "warn", Format: "text", Output: "stderr"}},
		},
		configs: []any{
			map[string]any{"path": "gs://b/p", "output_view": "customers"},
			map[string]any{"path": "/data/2024-01-01/test", "header": true, "output_view": "raw"},
			map[string]any{"sql": "SELECT * FROM raw"},
			map[string]any{"path": "/out", "query": "SELECT * FROM customers"},
		},
	}
	for _, name := range []string{"full.yaml", "full.json", "full.conf"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", name)
			p, err := config.Load(path, &config.Options{Env: env("STAGE", "test")})
			require.NoError(t, err)
			require.Equal(t, path, p.File)
			require.Equal(t, want, plainOf(t, p))
		})
	}
}

func TestLoadDefaults(t *testing.T) {
	t.Parallel()
	p, err := parseYAML("name: n\ncomponents: [{name: a, type: sql}]\n")
	require.NoError(t, err)
	require.Equal(t, plain{
		Pipeline: config.Pipeline{
			Name: "n", Environment: "dev", Mode: "batch",
			Spark:      config.Spark{AppName: "n", Master: "local[*]", Conf: map[string]string{}},
			Runner:     config.Runner{FailFast: true, OnDisabled: "skip", MaxParallel: 1},
			Components: []config.Component{{Name: "a", Type: "sql", Enabled: true}},
			Hooks:      config.Hooks{Logging: config.LoggingHook{Enabled: true, Level: "info"}},
		},
		configs: []any{map[string]any{}},
	}, plainOf(t, p))
	require.Equal(t, "components[0].config", p.Components[0].Config.Path())
}

func TestLoadFileFaults(t *testing.T) {
	t.Parallel()
	dir := files(t, "p.toml", "", "none", "", "empty.yaml", "", "empty.json", " \n", "empty.conf", "# nothing\n", "dir.yaml/x", "")
	for name, want := range map[string]string{
		"p.toml": `p.toml: the suffix of "p.toml" does not say the format; ` +
			`name the file .conf or .hocon (HOCON), .yaml or .yml (YAML), .json (JSON)`,
		"none": `none: the suffix of "none" does not say the format; ` +
			`name the file .conf or .hocon (HOCON), .yaml or .yml (YAML), .json (JSON)`,
		"gone.yaml":  "gone.yaml: the file does not exist",
		"gone.conf":  "gone.conf: the file does not exist",
		"dir.yaml":   `dir.yaml: "dir.yaml" is a directory; name a file in it`,
		"empty.yaml": "empty.yaml: the file is empty; a pipeline wants a name and components",
		"empty.json": "empty.json: the file is empty; a pipeline wants a name and components",
		"empty.conf": "empty.conf: the file is empty; a pipeline wants a name and components",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := config.Load(filepath.Join(dir, name), nil)
			require.Nil(t, p)
			require.Equal(t, want, message(dir, err))
			var all *config.Errors
			require.ErrorAs(t, err, &all)
		})
	}
}

func TestLoadMissingFileIsErrNotExist(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"gone.yaml", "gone.json", "gone.conf"} {
		_, err := config.Load(name, nil)
		require.ErrorIs(t, err, fs.ErrNotExist)
		absolute, absErr := filepath.Abs(name)
		require.NoError(t, absErr)
		require.ErrorContains(t, err, absolute)
	}
}

func TestLoadSubstitutes(t *testing.T) {
	t.Parallel()
	src := `
name: ${vars.base}-${STAGE}
version: ${?VERSION}
vars: {base: orders, size: 4}
runner: {fail_fast: "${FAIL_FAST}"}
spark: {executor_cores: "${CORES}", driver_cores: "${vars.size}", num_executors: "${?GONE}"}
components:
  - {name: a, type: sql, enabled: "${?ENABLED}", config: {sql: "SELECT $${x}"}}
`
	p, err := parseYAML(src, "STAGE", "dev", "FAIL_FAST", "False", "CORES", " 6 ", "ENABLED", "no")
	require.NoError(t, err)
	require.Equal(t, "orders-dev", p.Name)
	require.Empty(t, p.Version)
	require.False(t, p.Runner.FailFast)
	require.Equal(t, map[string]string{"spark.executor.cores": "6", "spark.driver.cores": "4"}, p.Spark.Conf)
	require.False(t, p.Components[0].Enabled)
	var values map[string]any
	require.NoError(t, p.Components[0].Config.Decode(&values))
	require.Equal(t, map[string]any{"sql": "SELECT ${x}"}, values)
}

func TestLoadReportsUnsetVariablesWithTheRest(t *testing.T) {
	t.Parallel()
	_, err := parseYAML(`
name: ${NAME}
spark: {driver_memory: "${MEMORY}", driver_cores: "${CORES}"}
components:
  - {name: a, type: sql, depends_on: ["${NAME}"], enable: true}
`)
	var all *config.Errors
	require.ErrorAs(t, err, &all)
	require.Len(t, all.List, 5)
	for i, variable := range []string{"NAME", "MEMORY", "CORES", "NAME"} {
		require.Contains(t, all.List[i].Msg, "set the environment variable "+variable)
	}
	require.Equal(t, `p.yaml:5:51: components[0].enable: unknown key; did you mean "enabled"?`, all.List[4].Error())
}

func TestLoadDoesNotShowTheEnvironment(t *testing.T) {
	t.Parallel()
	_, err := parseYAML(`
name: n
runner: {fail_fast: "${SECRET}", on_disabled: "${SECRET}"}
spark: {driver_cores: "${SECRET}", remote: "${SECRET}", driver_memory: "${SECRET}"}
components: [{name: a, type: sql, depends_on: "${SECRET}"}]
`, "SECRET", "hunter2")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestLoadIncludes(t *testing.T) {
	t.Parallel()
	dir := files(t,
		"p.yaml", "include: [base/a.yaml, 'base/${KIND}.json', base/c.conf]\nname: mine\nspark: {master: 'local[1]'}\n",
		"base/a.yaml", "include: deep.yaml\nname: a\nversion: a\nspark: {master: a, app_name: a}\n",
		"base/deep.yaml", "components: [{name: one, type: sql}]\ntags: {from: deep}\n",
		"base/b.json", `{"version": "b", "spark": {"driver_cores": 2}}`,
		"base/c.conf", "tags.extra = ${name}\n",
	)
	p, err := config.Load(filepath.Join(dir, "p.yaml"), &config.Options{Env: env("KIND", "b")})
	require.NoError(t, err)
	require.Equal(t, "mine", p.Name)
	require.Equal(t, "b", p.Version)
	require.Equal(t, map[string]string{"from": "deep", "extra": "mine"}, p.Tags)
	require.Equal(t, "local[1]", p.Spark.Master)
	require.Equal(t, "a", p.Spark.AppName)
	require.Equal(t, map[string]string{"spark.driver.cores": "2"}, p.Spark.Conf)
	require.Len(t, p.Components, 1)
}

func TestLoadIncludeFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		files []string
		want  string
	}{
		{
			"cycle",
			[]string{"p.yaml", "name: a\ninclude: b.yaml\n", "b.yaml", "include: c.json\n", "c.json", "{\"include\":\n [\"p.yaml\"]}"},
			"c.json:2:3: includes form a cycle: p.yaml -> b.yaml -> c.json -> p.yaml",
		},
		{
			"itself", []string{"p.yaml", "include: p.yaml\n"},
			"p.yaml:1:10: includes form a cycle: p.yaml -> p.yaml",
		},
		{
			"missing", []string{"p.yaml", "name: a\ninclude:\n  - gone.yaml\n"},
			`p.yaml:3:5: the file "gone.yaml" does not exist`,
		},
		{
			"unknown suffix", []string{"p.yaml", "include: x.ini\n"},
			`p.yaml:1:10: the suffix of "x.ini" does not say the format; ` +
				`name the file .conf or .hocon (HOCON), .yaml or .yml (YAML), .json (JSON)`,
		},
		{
			"not a name", []string{"p.yaml", "include: {a: b}\n"},
			"p.yaml:1:10: include: want a file name or a list of them, found a block",
		},
		{
			"fault in the included file",
			[]string{"p.yaml", "include: b.yaml\nname: a\n", "b.yaml", "components:\n  - {name: a, type: sql, confg: {}}\n"},
			`b.yaml:2:26: components[0].confg: unknown key; did you mean "config"?`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := files(t, tc.files...)
			_, err := config.Load(filepath.Join(dir, "p.yaml"), nil)
			require.Equal(t, tc.want, message(dir, err))
		})
	}
}

func TestLoadManyIncludesAreBounded(t *testing.T) {
	t.Parallel()
	var pairs []string
	for i := range 30 {
		pairs = append(pairs, fmt.Sprintf("f%d.yaml", i), fmt.Sprintf("include: [f%d.yaml, f%d.yaml]\n", i+1, i+1))
	}
	dir := files(t, append(pairs, "f30.yaml", "name: n\n")...)
	_, err := config.Load(filepath.Join(dir, "f0.yaml"), nil)
	require.ErrorContains(t, err, "more than 1000 files are included")
}

func TestLoadWarnsOfIgnoredIncludes(t *testing.T) {
	t.Parallel()
	dir := files(t, "p.conf", "include \"gone.conf\"\nname = n\ncomponents = [{name = a, type = sql}]\n")
	var warnings []string
	_, err := config.Load(filepath.Join(dir, "p.conf"), &config.Options{Warn: func(msg string) { warnings = append(warnings, msg) }})
	require.NoError(t, err)
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0], "gone.conf")
}

func TestParseUnknownFormat(t *testing.T) {
	t.Parallel()
	_, err := config.Parse([]byte("a: 1"), config.Format(9), nil)
	require.EqualError(t, err, "parse a configuration: the format 9 is unknown")
}

func TestErrorsAreLimitedInPrint(t *testing.T) {
	t.Parallel()
	var src strings.Builder
	src.WriteString("name: n\ncomponents: [{name: a, type: sql}]\n")
	for i := range 60 {
		fmt.Fprintf(&src, "zzzzzz%d: 1\n", i)
	}
	_, err := parseYAML(src.String())
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, config.MaxPrintedErrors+1)
	require.Equal(t, "and 10 more", lines[config.MaxPrintedErrors])
	var one *config.Error
	require.True(t, errors.As(err, &one))
	require.Equal(t, "zzzzzz0", one.Path)
	require.Equal(t, 3, one.Line)
	require.Equal(t, "p.yaml", one.File)
}
