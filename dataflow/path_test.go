package dataflow_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// sentPaths are the paths in the plan of a read.
func sentPaths(t testing.TB, b bundle, paths ...string) []string {
	t.Helper()
	df, err := dataflow.Reader{Format: "text", Paths: paths}.Load(t.Context(), b.spark)
	require.NoError(t, err)
	var got []string
	require.NoError(t, json.Unmarshal(at(t, b.planOf(t, df), "root", "read", "dataSource", "paths"), &got))
	return got
}

// savedPath is the path in the plan of a write.
func savedPath(t testing.TB, b bundle, path string) string {
	t.Helper()
	require.NoError(t, dataflow.Writer{}.Save(t.Context(), b.spark, b.frame(t), path))
	var got string
	require.NoError(t, json.Unmarshal(at(t, b.lastPlan(t), "command", "writeOperation", "path"), &got))
	return got
}

func TestRelativePathsAreThoseOfThisProcess(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	wd, err := os.Getwd()
	require.NoError(t, err)
	tests := map[string]string{
		"doc.go":              filepath.Join(wd, "doc.go"),
		"./doc.go":            filepath.Join(wd, "doc.go"),
		"../dataflow/doc.go":  filepath.Join(wd, "doc.go"),
		"*.go":                filepath.Join(wd, "*.go"),
		"testdata/no[a-z]/*":  filepath.Join(wd, "testdata/no[a-z]/*"),
		"not/there":           filepath.Join(wd, "not/there"),
		"{a,b}/c":             filepath.Join(wd, "{a,b}/c"),
		"day/12:30.csv":       filepath.Join(wd, "day/12:30.csv"),
		"with space/and ü":    filepath.Join(wd, "with space/and ü"),
		"/data/x":             "/data/x",
		"/data/*.csv":         "/data/*.csv",
		"s3a://bucket/x":      "s3a://bucket/x",
		"hdfs://host:8020/x":  "hdfs://host:8020/x",
		"file:/data/x":        "file:/data/x",
		"file:///data/x":      "file:///data/x",
		"gs://bucket/a,b/c":   "gs://bucket/a,b/c",
		"dbfs:/mnt/x":         "dbfs:/mnt/x",
		"abfss://c@a.b/x y/z": "abfss://c@a.b/x y/z",
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			require.Equal(t, []string{want}, sentPaths(t, b, path))
			require.Equal(t, want, savedPath(t, b, path))
		})
	}
}

func TestInputDirs(t *testing.T) {
	t.Parallel()
	first, second := t.TempDir(), t.TempDir()
	for _, file := range []string{filepath.Join(first, "both.csv"), filepath.Join(second, "both.csv"), filepath.Join(second, "only.csv"), filepath.Join(second, "[odd].csv")} {
		require.NoError(t, os.WriteFile(file, nil, 0o600))
	}
	b := setup(t, &dataflow.ConnectOptions{InputDirs: []string{first, second}})
	tests := map[string]string{
		"both.csv":  filepath.Join(first, "both.csv"),
		"only.csv":  filepath.Join(second, "only.csv"),
		"on*.csv":   filepath.Join(second, "on*.csv"),
		"[odd].csv": filepath.Join(second, "[odd].csv"),
		"none.csv":  filepath.Join(first, "none.csv"),
		"none*":     filepath.Join(first, "none*"),
		"/abs.csv":  "/abs.csv",
		"s3a://b/x": "s3a://b/x",
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) { require.Equal(t, []string{want}, sentPaths(t, b, path)) })
	}
	all := sentPaths(t, b, "only.csv", "both.csv", "/x")
	require.Equal(t, []string{filepath.Join(second, "only.csv"), filepath.Join(first, "both.csv"), "/x"}, all)

	wd, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(wd, "only.csv"), savedPath(t, b, "only.csv"), "what is written lies in the working directory")
}

func TestRelativeInputDirs(t *testing.T) {
	t.Parallel()
	wd, err := os.Getwd()
	require.NoError(t, err)
	b := setup(t, &dataflow.ConnectOptions{InputDirs: []string{"testdata", "."}})
	require.Equal(t, []string{filepath.Join(wd, "doc.go")}, sentPaths(t, b, "doc.go"))
	require.Equal(t, []string{filepath.Join(wd, "testdata", "none")}, sentPaths(t, b, "none"))
}

func TestEmptyPaths(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, err := dataflow.Reader{Paths: []string{"/a", ""}}.Load(t.Context(), b.spark)
	require.EqualError(t, err, "read: a path is empty")
	require.NoError(t, dataflow.Writer{Format: "noop"}.Save(t.Context(), b.spark, b.frame(t), ""))
	require.NotContains(t, string(b.lastPlan(t)), `"path"`)
	err = dataflow.ParquetSink{}.Write(t.Context(), b.spark, b.frame(t))
	require.EqualError(t, err, "write: the path is empty")
}
