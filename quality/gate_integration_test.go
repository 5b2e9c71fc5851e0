package quality_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/quality"
)

// gateBundle is a session and what a gate told.
type gateBundle struct {
	spark *dataflow.Session
	dir   string

	mu      sync.Mutex
	reports []*quality.Report
	warned  []error
}

func setupGate(t *testing.T, remote string) *gateBundle {
	t.Helper()
	spark, err := dataflow.Connect(t.Context(), remote, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) })
	return &gateBundle{spark: spark, dir: t.TempDir()}
}

// gate makes a gate that tells the bundle.
func (b *gateBundle) gate(t *testing.T, opts quality.GateOptions, rules ...quality.Rule) *quality.Gate {
	t.Helper()
	opts.Reporter = quality.JoinReporters(opts.Reporter, quality.ReporterFunc(func(_ context.Context, r *quality.Report) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.reports = append(b.reports, r)
		return nil
	}))
	opts.Warn = func(err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.warned = append(b.warned, err)
	}
	g, err := quality.NewGate(quality.Suite{Rules: rules}, &opts)
	require.NoError(t, err)
	return g
}

// report is the last that was told.
func (b *gateBundle) report(t *testing.T) *quality.Report {
	t.Helper()
	require.NotEmpty(t, b.reports)
	require.Empty(t, b.warned)
	return b.reports[len(b.reports)-1]
}

func runtimeOf(g *quality.Gate, run, name string) component.Runtime {
	return dataflow.WithGate(component.Runtime{Pipeline: "p", RunID: run, Component: name, Attempt: 1}, g)
}

// values reads one column of numbers.
func (b *gateBundle) values(t *testing.T, query string) []int64 {
	t.Helper()
	df, err := b.spark.SQL(t.Context(), query)
	require.NoError(t, err)
	got, err := dataflow.Collect[int64](t.Context(), df)
	require.NoError(t, err)
	return got
}

func parquetOf(path string) string { return "parquet.`" + path + "`" }

func parquetSink(path string) dataflow.ParquetSink {
	return dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: path, Mode: dataflow.SaveModeOverwrite}}
}

func notNull(name string, action quality.Action, columns ...string) quality.Rule {
	return quality.Rule{Name: name, Check: quality.NotNull{Columns: columns}, Action: action}
}

func between(name string, action quality.Action, column string, low, high any) quality.Rule {
	return quality.Rule{Name: name, Check: quality.Range{Column: column, Min: low, Max: high}, Action: action}
}

func atLeast(rows int64, action quality.Action) quality.Rule {
	return quality.Rule{Name: "enough", Check: quality.RowCount{Min: &rows}, Action: action}
}

func TestRealGateOfASink(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := setupGate(t, remote)
		ctx, out := t.Context(), filepath.Join(b.dir, "out")
		write := dataflow.WriteView{Input: dataflow.Input{Query: "SELECT id, IF(id % 10 = 0, NULL, id) AS v FROM range(100)"}, Sink: parquetSink(out)}

		g := b.gate(t, quality.GateOptions{}, notNull("v", quality.ActionFail, "v"))
		require.False(t, g.Passed())
		err := write.Run(ctx, b.spark, runtimeOf(g, "r", "c"))
		require.True(t, g.Passed())
		var failed *quality.Error
		require.ErrorAs(t, err, &failed)
		require.ErrorContains(t, err, "quality: nothing was published: ")
		require.NoDirExists(t, out)
		require.False(t, b.report(t).Published)
		require.Equal(t, int64(10), b.report(t).Results[0].Bad)
		require.Equal(t, quality.StatusFailed, b.report(t).Status())

		g = b.gate(t, quality.GateOptions{Publish: quality.PublishWithChecks}, notNull("v", quality.ActionFail, "v"))
		err = write.Run(ctx, b.spark, runtimeOf(g, "r", "c"))
		require.ErrorAs(t, err, &failed)
		require.ErrorContains(t, err, "the rows are published already")
		require.True(t, b.report(t).Published)
		require.Len(t, b.values(t, "SELECT id FROM "+parquetOf(out)), 100)

		g = b.gate(t, quality.GateOptions{}, notNull("v", quality.ActionExpect, "v"), atLeast(101, quality.ActionExpect))
		require.NoError(t, write.Run(ctx, b.spark, runtimeOf(g, "r", "c")))
		require.True(t, b.report(t).Published)
		require.Equal(t, quality.StatusFailed, b.report(t).Results[1].Status)

		g = b.gate(t, quality.GateOptions{}, notNull("id", quality.ActionFail, "id"), atLeast(100, ""))
		require.NoError(t, write.Run(ctx, b.spark, runtimeOf(g, "r", "c")))
		require.True(t, b.report(t).Published)
		require.Equal(t, quality.StatusPassed, b.report(t).Status())
	})
}

func TestRealGateOfAView(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := setupGate(t, remote)
		ctx := t.Context()
		view := dataflow.SQLView{SQL: "SELECT id, rand() AS r FROM range(100)", View: "v"}

		g := b.gate(t, quality.GateOptions{}, atLeast(101, quality.ActionFail))
		require.Error(t, view.Run(ctx, b.spark, runtimeOf(g, "r", "c")))
		exists, err := b.spark.Catalog().TableExists(ctx, "v")
		require.NoError(t, err)
		require.False(t, exists)

		g = b.gate(t, quality.GateOptions{}, atLeast(100, quality.ActionFail))
		require.NoError(t, view.Run(ctx, b.spark, runtimeOf(g, "r", "c")))
		require.Contains(t, b.report(t).Notes[0], "lazy")
		require.Equal(t, "v", b.report(t).Subject)
		require.Equal(t, 1, b.report(t).Passes)

		for _, staging := range []string{"", filepath.Join(b.dir, "stage")} {
			g = b.gate(t, quality.GateOptions{Stage: true, Staging: staging}, atLeast(100, quality.ActionFail))
			require.NoError(t, view.Run(ctx, b.spark, runtimeOf(g, "r", "c")))
			require.Empty(t, b.report(t).Notes)
			sums := `SELECT CAST(sum(r) * 1000000000 AS BIGINT) FROM v`
			require.Equal(t, b.values(t, sums), b.values(t, sums), "the view has the rows that were checked")
		}
	})
}

// flaky is a sink that fails before or after its first write.
type flaky struct {
	dataflow.Sink
	failures *int
	after    bool
}

func (f flaky) Write(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
	if f.after {
		if err := f.Sink.Write(ctx, spark, df); err != nil {
			return err
		}
	}
	if *f.failures > 0 {
		*f.failures--
		return errors.New("on purpose")
	}
	if f.after {
		return nil
	}
	return f.Sink.Write(ctx, spark, df)
}

// TestRealSplit proves that good and bad rows are the input, each once, whatever
// fails in between and however random the query is.
func TestRealSplit(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := setupGate(t, remote)
		random := rand.New(rand.NewPCG(1, uint64(len(remote))))
		for i := range size(t, "SPARKPIPE_SPLITS", 2) {
			format := []string{"parquet", "json", "orc"}[i%3]
			staging := []string{"", filepath.Join(b.dir, "s")}[i%2]
			b.split(t, i, format, staging, random)
		}
	})
}

func (b *gateBundle) split(t *testing.T, i int, format, staging string, random *rand.Rand) {
	t.Helper()
	ctx := t.Context()
	out, side := filepath.Join(b.dir, fmt.Sprint("out", i)), filepath.Join(b.dir, fmt.Sprint("side", i))
	rows, failures := 1+random.IntN(300), random.IntN(3)
	query := fmt.Sprintf("SELECT id, IF(rand() < %.2f, NULL, id) AS a, IF(rand() < %.2f, NULL, rand()) AS `b b` FROM range(0, %d, 1, 3)",
		random.Float64(), random.Float64(), rows)
	write := dataflow.WriteView{Input: dataflow.Input{Query: query}, Sink: flaky{parquetSink(out), &failures, i%2 == 0}}
	var err error
	attempts := 0
	for err = errors.New("none yet"); err != nil; attempts++ {
		require.Less(t, attempts, 4)
		g := b.gate(t, quality.GateOptions{Quarantine: quality.Quarantine{Path: side, Format: format}, Staging: staging},
			notNull("no a", quality.ActionQuarantine, "a"), between("small", quality.ActionDrop, "b b", 0, 0.5),
			notNull("b'`s", quality.ActionQuarantine, "b b"), atLeast(0, quality.ActionFail))
		err = write.Run(ctx, b.spark, runtimeOf(g, "run/../1", "c c"))
		if err != nil {
			require.ErrorContains(t, err, "on purpose")
		}
	}
	report := b.report(t)
	require.True(t, report.Published)
	where := side + "/run_id=run%2F..%2F1/component=c%20c"
	good := b.values(t, "SELECT id FROM "+parquetOf(out))
	bad := []int64{}
	if report.Quarantined > 0 {
		bad = b.values(t, "SELECT id FROM "+format+".`"+where+"`")
		require.Zero(t, b.values(t, "SELECT count(*) FROM "+format+".`"+where+"` WHERE size(_failed_rules) = 0 OR _run_id <> 'run/../1' OR _component <> 'c c'"+
			" OR (a IS NULL) <> array_contains(_failed_rules, 'no a') OR (`b b` IS NULL) <> array_contains(_failed_rules, 'b\\'`s')"+
			" OR coalesce(`b b` > 0.5, false) <> array_contains(_failed_rules, 'small')")[0])
	}
	require.Zero(t, b.values(t, "SELECT count(*) FROM "+parquetOf(out)+" WHERE a IS NULL OR `b b` IS NULL OR `b b` > 0.5")[0])
	require.Len(t, bad, int(report.Quarantined))
	require.Equal(t, rows, len(good)+len(bad)+int(report.Dropped))
	seen := map[int64]bool{}
	for _, id := range append(good, bad...) {
		require.False(t, seen[id], "row %d is there twice", id)
		seen[id] = true
	}
}

func TestRealStagingLeavesNothing(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := setupGate(t, remote)
		stage := filepath.Join(b.dir, "stage")
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stop")
		sink := dataflow.SinkFunc(func(context.Context, *dataflow.Session, sql.DataFrame) error {
			require.NotEmpty(t, entries(t, stage), "the rows are staged")
			cancel(stop)
			return context.Cause(ctx)
		})
		write := dataflow.WriteView{Input: dataflow.Input{Query: "SELECT id FROM range(10)"}, Sink: sink}
		g := b.gate(t, quality.GateOptions{Staging: stage}, atLeast(1, quality.ActionFail))
		require.ErrorIs(t, write.Run(ctx, b.spark, runtimeOf(g, "r", "c")), stop)
		require.Empty(t, entries(t, stage))
		require.False(t, b.report(t).Published, "an attempt that was cancelled has its report")

		// Cancelled while the rows are staged.
		ctx, cancel = context.WithCancelCause(t.Context())
		slow := dataflow.WriteView{Sink: parquetSink(filepath.Join(b.dir, "out")), Input: dataflow.Input{
			Query: "SELECT java_method('java.lang.Thread', 'sleep', 200L) AS s, id FROM range(0, 1000, 1, 2)",
		}}
		started := make(chan struct{})
		begun := sync.OnceFunc(func() { close(started) })
		watched := dataflow.WithProgress(ctx, func(dataflow.Progress) { begun() })
		ended := make(chan error, 1)
		g = b.gate(t, quality.GateOptions{Staging: stage}, atLeast(1, quality.ActionFail))
		go func() { ended <- slow.Run(watched, b.spark, runtimeOf(g, "r", "c")) }()
		select {
		case <-started:
		case <-time.After(20 * time.Second):
		}
		cancel(stop)
		require.ErrorIs(t, <-ended, stop)
		require.Empty(t, entries(t, stage))
		left, err := b.spark.Catalog().ListDatabases(t.Context(), "sparkpipe_stage_*")
		require.NoError(t, err)
		for _, db := range left {
			require.NotContains(t, db.LocationURI, b.dir)
		}
	})
}

func TestRealQuarantineRefusals(t *testing.T) {
	t.Parallel()
	b := setupGate(t, sparktest.Remote(t))
	run := func(query, runID string, rules ...quality.Rule) error {
		g := b.gate(t, quality.GateOptions{Quarantine: quality.Quarantine{Path: b.dir + "/side"}}, rules...)
		return dataflow.WriteView{Input: dataflow.Input{Query: query}, Sink: parquetSink(b.dir + "/out")}.Run(t.Context(), b.spark, runtimeOf(g, runID, "c"))
	}
	require.ErrorContains(t, run("SELECT 1 AS _RUN_ID", "r", notNull("n", quality.ActionQuarantine, "_run_id")), "the rows have a column _RUN_ID")
	require.ErrorContains(t, run("SELECT 1 AS a", "", notNull("n", quality.ActionQuarantine, "a")), "need names")
	require.ErrorContains(t, run("SELECT 1 AS a", "r", notNull("n", quality.ActionQuarantine, "b")), "nothing was published")
	require.NoDirExists(t, b.dir+"/out")

	// A quarantine that cannot be written publishes nothing.
	err := run("SELECT CAST(NULL AS INTERVAL) AS i, 1 AS a", "r", notNull("n", quality.ActionQuarantine, "i"))
	require.ErrorContains(t, err, "nothing was published: quarantine: write to ")
	require.NoDirExists(t, b.dir+"/out")
	require.True(t, strings.HasPrefix(err.Error(), "quality: "))
}
