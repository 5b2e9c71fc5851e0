package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func TestGeneratedFilesAreValid(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]struct {
		text  string
		steps int
	}{
		"demo.conf":  {demoFile("sc://localhost:1", "/data/a b.csv", "/out"), 3},
		"chain.conf": {chainHOCON(20), 20},
		"chain.yaml": {chainYAML(20), 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			require.NoError(t, write(path, file.text))
			cfg, err := config.Load(path, nil)
			require.NoError(t, err)
			registry, err := pipeline.NewRegistry()
			require.NoError(t, err)
			p, err := pipeline.FromConfig(cfg, registry)
			require.NoError(t, err)
			require.Len(t, p.Steps, file.steps)
			require.Equal(t, []string{p.Steps[0].Name}, p.Steps[1].DependsOn)
		})
	}
}

func TestOutputRows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, write(filepath.Join(dir, "part-1.csv"), "id,name\n2,b c\n"))
	require.NoError(t, write(filepath.Join(dir, "part-0.csv"), "id,name\n1,a\n"))
	require.NoError(t, write(filepath.Join(dir, "_SUCCESS"), ""))
	rows, err := outputRows(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"1,a", "2,b_c", "id,name", "id,name"}, rows)
}
