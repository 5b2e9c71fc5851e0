package cli_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// The same pipeline in three formats, right and with the same three faults.
var goodFiles = map[string]string{
	"p.conf": `name = p
components = [
  { name = load, type = sql, config { sql = "SELECT 1 AS x", output_view = v } }
  { name = look, type = show, depends_on = [load], config { input_view = v } }
]
`,
	"p.yaml": `name: p
components:
  - name: load
    type: sql
    config: {sql: SELECT 1 AS x, output_view: v}
  - name: look
    type: show
    depends_on: [load]
    config: {input_view: v}
`,
	"p.json": `{"name": "p", "components": [
  {"name": "load", "type": "sql", "config": {"sql": "SELECT 1 AS x", "output_view": "v"}},
  {"name": "look", "type": "show", "depends_on": ["load"], "config": {"input_view": "v"}}
]}
`,
}

var badFiles = map[string]string{
	"bad.conf": `name = p
components = [
  { name = load, type = sqll, config { sql = "SELECT 1 AS x" } }
  { name = look, type = show, depends_on = [lod], config { input_vew = v } }
]
`,
	"bad.yaml": `name: p
components:
  - name: load
    type: sqll
    config: {sql: SELECT 1 AS x}
  - name: look
    type: show
    depends_on: [lod]
    config: {input_vew: v}
`,
	"bad.json": `{"name": "p", "components": [
  {"name": "load", "type": "sqll", "config": {"sql": "SELECT 1 AS x"}},
  {"name": "look", "type": "show", "depends_on": ["lod"], "config": {"input_vew": "v"}}
]}
`,
}

// validity is what validate --json prints.
type validity struct {
	File   string   `json:"file"`
	Valid  bool     `json:"valid"`
	Faults []string `json:"faults"`
}

func TestValidateGoodFiles(t *testing.T) {
	t.Parallel()
	for name, text := range goodFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := writeFile(t, name, text)
			got := sparkpipe(t, "validate", file)
			require.Equal(t, outcome{cli.ExitSucceeded, file + " is valid: pipeline \"p\", 2 components\n", ""}, got)

			got = sparkpipe(t, "validate", "--json", file)
			require.Equal(t, cli.ExitSucceeded, got.code)
			require.Empty(t, got.stderr)
			require.JSONEq(t, `{"file": "`+file+`", "valid": true, "faults": []}`, got.stdout)
		})
	}
}

func TestValidateTellsEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	for name, text := range badFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := writeFile(t, name, text)
			got := sparkpipe(t, "validate", file)
			require.Equal(t, cli.ExitBadConfig, got.code)
			require.Empty(t, got.stdout)
			requireGolden(t, "validate_"+name, got.stderr, filepath.Dir(file))

			got = sparkpipe(t, "validate", "--json", file)
			require.Equal(t, cli.ExitBadConfig, got.code)
			require.Empty(t, got.stderr, "it is all in the object")
			var object validity
			require.NoError(t, json.Unmarshal([]byte(got.stdout), &object))
			require.False(t, object.Valid)
			require.Equal(t, file, object.File)
			require.Len(t, object.Faults, 3)
			for _, fault := range object.Faults {
				require.Contains(t, fault, file+":", "each fault has its place")
			}
		})
	}
}

func TestValidateChecksTheBlockSpark(t *testing.T) {
	t.Parallel()
	text := goodFiles["p.conf"] + `spark { master = "mesos", connectors = [deltaa], spark_conf { spark.driver.memory = lots } }`
	got := sparkpipe(t, "validate", writeFile(t, "p.conf", text))
	require.Equal(t, cli.ExitBadConfig, got.code)
	require.Contains(t, got.stderr, `  spark: master "mesos": want local, local[N], local[*] or spark://host:port`+"\n")
	require.Contains(t, got.stderr, `  spark: connector "deltaa": unknown; known are `)
	require.Contains(t, got.stderr, `  spark: conf spark.driver.memory "lots": want a size such as 2g or 512m`+"\n")
}

func TestWarningsGoToStandardError(t *testing.T) {
	t.Parallel()
	text := goodFiles["p.conf"] + "include \"not-there.conf\"\n"
	got := sparkpipe(t, "validate", "--json", writeFile(t, "p.conf", text))
	require.Equal(t, cli.ExitSucceeded, got.code, got.stderr)
	require.Contains(t, got.stderr, "sparkpipe: warning: ")
	require.Contains(t, got.stderr, "not-there.conf")
	require.True(t, json.Valid([]byte(got.stdout)))
}

func TestValidateNeedsNoServer(t *testing.T) {
	t.Parallel()
	text := onServer("sc://192.0.2.1:15002", goodFiles["p.yaml"]) // an address that nobody has
	require.Equal(t, cli.ExitSucceeded, sparkpipe(t, "validate", writeFile(t, "p.yaml", text)).code)
}
