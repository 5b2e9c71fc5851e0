package pipeline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline"
)

// TestFingerprintsHoldNoSecrets has settings that differ in their secrets only, and
// looks for one in the record of a run.
func TestFingerprintsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	const canary = "c4nary-w0rd"
	load := func(user, password, url, table string) *pipeline.Pipeline {
		t.Helper()
		p, err := pipeline.FromFile(writeFile(t, "p.yaml", `name: p
components:
  - name: read
    type: read_jdbc
    config: {url: "`+url+`", user: `+user+`, password: `+password+`, table: `+table+`, output_view: v, options: {sessionToken: `+password+`}}
`), builtins(t), nil)
		require.NoError(t, err)
		return p
	}
	first := load("ann", canary, "jdbc:postgresql://h/d?password="+canary, "t")
	require.Equal(t, first.Steps[0].Fingerprint, load("ann", "other", "jdbc:postgresql://h/d?password=other", "t").Steps[0].Fingerprint)
	require.NotEqual(t, first.Steps[0].Fingerprint, load("ann", canary, "jdbc:postgresql://h/d", "u").Steps[0].Fingerprint)
	require.NotEqual(t, first.Steps[0].Fingerprint, load("bob", canary, "jdbc:postgresql://h/d", "t").Steps[0].Fingerprint)

	dir := t.TempDir()
	store, err := pipeline.OpenCheckpointStore(dir)
	require.NoError(t, err)
	_, err = resumable(t, store).Run(t.Context(), first) // it has no Spark
	require.Error(t, err)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.False(t, strings.Contains(string(text), canary), file)
	}
}
