package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
)

// fuzz checks what holds for any input: a pipeline or faults, never both, no
// panic, and a pipeline whose sections decode.
func fuzz(f *testing.F, format config.Format, seeds ...string) {
	f.Helper()
	for _, name := range []string{"full.yaml", "full.json", "full.conf"} {
		if got, _ := config.FormatOf(name); got == format {
			src, err := os.ReadFile(filepath.Join("testdata", name))
			require.NoError(f, err)
			f.Add(string(src))
		}
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 1<<14 {
			t.Skip()
		}
		opts := &config.Options{Env: env("A", "1", "B", "x"), Name: filepath.Join(dir, "p")}
		p, err := config.Parse([]byte(src), format, opts)
		if err != nil {
			require.Nil(t, p)
			var all *config.Errors
			require.ErrorAs(t, err, &all)
			require.NotEmpty(t, all.List)
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotEmpty(t, p.Name)
		require.NotEmpty(t, p.Components)
		for _, c := range p.Components {
			require.NotEmpty(t, c.Name)
			require.NotEmpty(t, c.Type)
			var values map[string]any
			require.NoError(t, c.Config.Decode(&values))
			_ = c.Config.Decode(new(everything))
		}
	})
}

func FuzzLoadYAML(f *testing.F) {
	fuzz(f, config.FormatYAML, everest, valid, "a: &x {<<: *x}", "a: ${A}\nb: ${?C}", "include: p\n", "? a\n: b\n", "- x", "a: !!binary x",
		"name: a\ncomponents: [{name: a, type: b, config: {wait: 1h, int: 0x1F, numbers: [1, 2]}}]")
}

func FuzzLoadJSON(f *testing.F) {
	fuzz(f, config.FormatJSON, `{"a": "${A}"}`, `{"name": "\u0000", "components": [1]}`, "[", `{"include": ["x", 1]}`,
		`{"app_name": "a", "sequences": [{"query": "x", "target": {"type": "y"}}]}`)
}

func FuzzLoadHOCON(f *testing.F) {
	fuzz(f, config.FormatHOCON, "name = ${A}\ncomponents += { name = a, type = b }", "include \"x\"", "spark.spark_conf.a.b = 1",
		"pipeline { pipeline-name = a, pipeline-components = [{instance-name = a, instance-type = b}] }")
}
