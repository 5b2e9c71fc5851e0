package pipeline_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func builtins(t *testing.T) *component.Registry {
	t.Helper()
	registry, err := pipeline.NewRegistry()
	require.NoError(t, err)
	return registry
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestFromFileBuildsThePipeline(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "p.yaml", `
name: orders
spark: {app_name: shop, master: "local[1]"}
hooks: {logging: {level: warn}}
components:
  - {name: a, type: sql, config: {sql: SELECT 1, output_view: v}}
  - {name: b, class_path: x.y.WriteCsv, depends_on: [a], config: {input_view: v, path: out}}
`)
	p, err := pipeline.FromFile(path, builtins(t), nil)
	require.NoError(t, err)
	require.Equal(t, "orders", p.Name)
	require.Equal(t, path, p.File)
	require.Equal(t, "shop", p.Spark.AppName)
	require.Equal(t, "warn", p.Hooks.Logging.Level)
	require.Len(t, p.Steps, 2)
	require.Equal(t, "write_csv", p.Steps[1].Type)
	require.Equal(t, []string{"a"}, p.Steps[1].DependsOn)
}

// TestFromFileTellsEveryFaultAtOnce mixes faults of the file, of the order, of
// types and of settings; each is told once and with its place.
func TestFromFileTellsEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "p.yaml", `name: orders
components:
  - {name: a, type: sql, config: {sql: SELECT 1, ouput_view: v}}
  - {name: b, type: read_csv, depends_on: [zz], config: {output_view: v}}
  - {name: c, type: write_table, config: {input_view: v, output_table: t, mode: overwrit}}
  - {name: d, type: sqk, nme: 1}
`)
	_, err := pipeline.FromFile(path, builtins(t), nil)
	var failed *pipeline.FileError
	require.ErrorAs(t, err, &failed)
	var got []string
	for _, fault := range failed.Faults {
		text := strings.ReplaceAll(fault.Error(), path, "p.yaml")
		got = append(got, strings.Split(text, " known types:")[0])
	}
	require.Equal(t, []string{
		`p.yaml:4:44: components[1].depends_on[0]: no component is named "zz"; components: a, b, c, d`,
		`p.yaml:6:26: components[3].nme: unknown key; did you mean "name"?`,
		`p.yaml:3:50: components[0].config.ouput_view: component "a" (sql): unknown key; did you mean "output_view"?`,
		`p.yaml:4:57: components[1].config: component "b" (read_csv): set "path" or "paths"`,
		`p.yaml:5:81: components[2].config.mode: component "c" (write_table): unknown save mode "overwrit"; write append, overwrite, errorifexists or ignore`,
		`p.yaml:6:21: components[3].type: component "d": unknown component type "sqk"; did you mean "sql"?`,
	}, got)
	require.ErrorIs(t, err, component.ErrUnknownType)
	var located *config.Error
	require.ErrorAs(t, err, &located)
	require.Equal(t, 4, located.Line)
}

func TestFromFileStopsAtWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	_, err := pipeline.FromFile(filepath.Join(t.TempDir(), "none.yaml"), builtins(t), nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = pipeline.FromFile(writeFile(t, "p.conf", "name: x, components: ["), builtins(t), nil)
	require.ErrorContains(t, err, "p.conf is not valid:")
}

// TestFromFileDoesNotBuildWithValuesThatAreMissing: the settings of components
// are not judged while a variable has no value.
func TestFromFileDoesNotBuildWithValuesThatAreMissing(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "p.conf", `name: x, components: [{name: a, type: sql, config {sql: ${NOT_SET_HERE}, zzz: 1}}]`)
	env := func(string) (string, bool) { return "", false }
	_, err := pipeline.FromFile(path, builtins(t), &config.Options{Env: env})
	var failed *pipeline.FileError
	require.True(t, errors.As(err, &failed))
	require.Len(t, failed.Faults, 1)
	require.ErrorContains(t, err, "set the environment variable NOT_SET_HERE")
}
