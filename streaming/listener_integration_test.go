package streaming_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/faultproxy"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// slowly is a transform that makes each row take so many milliseconds.
func slowly(millis string) dataflow.Transform {
	return project("value", "java_method('java.lang.Thread', 'sleep', "+millis+"L) AS slept")
}

// ticking is a query that reads rows for ever.
func ticking(name string) streaming.StreamingPipeline {
	return streaming.StreamingPipeline{Source: rate(5), Sink: streaming.NoopSink{}, QueryName: name, Trigger: streaming.ProcessingTime(300 * time.Millisecond)}
}

func TestListenerHearsAllInOrderAndAtOnce(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		require.NoError(t, spark.Conf().Set(t.Context(), map[string]string{"spark.sql.streaming.noDataProgressEventInterval": "200"}))
		heard, second := listen(t, spark), listen(t, spark)
		name := uniqueName("heard")
		q := begin(t, spark, ticking(name))
		start := next(t, heard.started)
		require.Equal(t, streaming.StartedEvent{ID: q.ID(), RunID: q.RunID(), Name: name, Timestamp: start.Timestamp}, start)
		require.WithinDuration(t, time.Now(), start.Timestamp, time.Minute)
		var took []time.Duration
		for batch := range int64(5) {
			p := next(t, heard.progress)
			took = append(took, time.Since(p.Timestamp.Add(p.Durations["triggerExecution"])))
			require.Equal(t, batch, p.BatchID)
			require.Equal(t, q.RunID(), p.RunID)
			require.Empty(t, p.More)
		}
		t.Logf("from the end of a batch at the server to the listener: %v", took)
		require.Less(t, slices.Min(took), 100*time.Millisecond)
		require.NoError(t, q.Stop(within(t), nil))
		end := next(t, heard.terminated)
		require.Equal(t, streaming.TerminatedEvent{ID: q.ID(), RunID: q.RunID(), Name: name}, end)
		require.Equal(t, end, next(t, second.terminated))

		q = begin(t, spark, streaming.StreamingPipeline{
			Source: newEvents(t).source("id BIGINT"), Sink: streaming.NoopSink{}, Trigger: streaming.ProcessingTime(100 * time.Millisecond),
		})
		for next(t, heard.idle).RunID != q.RunID() { // the first query was idle between its batches
		}
		require.NoError(t, q.Stop(within(t), nil))
		require.Empty(t, next(t, heard.terminated).Name)

		q = begin(t, spark, streaming.StreamingPipeline{
			Source: rate(5), Sink: streaming.NoopSink{}, QueryName: name, Transforms: []dataflow.Transform{project("1 div (value - 2)")},
		})
		failed := next(t, heard.terminated)
		require.Equal(t, q.RunID(), failed.RunID)
		require.Equal(t, "DIVIDE_BY_ZERO", failed.Err.Err.Class)
		require.Equal(t, name, failed.Err.Query)
		require.Empty(t, heard.fault)
	})
}

func TestListenerAfterAnother(t *testing.T) {
	t.Parallel()
	spark := sparkAt(t, sparktest.Remote(t))
	for range 3 { // each ends the stream of events and opens it again
		heard := newEar()
		stop, err := streaming.Listen(within(t), spark, heard.listener())
		require.NoError(t, err)
		q := begin(t, spark, ticking(""))
		require.Equal(t, q.RunID(), next(t, heard.progress).RunID)
		stop()
		stop()
		require.NoError(t, q.Stop(within(t), nil))
		require.Empty(t, heard.fault)
	}
}

func TestListenerSurvivesBrokenConnections(t *testing.T) {
	t.Parallel()
	proxy := faultproxy.Start(t, strings.TrimPrefix(sparktest.Remote(t), "sc://"))
	spark := sparkAt(t, "sc://"+proxy.Addr())
	heard := listen(t, spark)
	q := begin(t, spark, ticking(""))
	for batch := range int64(6) {
		require.Equal(t, batch, next(t, heard.progress).BatchID, "none is missed")
		if batch%2 == 0 {
			proxy.Cut()
		}
	}
	require.NoError(t, q.Stop(within(t), nil))
	require.Equal(t, q.RunID(), next(t, heard.terminated).RunID)
	require.Empty(t, heard.fault)
}

func TestAwaitAny(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		queries := streaming.Queries(spark)
		one, two := begin(t, spark, ticking(uniqueName("one"))), begin(t, spark, ticking(""))
		active, err := queries.Active(t.Context())
		require.NoError(t, err)
		require.Len(t, active, 2)
		same, err := queries.ByName(t.Context(), one.Name())
		require.NoError(t, err)
		require.Equal(t, one.RunID(), same.RunID())
		same, err = queries.Get(t.Context(), two.ID())
		require.NoError(t, err)
		require.Equal(t, two.RunID(), same.RunID())
		ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, errors.New("not yet"))
		defer cancel()
		require.ErrorContains(t, queries.AwaitAny(ctx), "not yet")
		ended := make(chan error, 1)
		go func() { ended <- queries.AwaitAny(within(t)) }()
		require.NoError(t, two.Stop(within(t), nil))
		require.NoError(t, next(t, ended))
		require.NoError(t, queries.ResetTerminated(t.Context()))
		_, err = queries.Get(t.Context(), two.ID())
		require.ErrorIs(t, err, streaming.ErrNoQuery)
		_, err = queries.ByName(t.Context(), "nobody")
		require.ErrorIs(t, err, streaming.ErrNoQuery)
		_, err = queries.ByName(t.Context(), "")
		require.Error(t, err)
	})
}

func TestStopFinishesOrAbandonsTheBatch(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		for name, c := range map[string]struct {
			opts *streaming.StopOptions
			rows string
		}{
			"graceful": {nil, "3"},
			"abandon":  {&streaming.StopOptions{Abandon: true}, "0"},
			"timeout":  {&streaming.StopOptions{Timeout: 50 * time.Millisecond}, "0"},
		} {
			t.Run(name, func(t *testing.T) {
				spark, in, query := sparkAt(t, remote), newEvents(t), uniqueName("stopped")
				in.add(t, "1.json", "{\"value\":1}\n{\"value\":2}\n{\"value\":3}\n")
				q := begin(t, spark, streaming.StreamingPipeline{
					Source: in.source("value BIGINT"), Sink: streaming.MemorySink{}, QueryName: query, Transforms: []dataflow.Transform{slowly("700")},
				})
				for ctx := within(t); ; { // the batch is at work
					status, err := q.Status(ctx)
					require.NoError(t, err)
					if status.TriggerActive && status.DataAvailable {
						break
					}
				}
				begun := time.Now()
				require.NoError(t, q.Stop(within(t), c.opts))
				t.Logf("stopped after %s", time.Since(begun))
				require.Equal(t, []string{c.rows}, column(t, spark, "SELECT count(*) FROM "+query))
			})
		}
	})
}

func TestEndOfTheContextStopsTheQuery(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		heard, enough := listen(t, spark), errors.New("enough")
		ctx, cancel := context.WithCancelCause(within(t))
		ran := make(chan error, 1)
		go func() { ran <- ticking("").Run(ctx, spark, component.Runtime{}) }()
		next(t, heard.progress)
		cancel(enough)
		begun := time.Now()
		require.ErrorIs(t, next(t, ran), enough)
		t.Logf("Run returned after %s", time.Since(begun))
		active, err := streaming.Queries(spark).Active(t.Context())
		require.NoError(t, err)
		require.Empty(t, active)
	})
}

func TestEndOfTheContextDuringStart(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		for i := range 8 {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Duration(i*i)*2*time.Millisecond, errors.New("too slow"))
			q, err := ticking("").Start(ctx, spark)
			cancel()
			if err == nil {
				require.NoError(t, q.Stop(within(t), nil))
				continue
			}
			require.ErrorContains(t, err, "too slow")
			active, err := streaming.Queries(spark).Active(t.Context())
			require.NoError(t, err)
			require.Empty(t, active)
		}
	})
}

func TestProcessAllAvailableObeysItsContext(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, in := sparkAt(t, remote), newEvents(t)
		in.add(t, "1.json", "{\"value\":1}\n")
		q := begin(t, spark, streaming.StreamingPipeline{Source: in.source("value BIGINT"), Sink: streaming.MemorySink{}, QueryName: uniqueName("all")})
		require.NoError(t, q.ProcessAllAvailable(within(t)))
		require.Equal(t, []string{"1"}, column(t, spark, "SELECT count(*) FROM "+q.Name()))
		slow := begin(t, spark, streaming.StreamingPipeline{Source: in.source("value BIGINT"), Sink: streaming.NoopSink{}, Transforms: []dataflow.Transform{slowly("5000")}})
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		begun := time.Now()
		require.ErrorIs(t, slow.ProcessAllAvailable(ctx), context.DeadlineExceeded)
		require.Less(t, time.Since(begun), 3*time.Second)
		status, err := slow.Status(t.Context())
		require.NoError(t, err)
		require.True(t, status.Active, "the query goes on")
	})
}

func TestListenersOfTwoProcesses(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		heard := listen(t, spark)
		other, err := dataflow.Connect(t.Context(), remote, &dataflow.ConnectOptions{SessionID: spark.ID(), KeepSession: true})
		require.NoError(t, err)
		t.Cleanup(func() { _ = other.Close(context.WithoutCancel(t.Context())) })
		there := listen(t, other)
		q := begin(t, spark, ticking("")) // the other process did not start it
		require.Equal(t, q.RunID(), next(t, heard.progress).RunID)
		require.Equal(t, q.RunID(), next(t, there.progress).RunID)
		require.NoError(t, q.Stop(within(t), nil))
		require.Equal(t, q.RunID(), next(t, there.terminated).RunID)
		require.Empty(t, there.started)
		var polling *streaming.PollingError
		require.ErrorAs(t, next(t, there.fault), &polling)
		require.Empty(t, heard.fault)
		again := begin(t, spark, ticking(""))
		require.Equal(t, q.RunID(), next(t, heard.terminated).RunID)
		for next(t, heard.progress).RunID != again.RunID() { // the stream of the first has not suffered
		}
	})
}
