package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

const oldForm = `# daily
name: p
components:
  - name: a
    class_path: pyspark_pipeline_framework.examples.batch.ReadCsv   # the input
    config: {path: "${?IN}/x", output-view: v}
  - {name: b, class_path: acme.Report}
`

const newForm = `# daily
name: p
components:
  - name: a
    type: read_csv   # the input
    config: {path: "${?IN}/x", output_view: v}
  - {name: b, type: Report}
`

const oldFormNote = `FILE:7:27: acme.Report is no component type of this program: port the class to Go and register it as "Report", with component.NewFactory
`

func TestMigrateHelp(t *testing.T) {
	t.Parallel()
	got := sparkpipe(t, "migrate", "--help")
	require.Equal(t, cli.ExitSucceeded, got.code)
	requireGolden(t, "help_migrate", got.stdout, "")
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "p.yaml", oldForm)
	note := strings.ReplaceAll(oldFormNote, "FILE", file)
	require.Equal(t, outcome{cli.ExitSucceeded, newForm, note}, sparkpipe(t, "migrate", file))
	require.Equal(t, outcome{cli.ExitFailed, "", note + "sparkpipe: " + file + " would change\n"}, sparkpipe(t, "migrate", "--check", file))

	out := filepath.Join(t.TempDir(), "new.yaml")
	require.Equal(t, outcome{cli.ExitSucceeded, "", note}, sparkpipe(t, "migrate", file, "-o", out))
	requireFile(t, newForm, out)
	requireFile(t, oldForm, file)
	require.Equal(t, outcome{cli.ExitSucceeded, "", ""}, sparkpipe(t, "migrate", "--check", out))
}

func TestMigrateInPlace(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "p.yaml", oldForm)
	require.NoError(t, os.Chmod(file, 0o640))
	require.Equal(t, cli.ExitSucceeded, sparkpipe(t, "migrate", "--in-place", file).code)
	requireFile(t, newForm, file)
	requireFile(t, oldForm, file+".bak")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())

	require.Equal(t, cli.ExitSucceeded, sparkpipe(t, "migrate", "--in-place", file).code, "nothing changes, so nothing is written")
	requireFile(t, oldForm, file+".bak")

	require.NoError(t, os.WriteFile(file, []byte(oldForm), 0o600))
	got := sparkpipe(t, "migrate", "--in-place", file)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stderr, "p.yaml.bak exists already: move it away")
	requireFile(t, oldForm, file)
}

func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "p.yaml", oldForm)
	for args, want := range map[string]outcome{
		"migrate":                         {cli.ExitUsage, "", "sparkpipe: migrate takes one configuration file, got 0 arguments; see sparkpipe migrate --help\n"},
		"migrate --check -o x " + file:    {cli.ExitUsage, "", "sparkpipe: --output, --in-place and --check exclude each other\n"},
		"migrate -o " + file + " " + file: {cli.ExitUsage, "", "sparkpipe: " + file + " is the file itself; --in-place rewrites it\n"},
		"migrate none.yaml":               {cli.ExitBadConfig, "", "sparkpipe: none.yaml: the file does not exist; looked for HERE/none.yaml\n"},
		"migrate p.txt":                   {cli.ExitBadConfig, "", "sparkpipe: p.txt: the suffix does not say the format; name the file .conf or .hocon (HOCON), .yaml or .yml (YAML), .json (JSON)\n"},
	} {
		here, err := os.Getwd()
		require.NoError(t, err)
		want.stderr = strings.ReplaceAll(want.stderr, "HERE", here)
		require.Equal(t, want, sparkpipe(t, strings.Fields(args)...), args)
	}
	faulty := writeFile(t, "p.conf", "name = [\n")
	got := sparkpipe(t, "migrate", faulty)
	require.Equal(t, cli.ExitBadConfig, got.code)
	require.Contains(t, got.stderr, "p.conf:2:1: ")
	require.Empty(t, got.stdout)
}

// TestMigratedExamplesAreTheSamePipelines compares what validate and graph say of
// the files of both forms before and after.
func TestMigratedExamplesAreTheSamePipelines(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"customer_etl.conf", "local_demo.conf", "everest.yaml", "everest.json"} {
		out := filepath.Join(t.TempDir(), file)
		require.Equal(t, cli.ExitSucceeded, sparkpipe(t, "migrate", "../../examples/legacy/"+file, "-o", out).code, file)
		text, err := os.ReadFile(out)
		require.NoError(t, err)
		require.NotContains(t, string(text), "class_path")
		require.NotContains(t, string(text), "app_name: c")
		before, after := sparkpipe(t, "graph", "../../examples/legacy/"+file), sparkpipe(t, "graph", out)
		require.Equal(t, cli.ExitSucceeded, after.code, after.stderr)
		require.Equal(t, before, after, file)
	}
}

func requireFile(t *testing.T, want, path string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}
