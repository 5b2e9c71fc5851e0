package pipeline_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// warehouse is a pipeline of n components: sources with a schema, joins, sums
// and sinks, in branches that meet.
func warehouse(n int, dir string) *pipeline.Pipeline {
	p := &pipeline.Pipeline{Name: "warehouse", FailFast: true}
	for i := range n {
		var f dataflow.DataFlow
		switch i % 5 {
		case 0:
			f = dataflow.SQLView{SQL: "SELECT id, id % 7 AS g, CAST(id AS DOUBLE) AS amount, DATE'2024-01-01' AS day FROM range(100)", View: fmt.Sprintf("v%d", i)}
		case 1:
			f = dataflow.SQLView{SQL: fmt.Sprintf("SELECT g, day, sum(amount) AS total, count(*) AS n FROM v%d GROUP BY g, day", i-1), View: fmt.Sprintf("v%d", i)}
		case 2:
			f = dataflow.SQLView{SQL: fmt.Sprintf("SELECT a.*, b.total FROM v%d a JOIN v%d b USING (g)", i-2, i-1), View: fmt.Sprintf("v%d", i)}
		case 3:
			f = dataflow.SQLView{SQL: fmt.Sprintf("SELECT *, row_number() OVER (PARTITION BY g ORDER BY amount) AS r FROM v%d", i-1), View: fmt.Sprintf("v%d", i)}
		default:
			sink := dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: fmt.Sprintf("%s/out%d", dir, i), Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{"day"}}}
			f = dataflow.WriteView{Input: dataflow.Input{View: fmt.Sprintf("v%d", i-1)}, Sink: sink}
		}
		step := flowStep(fmt.Sprintf("c%03d", i), f)
		step.DependsOn = nil
		p.Steps = append(p.Steps, step)
	}
	return p
}

func TestRealCheckOfAHundredComponents(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		p := warehouse(100, t.TempDir())
		report, err := checker(t, remote).Check(t.Context(), p, nil)
		require.NoError(t, err)
		require.Empty(t, notes(report))
		require.LessOrEqual(t, report.Analyses, 100)
		require.Less(t, report.Duration, time.Minute)
		t.Logf("%d analyses in %s", report.Analyses, report.Duration)
	})
}

// BenchmarkRealCheck measures the check of 100 components on a warm server.
func BenchmarkRealCheck(b *testing.B) {
	runner, p := checker(b, sparktest.Remote(b)), warehouse(100, b.TempDir())
	_, err := runner.Check(b.Context(), p, nil) // the server is warm then
	require.NoError(b, err)
	for b.Loop() {
		_, err := runner.Check(b.Context(), p, nil)
		require.NoError(b, err)
	}
}
