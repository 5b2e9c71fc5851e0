package pipeline_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

func TestOpenCheckpointStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var opened []string
	s3 := pipeline.CheckpointOpener{Schemes: []string{"s3", "s3a"}, Open: func(location string) (checkpoint.Store, error) {
		opened = append(opened, location)
		return checkpoint.NewFileStore(dir)
	}}
	broken := pipeline.CheckpointOpener{Schemes: []string{"postgres"}, Open: func(string) (checkpoint.Store, error) {
		var none *checkpoint.FileStore
		return none, errors.New("no driver")
	}}
	for _, location := range []string{dir, filepath.Join(dir, "s3"), "s3://bucket/x", "S3A://bucket"} {
		store, err := pipeline.OpenCheckpointStore(location, s3, broken)
		require.NoError(t, err, location)
		require.NotNil(t, store)
	}
	require.Equal(t, []string{"s3://bucket/x", "S3A://bucket"}, opened)
	store, err := pipeline.OpenCheckpointStore("postgres://h/d", s3, broken)
	require.EqualError(t, err, "no driver")
	require.Nil(t, store)
	for _, location := range []string{"gs://u:canary@bucket", "mysql://u:canary@h/d?password=canary", "hdfs:/canary"} {
		_, err = pipeline.OpenCheckpointStore(location, s3, broken)
		require.Error(t, err, location)
		require.NotContains(t, err.Error(), "canary", location)
	}
	_, err = pipeline.OpenCheckpointStore("gs://bucket", s3, broken)
	require.EqualError(t, err, "checkpoint location: there is no store for gs://; known are a folder, s3://…, s3a://…, postgres://…")
}

func TestRedactCheckpoints(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"/var/lib/x":                          "/var/lib/x",
		"postgres://u:canary@h:1/d?sslmode=x": "postgres://u@h:1/d?sslmode=x",
		"postgres://u@h/d?password=canary":    "postgres://u@h/d",
		"postgres://u:can%zzary@h/d":          "postgres://[REDACTED]",
		"s3://b/x?region=r&secret_key=canary": "s3://b/x?region=r",
		"s3://b/x?a;canary":                   "s3://b/x",
	} {
		require.Equal(t, want, pipeline.RedactCheckpoints(location))
	}
}
