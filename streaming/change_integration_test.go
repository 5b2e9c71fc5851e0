package streaming_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/resilience"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// changeWork is a query before and after a change, with one checkpoint. Before the
// change three rows are there, and afterwards two more; other is a folder with four.
type changeWork struct {
	work
	session *dataflow.Session
}

const changeColumns = "id BIGINT, name STRING, at TIMESTAMP"

func changeLines(first, n int) (text string) {
	for i := range n {
		text += fmt.Sprintf("{\"id\":%d,\"name\":\"n%d\",\"at\":\"2026-01-01T00:0%d:00Z\",\"more\":7}\n", first+i, i%2, first+i)
	}
	return text
}

func (w changeWork) in(folder string) streaming.FileSource {
	return streaming.FileSource{Format: "json", Schema: changeColumns, Path: w.path(folder)}
}

// plain copies two columns into files.
func (w changeWork) plain() streaming.StreamingPipeline {
	return streaming.StreamingPipeline{
		Source: w.in("in"), Transforms: []dataflow.Transform{project("id", "name")}, Sink: streaming.FileSink{Path: w.path("out"), Format: "parquet"},
	}
}

// without is plain with a sink that takes everything, after a transform.
func (w changeWork) without(transforms ...dataflow.Transform) streaming.StreamingPipeline {
	return streaming.StreamingPipeline{Source: w.in("in"), Transforms: transforms, Sink: streaming.NoopSink{}}
}

// grouped counts with state.
func (w changeWork) grouped(query string) streaming.StreamingPipeline {
	p := w.without(over(w.TB, query))
	p.OutputMode, p.Watermark = streaming.OutputModeUpdate, streaming.Watermark{Column: "at", Delay: time.Hour}
	return p
}

func (w changeWork) counted() streaming.StreamingPipeline {
	return w.grouped("SELECT name, count(*) AS n FROM %s GROUP BY name")
}

// deduplicated drops rows that were there.
func (w changeWork) deduplicated(columns ...string) streaming.StreamingPipeline {
	p := w.without(streaming.DropDuplicates{Columns: columns})
	p.Watermark = streaming.Watermark{Column: "at", Delay: time.Hour}
	return p
}

// joined joins the stream with itself.
func (w changeWork) joined(kind, on string) streaming.StreamingPipeline {
	late := streaming.Watermark{Column: "at", Delay: time.Hour}
	p := w.without(dataflow.TransformFunc(func(ctx context.Context, spark *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
		other, err := w.in("in").ReadStream(ctx, spark)
		if err != nil {
			return nil, err
		}
		if other, err = late.Transform(ctx, spark, other); err != nil {
			return nil, err
		}
		l, r := uniqueName("l"), uniqueName("r")
		if err := spark.CreateTempView(ctx, in, l); err != nil {
			return nil, err
		}
		if err := spark.CreateTempView(ctx, other, r); err != nil {
			return nil, err
		}
		return spark.SQL(ctx, fmt.Sprintf("SELECT l.id FROM %s l %s JOIN %s r ON %s AND r.at BETWEEN l.at AND l.at + INTERVAL 5 SECONDS", l, kind, r, on))
	}))
	p.Watermark = late
	return p
}

// outcome runs a query over what is there. It is how many rows were read by it, or
// the class of the refusal.
func (w changeWork) outcome(p streaming.StreamingPipeline) string {
	w.Helper()
	p.CheckpointLocation = w.path("checkpoint")
	if p.Trigger.Kind() == streaming.TriggerDefault {
		p.Trigger = streaming.AvailableNow()
	}
	q, err := p.Start(within(w.TB), w.session)
	if err == nil && p.Trigger.Ends() {
		err = q.AwaitTermination(within(w.TB))
	} else if err == nil {
		if err = q.ProcessAllAvailable(within(w.TB)); err == nil {
			err = q.Stop(within(w.TB), nil)
		}
	}
	if err != nil {
		var spark *component.SparkError
		require.ErrorAs(w.TB, err, &spark)
		w.Log(err)
		if spark.Class != "" && spark.Class != "STREAM_FAILED" {
			return spark.Class
		}
		causes, _ := spark.Causes(w.Context())
		if len(causes) > 0 {
			return causes[len(causes)-1].Class
		}
		return spark.JavaClass
	}
	recent, err := q.RecentProgress(w.Context())
	require.NoError(w.TB, err)
	var rows, partitions int64
	state := ""
	for _, p := range recent {
		rows += p.NumInputRows
		for _, s := range p.StateOperators {
			partitions = s.NumShufflePartitions
			if _, other := s.CustomMetrics["rocksdbCommitFlushLatency"]; other {
				state = ", RocksDB"
			}
		}
	}
	if partitions > 0 {
		state = fmt.Sprintf(", state in %d", partitions) + state
	}
	return fmt.Sprintf("%d rows%s", rows, state)
}

// final has a supervisor run a query that Spark refuses, which it must do once.
func (w changeWork) final(p streaming.StreamingPipeline, remote string) {
	w.Helper()
	p.CheckpointLocation, p.Trigger = w.path("checkpoint"), streaming.AvailableNow()
	s, err := streaming.NewSupervisor(&streaming.SupervisorOptions{
		Open: connecting(remote, nil), StateDir: w.path("locks"), Retry: resilience.RetryConfig{MaxAttempts: 2, InitialDelay: time.Millisecond},
	})
	require.NoError(w.TB, err)
	err = s.Run(within(w.TB), streaming.SupervisedQuery{Name: "changed", Pipeline: p})
	var failed *streaming.SupervisorError
	require.ErrorAs(w.TB, err, &failed)
	require.Zero(w.TB, failed.Failures[0].Restarts, "no restart mends %v", err)
}

// TestChangesOfAQuery makes each change of the table in docs/streaming.md.
func TestChangesOfAQuery(t *testing.T) {
	t.Parallel()
	type pipe = streaming.StreamingPipeline
	changed := func(p pipe, change func(*pipe)) pipe {
		change(&p)
		return p
	}
	plain := changeWork.plain
	counted := changeWork.counted
	sparktest.Each(t, func(t *testing.T, remote string) {
		for _, c := range []struct {
			name   string
			before func(changeWork) pipe
			after  func(changeWork) pipe
			conf   map[string]string
			want   string
		}{
			{"nothing", plain, plain, nil, "2 rows"},
			{"trigger", func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) { p.Trigger = streaming.ProcessingTime(100 * time.Millisecond) })
			}, plain, nil, "2 rows"},
			{"rate limit", plain, func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) {
					in := w.in("in")
					in.MaxFilesPerTrigger = 1
					p.Source = in
				})
			}, nil, "2 rows"},
			{"name of the query", plain, func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) { p.QueryName = uniqueName("renamed") })
			}, nil, "2 rows"},
			{"filter", plain, func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) { p.Transforms = append(p.Transforms, over(t, "SELECT * FROM %s WHERE id <> 3")) })
			}, nil, "1 rows"},
			{"column more", plain, func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) { p.Transforms = []dataflow.Transform{project("id", "name", "id + 1 AS next")} })
			}, nil, "2 rows"},
			{"column less", plain, func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) { p.Transforms = []dataflow.Transform{project("id")} })
			}, nil, "2 rows"},
			{"column of another type", plain, func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) { p.Transforms = []dataflow.Transform{project("CAST(id AS STRING) AS id", "name")} })
			}, nil, "2 rows"},
			{"column more in the source", plain, func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) {
					in := w.in("in")
					in.Schema += ", more INT"
					p.Source = in
				})
			}, nil, "2 rows"},
			{"path of the source", plain, func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) { p.Source = w.in("other") })
			}, nil, "java.lang.IllegalArgumentException"},
			{"another source", func(w changeWork) pipe { return w.without() }, func(changeWork) pipe {
				return pipe{Source: streaming.RateMicroBatchSource{RowsPerBatch: 5}, Sink: streaming.NoopSink{}}
			}, nil, "org.json4s.MappingException"},
			{"a source more", func(w changeWork) pipe { return w.without() }, func(w changeWork) pipe {
				return w.without(dataflow.TransformFunc(func(ctx context.Context, spark *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
					other, err := w.in("other").ReadStream(ctx, spark)
					if err != nil {
						return nil, err
					}
					return in.UnionAll(ctx, other), nil
				}))
			}, nil, "java.lang.AssertionError"},
			{"path of the sink", plain, func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) { p.Sink = streaming.FileSink{Path: w.path("elsewhere"), Format: "parquet"} })
			}, nil, "2 rows"},
			{"another sink", plain, func(w changeWork) pipe { return changed(w.plain(), func(p *pipe) { p.Sink = streaming.NoopSink{} }) }, nil, "2 rows"},
			{"files instead of another sink", func(w changeWork) pipe {
				return changed(w.plain(), func(p *pipe) { p.Sink = streaming.NoopSink{} })
			}, plain, nil, "2 rows"},
			{"state is kept", counted, counted, nil, "2 rows, state in 1"},
			{"grouping key", counted, func(w changeWork) pipe {
				return w.grouped("SELECT id, count(*) AS n FROM %s GROUP BY id")
			}, nil, "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE"},
			{"grouping key more", counted, func(w changeWork) pipe {
				return w.grouped("SELECT name, id, count(*) AS n FROM %s GROUP BY name, id")
			}, nil, "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE"},
			{"name of a grouping key", counted, func(w changeWork) pipe {
				return w.grouped("SELECT called, count(*) AS n FROM (SELECT name AS called, at FROM %s) GROUP BY called")
			}, nil, "2 rows, state in 1"},
			{"aggregate of the same type", counted, func(w changeWork) pipe {
				return w.grouped("SELECT name, max(id) AS n FROM %s GROUP BY name")
			}, nil, "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE"},
			{"aggregate of another type", counted, func(w changeWork) pipe {
				return w.grouped("SELECT name, max(name) AS n FROM %s GROUP BY name")
			}, nil, "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE"},
			{"aggregate more", counted, func(w changeWork) pipe {
				return w.grouped("SELECT name, count(*) AS n, sum(id) AS s FROM %s GROUP BY name")
			}, nil, "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE"},
			{"aggregation that was not there", func(w changeWork) pipe { return w.without() }, counted, nil, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS or STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY"},
			{"aggregation that is gone", counted, func(w changeWork) pipe { return w.without() }, nil, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA"},
			{"output mode", counted, func(w changeWork) pipe {
				return changed(w.counted(), func(p *pipe) { p.OutputMode = streaming.OutputModeComplete })
			}, nil, "2 rows, state in 1"},
			{"output mode back", func(w changeWork) pipe {
				return changed(w.counted(), func(p *pipe) { p.OutputMode = streaming.OutputModeComplete })
			}, counted, nil, "2 rows, state in 1"},
			{"delay of the watermark", counted, func(w changeWork) pipe {
				return changed(w.counted(), func(p *pipe) { p.Watermark.Delay = time.Minute })
			}, nil, "2 rows, state in 1"},
			{"column of the watermark", counted, func(w changeWork) pipe {
				return changed(w.counted(), func(p *pipe) {
					p.Source = streaming.Reader{Format: "json", Schema: changeColumns + ", later TIMESTAMP", Path: w.path("in")}
					p.Watermark.Column = "later"
				})
			}, nil, "2 rows, state in 1"},
			{"watermark that is gone", counted, func(w changeWork) pipe {
				return changed(w.counted(), func(p *pipe) { p.Watermark = streaming.Watermark{} })
			}, nil, "2 rows, state in 1"},
			{"columns of deduplication", func(w changeWork) pipe { return w.deduplicated("id") }, func(w changeWork) pipe { return w.deduplicated("name") }, nil, "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE"},
			{"a column of deduplication more", func(w changeWork) pipe { return w.deduplicated("id") }, func(w changeWork) pipe { return w.deduplicated("id", "name") }, nil, "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE"},
			{"join type", func(w changeWork) pipe { return w.joined("INNER", "l.id = r.id") }, func(w changeWork) pipe { return w.joined("LEFT", "l.id = r.id") }, nil, "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE"},
			{"join key", func(w changeWork) pipe { return w.joined("INNER", "l.id = r.id") }, func(w changeWork) pipe { return w.joined("INNER", "l.name = r.name") }, nil, "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE"},
			{"shuffle partitions", counted, counted, map[string]string{"spark.sql.shuffle.partitions": "2"}, "2 rows, state in 1"},
			{"state store", counted, counted, map[string]string{
				"spark.sql.streaming.stateStore.providerClass": "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
			}, "2 rows, state in 1"},
		} {
			t.Run(c.name, func(t *testing.T) {
				w := changeWork{work: workIn(t), session: sparkAt(t, remote)}
				require.NoError(t, w.session.Conf().Set(t.Context(), map[string]string{"spark.sql.shuffle.partitions": "1"}))
				w.put("other/1.json", changeLines(0, 4))
				w.put("in/1.json", changeLines(0, 3))
				require.Contains(t, w.outcome(c.before(w)), " rows")
				if len(c.conf) > 0 {
					require.NoError(t, w.session.Conf().Set(t.Context(), c.conf))
				}
				w.put("in/2.json", changeLines(3, 2))
				after := w.outcome(c.after(w))
				require.Contains(t, strings.Split(c.want, " or "), after)
				if !strings.Contains(after, " rows") {
					w.final(c.after(w), remote)
				}
			})
		}
	})
}

// TestANewCheckpointWantsAnotherFolderOfFiles shows what Spark does with a sink of
// files that has the numbers of the batches already: it writes nothing, and says
// nothing.
func TestANewCheckpointWantsAnotherFolderOfFiles(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		w := changeWork{work: workIn(t), session: sparkAt(t, remote)}
		w.put("in/1.json", changeLines(0, 3))
		require.Equal(t, "3 rows", w.outcome(w.plain()))
		w.put("in/2.json", changeLines(3, 2))
		p := w.plain()
		p.Trigger, p.CheckpointLocation = streaming.AvailableNow(), w.path("another")
		require.NoError(t, p.Run(within(t), w.session, component.Runtime{}))
		require.Equal(t, []string{"3"}, column(t, w.session, "SELECT count(*) FROM parquet.`"+w.path("out")+"`"))
		p.CheckpointLocation, p.Sink = w.path("third"), streaming.FileSink{Path: w.path("elsewhere"), Format: "parquet"}
		require.NoError(t, p.Run(within(t), w.session, component.Runtime{}))
		require.Equal(t, []string{"5"}, column(t, w.session, "SELECT count(*) FROM parquet.`"+w.path("elsewhere")+"`"))
	})
}
