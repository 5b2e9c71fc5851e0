package pipeline_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func lacking() *pipeline.Pipeline {
	input := dataflow.Input{Query: "SELECT 1 AS a"}
	return &pipeline.Pipeline{Name: "p", Steps: []pipeline.Step{
		{Name: "rows", Component: dataflow.Component(dataflow.SQLView{SQL: "SELECT 1 AS a", View: "v"})},
		{Name: "db", Component: dataflow.Component(dataflow.WriteView{Input: input, Sink: dataflow.JDBCSink{
			JDBC: dataflow.JDBC{URL: secrets.NewValue("jdbc:postgresql://127.0.0.1:1/db")}, Table: "t",
		}})},
		{Name: "bucket", Component: dataflow.Component(dataflow.WriteView{Input: input, Sink: dataflow.ParquetSink{
			FileSink: dataflow.FileSink{Path: "gs://bucket/x"},
		}})},
		{Name: "lake", Component: dataflow.Component(dataflow.ReadView{Source: dataflow.ObjectStoreSource{
			Format: "delta", FileSource: dataflow.FileSource{Path: "s3a://bucket/t"},
		}, View: "l"})},
		{Name: "off", Disabled: true},
	}}
}

func TestRequirements(t *testing.T) {
	t.Parallel()
	got := map[string][]string{}
	for _, r := range lacking().Requirements() {
		got[r.Name+" "+r.Class] = r.Components
	}
	require.Equal(t, map[string][]string{
		"delta org.apache.spark.sql.delta.sources.DeltaDataSource":  {"lake"},
		"gcs com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem": {"bucket"},
		"postgresql org.postgresql.Driver":                          {"db"},
		"s3 org.apache.hadoop.fs.s3a.S3AFileSystem":                 {"lake"},
	}, got)
}

func TestRealCheckTellsWhatTheServerLacks(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, err := dataflow.Connect(t.Context(), remote, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) })
		for class, want := range map[string]bool{"java.lang.String": true, "org.apache.spark.sql.SparkSession": true, "no.such.Class": false, "x'y": false} {
			has, err := spark.HasClass(t.Context(), class)
			require.NoError(t, err, class)
			require.Equal(t, want, has, class)
		}
		runner, err := pipeline.NewSimplePipelineRunner(spark, nil)
		require.NoError(t, err)
		report, err := runner.Check(t.Context(), lacking(), nil)
		require.Error(t, err)
		lacks := map[string]string{}
		for _, f := range report.Findings {
			require.Equal(t, dataflow.CheckError, f.Severity)
			var missing *pipeline.MissingError
			require.ErrorAs(t, f.Err, &missing)
			lacks[f.Component] = missing.Requirement.Name
		}
		require.Len(t, lacks, 3)
		require.Equal(t, "postgresql", lacks["db"])
		require.Equal(t, "gcs", lacks["bucket"])
		require.ErrorContains(t, err, "org.postgresql:postgresql:42.7.8")
	})
}
