package pipeline_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/quality"
	"github.com/sparkpipe/sparkpipe/streaming"
)

const checkedStream = `
name: shop
quality: {reports: {jsonl: "@/quality.jsonl", junit: "@/quality.xml", log: false}}
components:
  - name: orders
    type: stream
    retry: {max_attempts: 3, initial_delay: 1ms}
    config:
      source: {type: file, format: json, path: "@/in", schema: "id BIGINT, price DOUBLE, kind STRING, n BIGINT", max_files_per_trigger: 1}
      sink: {type: file, format: parquet, path: "@/out"}
      trigger: available_now
      checkpoint_location: "@/checkpoint"
    schema: {output: "id BIGINT, price DOUBLE, kind STRING, n BIGINT", mode: strict}
    quality:
      checks:
        - {check: not_null, columns: [id, n], action: drop, name: has id}
        - {check: range, column: price, min: 0, action: expect, max_bad: 1, name: price}
        - {check: accepted_values, column: kind, values: [a, b], name: kind}
        - {check: sql, condition: "100 DIV id >= 0", where: "n < 100", name: computed}
`

// checkedShop is a folder with what comes into a stream, and what goes out.
type checkedShop struct {
	dir   string
	text  string // of the file, checkedStream by default
	spark *dataflow.Session
}

// add puts a file into the stream, at once. Files are read in the order of their times.
func (s checkedShop) add(t *testing.T, name, rows string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Join(s.dir, "in"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "."+name), []byte(rows), 0o644))
	at := time.Now().Add(time.Duration(name[0]-'9') * time.Second)
	require.NoError(t, os.Chtimes(filepath.Join(s.dir, "."+name), at, at))
	require.NoError(t, os.Rename(filepath.Join(s.dir, "."+name), filepath.Join(s.dir, "in", name)))
}

// out are the numbers of the rows that were written, sorted.
func (s checkedShop) out(t *testing.T) []int64 {
	t.Helper()
	type row struct{ N int64 }
	df, err := dataflow.Reader{Format: "parquet", Paths: []string{filepath.Join(s.dir, "out")}}.Load(t.Context(), s.spark)
	require.NoError(t, err)
	rows, err := dataflow.Collect[row](t.Context(), df)
	require.NoError(t, err)
	var out []int64
	for _, r := range rows {
		out = append(out, r.N)
	}
	slices.Sort(out)
	return out
}

// reports are the lines of the file of reports.
func (s checkedShop) reports(t *testing.T) []*quality.Report {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "quality.jsonl"))
	require.NoError(t, err)
	var out []*quality.Report
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		report := &quality.Report{}
		require.NoError(t, json.Unmarshal(lines.Bytes(), report))
		out = append(out, report)
	}
	return out
}

func (s checkedShop) run(t *testing.T) (*pipeline.Result, error) {
	t.Helper()
	p, err := fromYAML(t, strings.ReplaceAll(cmp.Or(s.text, checkedStream), "@", s.dir))
	require.NoError(t, err)
	runner, err := pipeline.NewSimplePipelineRunner(s.spark, nil)
	require.NoError(t, err)
	return runner.Run(t.Context(), p)
}

// supervise runs the stream of the file as the command stream run does.
func (s checkedShop) supervise(t *testing.T, remote string) error {
	t.Helper()
	p, err := fromYAML(t, strings.ReplaceAll(cmp.Or(s.text, checkedStream), "@", s.dir))
	require.NoError(t, err)
	checks, err := pipeline.NewStreamChecks(p, &pipeline.StreamChecksOptions{RunID: "supervised"})
	require.NoError(t, err)
	stream, ok := streaming.PipelineOf(p.Steps[0].Component)
	require.True(t, ok)
	supervisor, err := streaming.NewSupervisor(&streaming.SupervisorOptions{
		Open:     func(ctx context.Context) (*dataflow.Session, error) { return dataflow.Connect(ctx, remote, nil) },
		StateDir: t.TempDir(),
	})
	require.NoError(t, err)
	return supervisor.Run(t.Context(), checks.Guard([]streaming.SupervisedQuery{{Name: "orders", Pipeline: stream}})...)
}

// judgements are the results of a report in short.
func judgements(r *quality.Report) map[string][3]any {
	out := map[string][3]any{}
	for _, result := range r.Results {
		out[result.Rule] = [3]any{result.Status, result.Rows, result.Bad}
	}
	return out
}

// TestRealStreamIsChecked: rows that were written and rows that were left out are the
// input, a batch with a row that a rule refuses is not written, and the stream goes on
// with it when the data are mended.
func TestRealStreamIsChecked(t *testing.T) {
	t.Parallel()
	for _, server := range sparktest.Remotes() {
		t.Run(server.Version, func(t *testing.T) {
			t.Parallel()
			remote := server.Need(t)
			spark, err := dataflow.Connect(t.Context(), remote, nil)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) })
			shop := checkedShop{dir: t.TempDir(), spark: spark}
			batches(t, shop)
			refused(t, shop, remote)
			mended(t, shop)
			otherColumns(t, shop, remote)
		})
	}
}

// otherColumns promises what the stream does not have, which is found before it starts.
func otherColumns(t *testing.T, shop checkedShop, remote string) {
	t.Helper()
	before := shop.out(t)
	shop.text = strings.Replace(checkedStream, `output: "id BIGINT`, `output: "id INT`, 1)
	shop.add(t, "other", `{"id": 90, "price": 1, "kind": "a", "n": 1}`)
	var refused *dataflow.SchemaError
	_, err := shop.run(t)
	require.ErrorAs(t, err, &refused)
	require.ErrorAs(t, shop.supervise(t, remote), &refused)
	require.Equal(t, before, shop.out(t))
}

func batches(t *testing.T, shop checkedShop) {
	t.Helper()
	shop.add(t, "1.json", `{"id":1,"price":1.5,"kind":"a","n":1}
{"id":null,"price":-1,"kind":"x","n":2}
{"id":3,"price":-1,"kind":"b","n":3}
{"id":4,"price":"NaN","kind":null,"n":4}
{"id":5,"price":null,"kind":"a","n":100}
`)
	result, err := shop.run(t)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 3, 4, 100}, shop.out(t), "the stream and what is left out are the input")
	require.Len(t, result.Quality, 1, "of the batches the sum")
	shop.add(t, "2.json", "")
	shop.add(t, "3.json", `{"id":6,"price":6,"kind":"b","n":6}`+"\n")
	result, err = shop.run(t)
	require.NoError(t, err)
	require.EqualValues(t, 2, result.Quality[0].Batch.Sum)

	reports := shop.reports(t)
	require.Len(t, reports, 5)
	passed, failed := quality.StatusPassed, quality.StatusFailed
	require.Equal(t, map[string][3]any{
		"has id": {failed, int64(5), int64(1)}, "price": {failed, int64(4), int64(2)},
		"kind": {passed, int64(4), int64(0)}, "computed": {passed, int64(3), int64(0)},
	}, judgements(reports[0]), "NaN is out of range, null passes, and those that are left out are not looked at")
	require.EqualValues(t, 0, reports[0].Batch.ID)
	require.EqualValues(t, 1, reports[0].Dropped)
	require.True(t, reports[0].Published)
	require.EqualValues(t, 1, reports[1].Batch.Sum)
	for name, got := range judgements(reports[2]) {
		require.Equal(t, [3]any{passed, int64(0), int64(0)}, got, "the empty batch: %s", name)
	}
	require.EqualValues(t, 2, reports[3].Batch.ID)
	require.Equal(t, [3]any{passed, int64(1), int64(0)}, judgements(reports[3])["price"])
	require.Equal(t, [3]any{passed, int64(1), int64(0)}, judgements(reports[4])["has id"])
}

func refused(t *testing.T, shop checkedShop, remote string) {
	t.Helper()
	shop.add(t, "4.json", `{"id":null,"price":7,"kind":"x","n":7}
{"id":8,"price":8,"kind":"x","n":8}
{"id":9,"price":9,"kind":"a","n":9}
`)
	before := shop.out(t)
	err := shop.supervise(t, remote)
	var stopped *streaming.SupervisorError
	require.ErrorAs(t, err, &stopped)
	require.Zero(t, stopped.Failures[0].Restarts, "a restart meets the same row")
	var broken *quality.StreamError
	require.ErrorAs(t, err, &broken)
	require.ErrorContains(t, err, "\n  kind: some rows of the batch ")
	require.NotContains(t, err.Error(), "computed")
	require.Equal(t, before, shop.out(t), "nothing of the batch is there")
	result, err := shop.run(t)
	require.ErrorAs(t, err, &broken)
	require.Equal(t, 1, result.Components[0].Attempts)
	require.Equal(t, before, shop.out(t))

	reports := shop.reports(t)[5:]
	require.Len(t, reports, 4, "twice the batch and the sum")
	require.Equal(t, "supervised", reports[0].RunID)
	require.False(t, reports[0].Published)
	require.Equal(t, quality.StatusFailed, judgements(reports[0])["kind"][0])
	require.Equal(t, quality.StatusError, judgements(reports[0])["price"][0], "nobody has counted")
	text, err := os.ReadFile(filepath.Join(shop.dir, "quality.xml"))
	require.NoError(t, err)
	require.Contains(t, string(text), `failures="1"`)
}

func mended(t *testing.T, shop checkedShop) {
	t.Helper()
	shop.add(t, "4.json", `{"id":null,"price":7,"kind":"x","n":7}
{"id":8,"price":8,"kind":"b","n":8}
{"id":9,"price":9,"kind":"a","n":9}
`)
	_, err := shop.run(t)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 3, 4, 6, 8, 9, 100}, shop.out(t))
	reports := shop.reports(t)[9:]
	require.EqualValues(t, 3, reports[0].Batch.ID)
	require.EqualValues(t, 1, reports[0].Dropped)
}
