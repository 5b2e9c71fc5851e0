package pipeline_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/quality"
)

// runYAML runs a configuration file on a session of its own, in which @ stands for a
// folder.
func runYAML(t *testing.T, dir, text string) (*pipeline.Result, *dataflow.Session, error) {
	t.Helper()
	p, err := fromYAML(t, strings.ReplaceAll(text, "@", dir))
	require.NoError(t, err)
	spark, err := dataflow.Connect(t.Context(), sparktest.Remote(t), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) })
	runner, err := pipeline.NewSimplePipelineRunner(spark, nil)
	require.NoError(t, err)
	result, err := runner.Run(t.Context(), p)
	return result, spark, err
}

const numbers = `
  - {name: numbers, type: sql, config: {sql: "SELECT id, IF(id % 10 = 3, NULL, id) AS n FROM range(100)", output_view: numbers}}
`

func countOf(t *testing.T, spark *dataflow.Session, query string) int64 {
	t.Helper()
	df, err := spark.SQL(t.Context(), query)
	require.NoError(t, err)
	row, err := dataflow.One[struct{ N int64 }](t.Context(), df)
	require.NoError(t, err)
	return row.N
}

func TestQualityOfRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o777))

	t.Run("a failed check publishes nothing and fails the run", func(t *testing.T) {
		t.Parallel()
		result, _, err := runYAML(t, dir, "name: n\ncomponents:"+numbers+`
  - name: write
    type: write_parquet
    config: {input_view: numbers, path: "@/failed"}
    quality:
      checks:
        - {check: not_null, column: n}
        - {check: range, column: id, min: 0, max: 50, name: small}
        - {check: row_count, min: 1}
  - {name: after, type: sql, depends_on: [write], config: {sql: SELECT 1, output_view: x}}
`)
		require.Error(t, err)
		require.Equal(t, pipeline.StatusFailed, result.Status)
		var failed *quality.Error
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed.Report.Results, 3, "all are evaluated")
		require.EqualValues(t, 10, failed.Report.Results[0].Bad)
		require.EqualValues(t, 49, failed.Report.Results[1].Bad)
		require.Equal(t, quality.StatusPassed, failed.Report.Results[2].Status)
		require.NoDirExists(t, filepath.Join(dir, "failed"))
		require.Len(t, result.Quality, 1)
		require.False(t, result.Quality[0].Published)
		after, _ := result.Component("after")
		require.Equal(t, component.StatusSkipped, after.Status)
		write, _ := result.Component("write")
		require.Equal(t, 1, write.Attempts)
	})
	t.Run("quarantine and drop split the rows", func(t *testing.T) {
		t.Parallel()
		result, spark, err := runYAML(t, dir, "name: n\ncomponents:"+numbers+`
  - name: write
    type: write_parquet
    config: {input_view: numbers, path: "@/good"}
    quality:
      quarantine: {path: "@/bad"}
      checks:
        - {check: not_null, column: n, action: quarantine, name: n is there}
        - {check: range, column: id, max: 89, action: drop}
        - {check: row_count, min: 50}
`)
		require.NoError(t, err)
		require.EqualValues(t, 81, countOf(t, spark, "SELECT count(*) AS n FROM parquet.`"+dir+"/good`"))
		require.EqualValues(t, 10, countOf(t, spark, "SELECT count(*) AS n FROM parquet.`"+dir+"/bad` WHERE _failed_rules[0] = 'n is there' AND run_id = '"+result.RunID+"'"))
		require.Len(t, result.Quality, 1)
		require.EqualValues(t, 10, result.Quality[0].Quarantined)
		require.EqualValues(t, 9, result.Quality[0].Dropped)
		require.True(t, result.Quality[0].Published)
	})
	t.Run("moments", func(t *testing.T) {
		t.Parallel()
		const moments = `
quality:
  reports: {jsonl: "@/moments.jsonl"}
  checks:
    - {check: row_count, query: "SELECT 1", min: 1, moment: before_pipeline, name: first}
    - {check: row_count, view: numbers, min: 101, moment: after_component, component_name: numbers, failure_mode: warn_only, name: second}
    - {check: not_null, view: numbers, column: id, moment: after_pipeline, name: third}
    - {check: unique, view: numbers, column: n, moment: after_pipeline, name: fourth}
`
		result, _, err := runYAML(t, dir, "name: n\ncomponents:"+numbers+moments)
		require.ErrorContains(t, err, "after the pipeline: numbers: ")
		require.ErrorContains(t, err, "fourth")
		require.Equal(t, pipeline.StatusFailed, result.Status)
		require.Len(t, result.Quality, 3)
		require.Equal(t, quality.StatusFailed, result.Quality[1].Results[0].Status)
		lines, err := os.ReadFile(filepath.Join(dir, "moments.jsonl"))
		require.NoError(t, err)
		require.Equal(t, 3, strings.Count(string(lines), "\n"))
	})
	t.Run("a failed check before the pipeline lets nothing start", func(t *testing.T) {
		t.Parallel()
		result, _, err := runYAML(t, dir, "name: n\ncomponents:"+numbers+`
quality: {checks: [{check: row_count, query: "SELECT 1 WHERE false", min: 1, moment: before_pipeline}]}
`)
		require.ErrorContains(t, err, "before the pipeline: ")
		require.Equal(t, component.StatusSkipped, result.Components[0].Status)
	})
	t.Run("a component that hands over no rows is not checked in silence", func(t *testing.T) {
		t.Parallel()
		_, _, err := runYAML(t, dir, "name: n\ncomponents:"+numbers+`
  - {name: effect, type: sql, config: {sql: "SET spark.sql.ansi.enabled"}, quality: {checks: [{check: row_count, min: 1}]}}
`)
		require.ErrorIs(t, err, pipeline.ErrNotChecked)
	})
	t.Run("a contract is held before the write", func(t *testing.T) {
		t.Parallel()
		_, _, err := runYAML(t, dir, "name: n\ncomponents:"+numbers+`
  - name: write
    type: write_parquet
    config: {input_view: numbers, path: "@/contract"}
    schema: {output: "id BIGINT, n STRING, missing INT NOT NULL"}
`)
		var broken *dataflow.SchemaError
		require.ErrorAs(t, err, &broken)
		require.ErrorContains(t, err, "missing")
		require.NoDirExists(t, filepath.Join(dir, "contract"))
	})
}

func TestCheckHoldsRulesAgainstTheColumns(t *testing.T) {
	t.Parallel()
	p, err := fromYAML(t, "name: n\ncomponents:"+numbers+`
  - name: write
    type: write_parquet
    config: {input_view: numbers, path: /tmp/never}
    quality: {checks: [{check: not_null, column: idd}, {check: not_null, column: id}]}
    schema: {output: "id STRING, n BIGINT"}
`)
	require.NoError(t, err)
	spark, err := dataflow.Connect(t.Context(), sparktest.Remote(t), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) })
	runner, err := pipeline.NewSimplePipelineRunner(spark, nil)
	require.NoError(t, err)
	report, err := runner.Check(t.Context(), p, nil)
	require.Error(t, err)
	found := report.Of("write")
	require.Len(t, found, 2)
	require.ErrorContains(t, found[0].Err, "id")
	require.ErrorContains(t, found[1].Err, `quality: rule "not_null(idd)"`)
}
