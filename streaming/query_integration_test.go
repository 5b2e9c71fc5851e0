package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// project is a transform of SQL expressions.
func project(exprs ...string) dataflow.TransformFunc {
	return func(ctx context.Context, _ *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
		return in.SelectExpr(ctx, exprs...)
	}
}

// over is a transform of a query over the stream, which it sees as the view %s.
func over(t testing.TB, query string) dataflow.TransformFunc {
	t.Helper()
	return func(ctx context.Context, spark *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
		view := uniqueName("stream")
		if err := spark.CreateTempView(ctx, in, view); err != nil {
			return nil, err
		}
		return spark.SQL(ctx, fmt.Sprintf(query, view))
	}
}

func rate(rows int64) streaming.RateSource { return streaming.RateSource{RowsPerSecond: rows} }

// column reads the first column of a query as texts.
func column(t testing.TB, spark *dataflow.Session, query string) []string {
	t.Helper()
	df, err := spark.SQL(t.Context(), query)
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, spark.Error(t.Context(), err))
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = fmt.Sprint(row.At(0))
	}
	return out
}

// events is a folder of JSON files on the machine of the server.
type events struct{ dir string }

func newEvents(t testing.TB) events {
	t.Helper()
	return events{t.TempDir()}
}

func (e events) add(t testing.TB, name, lines string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(e.dir, "."+name), []byte(lines), 0o644))
	require.NoError(t, os.Rename(filepath.Join(e.dir, "."+name), filepath.Join(e.dir, name))) // whole or not at all
}

func (e events) source(schema string) streaming.Reader {
	return streaming.Reader{Format: "json", Schema: schema, Path: e.dir}
}

func TestRateToMemoryInCompleteMode(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, name := sparkAt(t, remote), uniqueName("memory")
		heard := listen(t, spark)
		q := begin(t, spark, streaming.StreamingPipeline{
			Source: rate(10), Transforms: []dataflow.Transform{over(t, "SELECT value %% 2 AS odd, count(*) AS n FROM %s GROUP BY 1")},
			Sink: streaming.MemorySink{}, OutputMode: streaming.OutputModeComplete, QueryName: name,
		})
		require.Equal(t, name, q.Name())
		require.NotEmpty(t, q.ID())
		require.NotEmpty(t, q.RunID())
		progress := heard.rows(t, 10)
		require.Equal(t, q.RunID(), progress.RunID)
		require.NotEmpty(t, progress.StateOperators)
		require.Contains(t, progress.Durations, "triggerExecution")
		require.NotEmpty(t, column(t, spark, "SELECT n FROM "+name))
		plan, err := q.Explain(t.Context(), true)
		require.NoError(t, err)
		require.Contains(t, plan, "Logical Plan")
		status, err := q.Status(t.Context())
		require.NoError(t, err)
		require.True(t, status.Active)
		require.NoError(t, q.Stop(within(t), nil))
		status, err = q.Status(t.Context())
		require.NoError(t, err)
		require.False(t, status.Active)
		require.NoError(t, q.AwaitTermination(within(t)))
	})
}

// ear hears the events of a session.
type ear struct {
	started    chan streaming.StartedEvent
	progress   chan streaming.Progress
	idle       chan streaming.IdleEvent
	terminated chan streaming.TerminatedEvent
	fault      chan error
}

func newEar() ear {
	return ear{
		make(chan streaming.StartedEvent, 100), make(chan streaming.Progress, 1000), make(chan streaming.IdleEvent, 100),
		make(chan streaming.TerminatedEvent, 100), make(chan error, 100),
	}
}

func (e ear) listener() streaming.Listener {
	return streaming.Listener{
		Started:    func(s streaming.StartedEvent) { e.started <- s },
		Progress:   func(p streaming.Progress) { e.progress <- p },
		Idle:       func(i streaming.IdleEvent) { e.idle <- i },
		Terminated: func(end streaming.TerminatedEvent) { e.terminated <- end },
		Fault:      func(err error) { e.fault <- err },
	}
}

// listen hears the events of a session until the end of the test.
func listen(t testing.TB, spark *dataflow.Session) ear {
	t.Helper()
	e := newEar()
	stop, err := streaming.Listen(within(t), spark, e.listener())
	require.NoError(t, err)
	t.Cleanup(stop)
	return e
}

// next waits for a value.
func next[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

// rows waits until queries have read so many rows, and returns the last progress.
func (e ear) rows(t testing.TB, want int64) streaming.Progress {
	t.Helper()
	for {
		p := next(t, e.progress)
		if want -= p.NumInputRows; want <= 0 {
			return p
		}
	}
}

func TestAvailableNowIsExactlyOnce(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, in, out := sparkAt(t, remote), newEvents(t), t.TempDir()
		pipe := streaming.StreamingPipeline{
			Label: "copy", Source: in.source("id BIGINT"), Trigger: streaming.AvailableNow(), CheckpointLocation: filepath.Join(out, "checkpoint"),
			Sink: streaming.SinkFunc(func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w streaming.Writer) (*streaming.Query, error) {
				w.Format, w.Path = "parquet", filepath.Join(out, "data")
				return w.Start(ctx, spark, df)
			}),
		}
		in.add(t, "1.json", "{\"id\":1}\n{\"id\":2}\n")
		require.NoError(t, pipe.Run(within(t), spark, component.Runtime{}))
		require.NoError(t, pipe.Run(within(t), spark, component.Runtime{}))
		count := "SELECT count(*) FROM parquet.`" + filepath.Join(out, "data") + "`"
		require.Equal(t, []string{"2"}, column(t, spark, count))
		in.add(t, "2.json", "{\"id\":3}\n")
		first := begin(t, spark, pipe)
		require.NoError(t, first.AwaitTermination(within(t)))
		second := begin(t, spark, pipe)
		require.NoError(t, second.AwaitTermination(within(t)))
		require.Equal(t, []string{"3"}, column(t, spark, count))
		require.Equal(t, first.ID(), second.ID(), "the checkpoint has the id")
		require.NotEqual(t, first.RunID(), second.RunID())
	})
}

func TestQueryThatFails(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, name := sparkAt(t, remote), uniqueName("failing")
		pipe := streaming.StreamingPipeline{
			Source: rate(5), Sink: streaming.NoopSink{}, QueryName: name, Transforms: []dataflow.Transform{project("assert_true(value < 2) AS ok")},
		}
		err := pipe.Run(within(t), spark, component.Runtime{})
		check := func(err error) {
			t.Helper()
			var failed *streaming.QueryError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, name, failed.Query)
			require.NotEmpty(t, failed.ID)
			var sparked *component.SparkError
			require.ErrorAs(t, err, &sparked)
			require.Equal(t, "USER_RAISED_EXCEPTION", sparked.Class)
			require.Equal(t, "P0001", sparked.SQLState)
			require.Contains(t, err.Error(), name)
			require.NotContains(t, err.Error(), "Logical Plan")
		}
		check(err)
		check(streaming.Queries(spark).AwaitAny(within(t)))
		require.NoError(t, streaming.Queries(spark).ResetTerminated(t.Context()))

		q := begin(t, spark, pipe)
		check(q.AwaitTermination(within(t)))
		check(q.AwaitTermination(within(t)))
		failed, err := q.Exception(t.Context())
		require.NoError(t, err)
		check(failed)
		causes, err := failed.Err.Causes(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, causes[len(causes)-1].Stack)
		require.NoError(t, q.Stop(t.Context(), nil))
	})
}

func TestStateful(t *testing.T) {
	t.Parallel()
	const schema = "id BIGINT, at TIMESTAMP"
	late := streaming.Watermark{Column: "at", Delay: 10 * time.Second}
	lines := func(from int) (text string) {
		for i := range 4 {
			text += fmt.Sprintf("{\"id\":%d,\"at\":\"2026-01-01T00:01:%02dZ\"}\n{\"id\":%d,\"at\":\"2026-01-01T00:01:%02dZ\"}\n", from+i, i, from+i, i)
		}
		return text
	}
	static := func(ctx context.Context, spark *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
		names, err := spark.SQL(ctx, "SELECT * FROM VALUES (1, 'one'), (2, 'two') AS n(nid, name)")
		if err != nil {
			return nil, err
		}
		if err := errors.Join(spark.CreateTempView(ctx, in, "s_stream"), spark.CreateTempView(ctx, names, "s_static")); err != nil {
			return nil, err
		}
		return spark.SQL(ctx, "SELECT name FROM s_stream JOIN s_static ON id = nid")
	}
	sparktest.Each(t, func(t *testing.T, remote string) {
		in := newEvents(t)
		in.add(t, "1.json", lines(1))
		self := func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) (sql.DataFrame, error) {
			other, err := in.source(schema).ReadStream(ctx, spark)
			if err == nil {
				other, err = late.Transform(ctx, spark, other)
			}
			if err != nil {
				return nil, err
			}
			if err := errors.Join(spark.CreateTempView(ctx, df, "s_left"), spark.CreateTempView(ctx, other, "s_right")); err != nil {
				return nil, err
			}
			return spark.SQL(ctx, "SELECT l.id FROM s_left l JOIN s_right r ON l.id = r.id AND r.at BETWEEN l.at AND l.at + INTERVAL 5 SECONDS")
		}
		for name, c := range map[string]struct {
			transform dataflow.Transform
			mode      streaming.OutputMode
			rows      string
			operator  string
		}{
			"windows":       {over(t, "SELECT window(at, '1 minute').start AS minute, count(*) AS n FROM %s GROUP BY window(at, '1 minute')"), streaming.OutputModeUpdate, "1", "stateStoreSave"},
			"dedup":         {streaming.DropDuplicates{Columns: []string{"id"}}, streaming.OutputModeAppend, "4", "dedupeWithinWatermark"},
			"stream-static": {dataflow.TransformFunc(static), streaming.OutputModeAppend, "4", ""},
			"stream-stream": {dataflow.TransformFunc(self), streaming.OutputModeAppend, "16", "symmetricHashJoin"},
		} {
			t.Run(name, func(t *testing.T) {
				spark, query := sparkAt(t, remote), uniqueName("stateful")
				q := begin(t, spark, streaming.StreamingPipeline{
					Source: in.source(schema), Watermark: late, Transforms: []dataflow.Transform{c.transform},
					Sink: streaming.MemorySink{}, OutputMode: c.mode, QueryName: query, Trigger: streaming.AvailableNow(),
				})
				require.NoError(t, q.AwaitTermination(within(t)))
				require.Equal(t, []string{c.rows}, column(t, spark, "SELECT count(*) FROM "+query))
				if c.operator == "" {
					return
				}
				p, err := q.LastProgress(t.Context())
				require.NoError(t, err)
				require.Equal(t, c.operator, p.StateOperators[0].Operator)
				require.Equal(t, "2026-01-01T00:00:53Z", lastWatermark(t, q).UTC().Format(time.RFC3339))
			})
		}
	})
}

// lastWatermark returns the watermark that the query came to.
func lastWatermark(t testing.TB, q *streaming.Query) (last time.Time) {
	t.Helper()
	recent, err := q.RecentProgress(t.Context())
	require.NoError(t, err)
	for _, p := range recent {
		if p.EventTime.Watermark.After(last) {
			last = p.EventTime.Watermark
		}
	}
	return last
}
