package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/artifact"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// documents reads what a run left in a folder.
func documents(tb testing.TB, dir string) (*artifact.Manifest, *artifact.RunResults) {
	tb.Helper()
	manifest, err := artifact.ReadManifest(filepath.Join(dir, artifact.ManifestFile))
	require.NoError(tb, err)
	results, err := artifact.ReadRunResults(filepath.Join(dir, artifact.RunResultsFile))
	require.NoError(tb, err)
	return manifest, results
}

func TestArtifacts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, status string
		code               int
	}{
		{"succeeded", goodRun, "succeeded", cli.ExitSucceeded},
		{"failed", failingRun, "failed", cli.ExitFailed},
		{"partly failed", failingRun + "runner: {fail_fast: false}\n", "partly_failed", cli.ExitPartlyFailed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			refuse(server, refusedColumn)
			file, dir := writeFile(t, "p.yaml", onServer(server.Remote(), test.text)), filepath.Join(t.TempDir(), "a", "b")
			got := sparkpipe(t, "run", "--run-id", "nightly-1", "--artifacts", dir, file)
			require.Equal(t, test.code, got.code)
			require.Empty(t, got.stderr)
			manifest, results := documents(t, dir)
			require.Equal(t, []string{"orders", "nightly-1", "sparkpipe v1.2.3", file},
				[]string{manifest.Pipeline, manifest.RunID, manifest.GeneratedBy, manifest.File})
			require.Equal(t, []string{"orders", "nightly-1", "sparkpipe v1.2.3", test.status},
				[]string{results.Pipeline, results.RunID, results.GeneratedBy, results.Status})
			require.Len(t, results.Components, len(manifest.Steps))
			require.Contains(t, manifest.Steps[0].Where, "p.yaml:3:")
			if test.code != cli.ExitSucceeded {
				require.Equal(t, "UNRESOLVED_COLUMN.WITH_SUGGESTION", results.Components[1].Error.Class)
				require.Contains(t, got.stdout, results.Components[1].Error.Message, "the same words as in the report")
			}
		})
	}
}

func TestNoArtifactsUnlessAskedFor(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	file := writeFile(t, "p.yaml", onServer(server.Remote(), goodRun))
	require.Equal(t, cli.ExitSucceeded, sparkpipe(t, "run", file).code)
	left, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.NoDirExists(t, "target")
}

func TestArtifactsOfAnInterruptedRun(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	server.OnExecute(func(op *fakeconnect.Operation) error {
		if op.Request.GetPlan().GetCommand() == nil {
			cancel()
			return op.Wait()
		}
		return fakeconnect.ErrUnscripted
	})
	dir, file := t.TempDir(), writeFile(t, "p.yaml", onServer(server.Remote(), goodRun))
	var out lockedBuffer
	code := cli.Main(ctx, []string{"run", "--artifacts", dir, file}, &cli.Options{Stdout: &out, Stderr: &out})
	require.Equal(t, cli.ExitInterrupted, code)
	_, results := documents(t, dir)
	require.Equal(t, "interrupted", results.Status)
	require.Positive(t, results.Counts.Cancelled)
}

func TestArtifactsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	file := writeFile(t, "p.yaml", onServer(server.Remote(), goodRun))
	got := sparkpipe(t, "run", "--artifacts", file, file)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stdout, `vetoed by hook "artifact": write the manifest: mkdir `+file+": not a directory")
	require.Empty(t, server.Requests(), "nothing has run")

	dir := t.TempDir()
	server.OnExecute(func(*fakeconnect.Operation) error {
		_ = os.Mkdir(filepath.Join(dir, artifact.RunResultsFile), 0o700) // in the way, once the run has begun
		return fakeconnect.ErrUnscripted
	})
	got = sparkpipe(t, "run", "--artifacts", dir, file)
	require.Equal(t, cli.ExitFailed, got.code, "whoever reads the results would miss them")
	require.Contains(t, got.stdout, "\nsucceeded: ")
	require.Contains(t, got.stderr, "sparkpipe: write the run results: rename ")
}

func TestABadFileLeavesTheArtifactsAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := sparkpipe(t, "run", "--artifacts", dir, writeFile(t, "bad.yaml", badFiles["bad.yaml"]))
	require.Equal(t, cli.ExitBadConfig, got.code)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "nothing has run")
}

// secretRun has a secret at every place that can hold one.
const secretRun = `name: orders
components:
  - name: load
    type: read_jdbc
    config: {url: "jdbc:postgresql://u:canary1@h/db?password=canary2", table: t, user: u, password: canary3, output_view: v, options: {sslpassword: canary4}}
  - {name: file, type: read_csv, config: {path: "s3a://KEY:canary5@bucket/in", output_view: w, options: {"fs.s3a.secret.key": canary6}}}
  - {name: out, type: write_csv, config: {input_view: w, path: "https://h/x?sig=canary7"}}
runner: {fail_fast: false}
`

func TestArtifactsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	for name, remote := range map[string]string{
		"a run":          server.Remote() + "/;use_ssl=false;token=canary8",
		"nobody listens": "sc://127.0.0.1:1/;use_ssl=false;token=canary8",
		"bad port":       "sc://127.0.0.1:99999/;token=canary8",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, file := t.TempDir(), writeFile(t, "p.yaml", onServer(remote, secretRun))
			got := sparkpipe(t, "run", "--artifacts", dir, file)
			left, err := filepath.Glob(filepath.Join(dir, "*"))
			require.NoError(t, err)
			if got.code != cli.ExitBadConfig {
				require.Len(t, left, 2, got.both())
			}
			for _, path := range left {
				text, err := os.ReadFile(path)
				require.NoError(t, err)
				require.NotContains(t, string(text), "canary", path)
			}
		})
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]byte{
		"manifest": artifact.ManifestSchema(), "run-results": artifact.RunResultsSchema(), "run_results": artifact.RunResultsSchema(),
	} {
		got := sparkpipe(t, "schema", name)
		require.Equal(t, outcome{cli.ExitSucceeded, string(want), ""}, got)
		require.True(t, json.Valid([]byte(got.stdout)))
	}
	for _, test := range []struct{ args, want string }{
		{"", "schema takes manifest or run-results, got 0 arguments; see sparkpipe schema --help"},
		{"catalog", `schema "catalog": want manifest or run-results`},
	} {
		args := []string{"schema"}
		if test.args != "" {
			args = append(args, test.args)
		}
		require.Equal(t, outcome{cli.ExitUsage, "", "sparkpipe: " + test.want + "\n"}, sparkpipe(t, args...))
	}
}
