package quality_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/quality"
)

// alongSuite has rules of which some fail on rows of alongQuery, and one that has a
// query of its own.
func alongSuite(least int64) quality.Suite {
	return quality.Suite{Rules: []quality.Rule{
		{Name: "count", Check: quality.RowCount{Min: &least}},
		{Name: "null", Check: quality.NotNull{Columns: []string{"name"}}},
		{Name: "range", Check: quality.Range{Column: "id", Max: 5}, Where: "id % 2 = 0", Action: quality.ActionExpect},
		{Name: "sum", Check: quality.Sum{Column: "id", Min: 1}},
		{Name: "pattern", Check: quality.Pattern{Column: "name", Pattern: "^n"}, Action: quality.ActionExpect},
		{Name: "about", Check: quality.Unique{Columns: []string{"id"}, Method: "approximate"}},
		{Name: "fresh", Check: quality.Freshness{Column: "at", MaxAge: time.Hour}},
		{Name: "column", Check: quality.NotNull{Columns: []string{"gone"}}, Action: quality.ActionExpect},
		{Name: "key", Check: quality.Unique{Columns: []string{"id", "name"}}},
	}}
}

func alongQuery(rows int, tail string) string {
	return fmt.Sprintf("SELECT id, IF(id %% 3 = 0, NULL, concat('n', id)) AS name, TIMESTAMP'2024-05-01 11:30:00Z' AS at FROM range(0, %d, 1, 3) %s", rows, tail)
}

// a way to let rows pass: what is observed stands in for the frame.
type along struct {
	name string
	run  func(t *testing.T, ctx context.Context, spark *dataflow.Session, df dfType) error
}

func alongWays() []along {
	noop := dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}
	return []along{
		{"noop", func(_ *testing.T, ctx context.Context, spark *dataflow.Session, df dfType) error {
			return noop.Save(ctx, spark, df, "")
		}},
		{"parquet", func(t *testing.T, ctx context.Context, spark *dataflow.Session, df dfType) error {
			return dataflow.Writer{Format: "parquet"}.Save(ctx, spark, df, filepath.Join(t.TempDir(), "out"))
		}},
		{"twice", func(_ *testing.T, ctx context.Context, spark *dataflow.Session, df dfType) error {
			if err := noop.Save(ctx, spark, df, ""); err != nil {
				return err
			}
			return noop.Save(ctx, spark, df, "")
		}},
		{"sorted, of which Spark takes a sample", func(_ *testing.T, ctx context.Context, spark *dataflow.Session, df dfType) error {
			sorted, err := df.OrderBy(ctx, functions.Col("name").Asc())
			if err != nil {
				return err
			}
			return noop.Save(ctx, spark, sorted, "")
		}},
		{"a part of the rows", func(_ *testing.T, ctx context.Context, spark *dataflow.Session, df dfType) error {
			return noop.Save(ctx, spark, df.Limit(ctx, 1), "")
		}},
		{"a temporary view, which runs nothing", func(_ *testing.T, ctx context.Context, spark *dataflow.Session, df dfType) error {
			if err := spark.CreateTempView(ctx, df, "along"); err != nil {
				return err
			}
			_, err := spark.Catalog().DropTempView(ctx, "along")
			return err
		}},
		{"not at all", func(*testing.T, context.Context, *dataflow.Session, dfType) error { return nil }},
	}
}

// TestRealObserveIsNeverAFalsePass compares what came along with a write with what
// a query of its own says. Only a part of the rows may be told as that part, which
// whoever takes a part knows.
func TestRealObserveIsNeverAFalsePass(t *testing.T) {
	t.Parallel()
	for n, server := range sparktest.Remotes() {
		t.Run(server.Version, func(t *testing.T) {
			t.Parallel()
			spark := sparkAt(t, server.Need(t))
			came := neverAFalsePass(t, spark, alongWays(), uint64(n), size(t, "SPARKPIPE_TEST_RUNS", 10))
			t.Logf("%v", came)
		})
	}
}

// neverAFalsePass lets rows pass that many times and returns how often the metrics
// came, by the way.
func neverAFalsePass(t *testing.T, spark *dataflow.Session, ways []along, seed uint64, runs int) map[string]string {
	t.Helper()
	ctx, random := t.Context(), rand.New(rand.NewPCG(seed, 3))
	came, of := map[string]int{}, map[string]int{}
	opts := &quality.Options{Clock: func() time.Time { return noon }}
	for i := range runs {
		if i%50 == 0 || i%50 == 7 {
			generateCode(t, spark, i%50 == 0)
		}
		way := ways[i%len(ways)]
		rows := []int{0, 1, 4, 50}[random.IntN(4)]
		df, err := spark.SQL(ctx, alongQuery(rows, []string{"", "LIMIT 0", "WHERE id > 2"}[random.IntN(3)]))
		require.NoError(t, err)
		suite := alongSuite(random.Int64N(60))
		want, err := suite.Evaluate(ctx, spark, df, opts)
		require.NoError(t, err)
		observed, pending, err := suite.Observe(ctx, spark, df, opts)
		require.NoError(t, err)
		require.NoError(t, way.run(t, ctx, spark, observed), way.name)
		got, err := pending.Report(ctx)
		require.NoError(t, err)
		pending.Close()
		again, err := pending.Report(ctx)
		require.NoError(t, err)
		require.Same(t, got, again)
		of[way.name]++
		if got.Passes < want.Passes {
			came[way.name]++
		}
		if way.name == "a part of the rows" {
			continue
		}
		require.Equal(t, want.Results, got.Results, "%s, run %d", way.name, i)
		require.Error(t, got.Err())
	}
	out := map[string]string{}
	for name, n := range of {
		out[name] = fmt.Sprintf("%d of %d", came[name], n)
	}
	return out
}

// TestRealWhatCannotGoAlong has a condition that Spark takes in a query and not
// along with a write.
func TestRealWhatCannotGoAlong(t *testing.T) {
	t.Parallel()
	spark, ctx := sparkAt(t, sparktest.Remote(t)), t.Context()
	df, err := spark.SQL(ctx, alongQuery(10, ""))
	require.NoError(t, err)
	suite := quality.Suite{Rules: []quality.Rule{
		{Check: quality.SQL{Condition: "id IN (SELECT id FROM range(5))"}},
		{Check: quality.NotNull{Columns: []string{"id"}}},
	}}
	observed, pending, err := suite.Observe(ctx, spark, df, nil)
	require.NoError(t, err)
	defer pending.Close()
	_, err = observed.Collect(ctx)
	require.NoError(t, err)
	report, err := pending.Report(ctx)
	require.NoError(t, err)
	require.Equal(t, []int64{5, 0}, []int64{report.Results[0].Bad, report.Results[1].Bad}, report.Results)
	require.Equal(t, quality.StatusFailed, report.Results[0].Status)
	require.Equal(t, quality.StatusPassed, report.Results[1].Status)
}

// TestRealRulesWithoutRows has rules of a schema, which need no
// rows at all.
func TestRealRulesWithoutRows(t *testing.T) {
	t.Parallel()
	spark, ctx := sparkAt(t, sparktest.Remote(t)), t.Context()
	df, err := spark.SQL(ctx, "SELECT 1 AS id, named_struct('Zip', 'x', 'list', array(1)) AS address, 'a' AS name")
	require.NoError(t, err)
	suite := quality.Suite{Rules: []quality.Rule{
		{Check: quality.Schema{Schema: "ID INT NOT NULL, address STRUCT<Zip: STRING, list: ARRAY<INT>>", Columns: []string{"name", "address.zip"}, Strict: true}},
		{Check: quality.Schema{Schema: "id BIGINT, gone STRING, address STRUCT<zip: STRING>", Strict: true}},
	}}
	observed, pending, err := suite.Observe(ctx, spark, df, nil)
	require.NoError(t, err)
	require.Equal(t, df, observed, "nothing goes along")
	report, err := pending.Report(ctx)
	require.NoError(t, err)
	require.Zero(t, report.Passes)
	require.Equal(t, quality.StatusPassed, report.Results[0].Status, report.Results[0].Message)
	require.Equal(t, "missing: gone; id is INT instead of BIGINT, address is STRUCT<Zip: STRING, list: ARRAY<INT>> instead of STRUCT<zip: STRING>; not expected: name", report.Results[1].Message)
	require.Equal(t, []string{"gone"}, report.Results[1].Values["missing"])
}

// TestRealObserveOnDelta writes to tables whose format adds plans of its own.
func TestRealObserveOnDelta(t *testing.T) {
	t.Parallel()
	server := sparktest.Lakehouse(t)
	spark := sparkAt(t, server.Remote())
	dir := t.TempDir()
	n := 0
	path := func() string { n++; return filepath.Join(dir, fmt.Sprint(n)) }
	ways := []along{
		{"delta", func(_ *testing.T, ctx context.Context, spark *dataflow.Session, df dfType) error {
			return dataflow.DeltaSink{Path: path(), Mode: dataflow.TableModeOverwrite}.Write(ctx, spark, df)
		}},
		{"delta, by partition", func(_ *testing.T, ctx context.Context, spark *dataflow.Session, df dfType) error {
			return dataflow.DeltaSink{Path: path(), Mode: dataflow.TableModeOverwrite, PartitionBy: []string{"at"}}.Write(ctx, spark, df)
		}},
		{"iceberg", func(_ *testing.T, ctx context.Context, spark *dataflow.Session, df dfType) error {
			n++
			return dataflow.IcebergSink{Table: fmt.Sprint("ice.db.t", n), Mode: dataflow.TableModeCreate}.Write(ctx, spark, df)
		}},
	}
	t.Logf("%v", neverAFalsePass(t, spark, ways, 5, size(t, "SPARKPIPE_TEST_RUNS", 6)))
}
