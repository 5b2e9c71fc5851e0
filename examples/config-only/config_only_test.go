package configonly_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func TestDaily(t *testing.T) {
	remote := sparktest.Remote(t)
	t.Chdir("../..")
	out := t.TempDir()
	registry, err := pipeline.NewRegistry()
	require.NoError(t, err)
	p, err := pipeline.FromFile("examples/config-only/daily.yaml", registry, &config.Options{
		Vars: map[string]string{"day": "2026-01-02", "out": out},
	})
	require.NoError(t, err)
	t.Setenv("SPARK_REMOTE", remote)
	var printed strings.Builder
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{OpenSession: pipeline.Opener{}.Open, Output: &printed})
	require.NoError(t, err)
	result, err := runner.Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, pipeline.StatusSucceeded, result.Status)

	require.ElementsMatch(t, []string{
		`{"region":"north","orders":2,"revenue":120.50}`, `{"region":"south","orders":1,"revenue":5.25}`,
		`{"region":"unknown","orders":1,"revenue":7.75}`,
	}, lines(t, filepath.Join(out, "by_region")))
	require.Len(t, result.Quality, 1)
	require.EqualValues(t, 1, result.Quality[0].Quarantined)
	require.EqualValues(t, 1, result.Quality[0].Results[2].Bad, "an unknown customer")
	require.ElementsMatch(t, []string{"order_id", "5"}, lines(t, filepath.Join(out, "unknown_customers")))
	require.Contains(t, printed.String(), "|7   |144.60 |1           |north     |south     |2              |")
}

// lines are those of all data files of a folder.
func lines(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "part-*"))
	require.NoError(t, err)
	var all []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all = append(all, strings.Fields(string(text))...)
	}
	return all
}
