package artifact_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/artifact"
)

func TestDocumentsComeBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	results, manifest := artifact.NewRunResults(failed(), nil), artifact.NewManifest(&pipeline.Pipeline{Name: "p <&> ü"})
	for range 2 { // the second time in the place of the first
		require.NoError(t, results.WriteFile(filepath.Join(dir, "new", "r.json")))
		require.NoError(t, manifest.WriteFile(filepath.Join(dir, "m.json")))
	}
	gotResults, err := artifact.ReadRunResults(filepath.Join(dir, "new", "r.json"))
	require.NoError(t, err)
	require.Equal(t, results, gotResults)
	gotManifest, err := artifact.ReadManifest(filepath.Join(dir, "m.json"))
	require.NoError(t, err)
	require.Equal(t, manifest, gotManifest)
	text, err := os.ReadFile(filepath.Join(dir, "m.json"))
	require.NoError(t, err)
	require.Contains(t, string(text), "\"p <&> ü\"", "for people too")
	require.True(t, strings.HasSuffix(string(text), "}\n"))
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, want string
		is         error
	}{
		"a newer version":   {`{"kind":"run_results","schema_version":2,"pipeline":7}`, "run_results of schema_version 2: the newest that can be read is 1; update the program that reads it", artifact.ErrVersion},
		"no such version":   {`{"kind":"run_results","schema_version":0}`, "run_results of schema_version 0: there is no such version; the newest is 1", artifact.ErrVersion},
		"another document":  {`{"kind":"manifest","schema_version":1}`, `its kind is "manifest", not "run_results"`, artifact.ErrKind},
		"no version":        {`{"kind":"run_results"}`, "the keys kind and schema_version are missing", artifact.ErrKind},
		"something else":    {`{}`, "the keys kind and schema_version are missing", artifact.ErrKind},
		"a list":            {`[]`, "cannot unmarshal array", nil},
		"half a file":       {`{"kind":"run_res`, "unexpected end of JSON input", nil},
		"nothing":           {``, "unexpected end of JSON input", nil},
		"two documents":     {`{"kind":"run_results","schema_version":1}{}`, "after top-level value", nil},
		"a text as version": {`{"kind":"run_results","schema_version":"1"}`, "cannot unmarshal string", nil},
		"a part of one":     {`{"kind":"run_results","schema_version":1.5}`, "cannot unmarshal number 1.5", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "r.json")
			require.NoError(t, os.WriteFile(file, []byte(test.text), 0o600))
			_, err := artifact.ReadRunResults(file)
			require.ErrorContains(t, err, "read the run results "+file+": ")
			require.ErrorContains(t, err, test.want)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
		})
	}
	_, err := artifact.ReadManifest(filepath.Join(t.TempDir(), "m.json"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	file := filepath.Join(t.TempDir(), "r.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"kind":"run_results","schema_version":1,"later":{"x":1}}`), 0o600))
	_, err = artifact.ReadRunResults(file)
	require.NoError(t, err, "keys that are not known are passed over")
}

func TestWriteRefusesNoFile(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, artifact.NewManifest(nil).WriteFile(t.TempDir()+"/"), "is no path of a file")
	require.ErrorContains(t, artifact.NewManifest(nil).WriteFile(""), "is no path of a file")
}

func FuzzReadRunResults(f *testing.F) {
	f.Add([]byte(`{"kind":"run_results","schema_version":1,"components":[{"name":"a"}]}`))
	f.Add([]byte(`{"kind":"run_results","schema_version":99}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "r.json")
		require.NoError(t, os.WriteFile(file, data, 0o600))
		out, err := artifact.ReadRunResults(file)
		require.Equal(t, err == nil, out != nil)
		if err == nil {
			require.Equal(t, artifact.RunResultsVersion, out.SchemaVersion)
		}
	})
}
