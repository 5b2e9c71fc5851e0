package pipeline_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// TestRealCheckOfStreams looks at streams that are not started: what they read is
// described, and faults behind them are found.
func TestRealCheckOfStreams(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "in"), 0o700))
		p, err := pipeline.FromFile(writeFile(t, "p.yaml", `name: p
components:
  - {name: read, type: read_stream_file, config: {path: '`+dir+`/in', format: json, schema: "a INT, at TIMESTAMP", output_view: raw, watermark_column: at, watermark_delay: 1m}}
  - {name: sum, type: sql, config: {sql: "SELECT window(at, '1 minute') AS w, sum(b) AS s FROM raw GROUP BY 1", output_view: sums}}
  - {name: save, type: write_stream_file, config: {query: "SELECT a FROM raw", path: '`+dir+`/out', checkpoint_location: '`+dir+`/cp', partition_by: [day]}}
  - name: whole
    type: stream
    config: {source: {type: rate}, view: numbers, sql: "SELECT value % 2 AS odd FROM numbers", sink: {type: noop}}
`), builtins(t), nil)
		require.NoError(t, err)
		spark, err := dataflow.Connect(t.Context(), remote, nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, spark.Close(t.Context())) }()
		runner, err := pipeline.NewSimplePipelineRunner(spark, nil)
		require.NoError(t, err)
		report, err := runner.Check(t.Context(), p, nil)
		require.Error(t, err)
		var texts []string
		for _, f := range report.With(dataflow.CheckError) {
			texts = append(texts, f.Component+": "+f.Err.Error())
		}
		require.Len(t, texts, 2, "%q", texts)
		require.Contains(t, texts[0], "sum: [UNRESOLVED_COLUMN.WITH_SUGGESTION]")
		require.Equal(t, `save: partition_by: the stream has no column "day"; it has a`, texts[1])
		require.NoDirExists(t, filepath.Join(dir, "cp"), "nothing has been started")
		sample, _ := runner.Check(t.Context(), p, &pipeline.CheckOptions{Sample: 5})
		require.NotNil(t, sample)
		require.Len(t, sample.With(dataflow.CheckError), 2)
	})
}
