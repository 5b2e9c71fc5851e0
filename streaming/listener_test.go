package streaming_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/streaming"
)

func TestStartedComesFirst(t *testing.T) {
	t.Parallel()
	b, server := fake(t)
	heard := make(chan string, 10)
	stop, err := streaming.Listen(t.Context(), b.spark, streaming.Listener{
		Started:    func(e streaming.StartedEvent) { heard <- "started " + e.Name },
		Progress:   func(streaming.Progress) { heard <- "progress" },
		Terminated: func(e streaming.TerminatedEvent) { heard <- "terminated " + e.Name },
	})
	require.NoError(t, err)
	server.onStart = func(*fakeconnect.Operation) error { // the events overtake the answer
		run := server.active[0].GetId().GetRunId()
		server.bus <- progressEvent(run, 0)
		server.bus <- &wire.StreamingQueryListenerEvent{
			EventType: wire.StreamingQueryEventType_QUERY_TERMINATED_EVENT, EventJson: `{"id":"x","runId":"` + run + `"}`,
		}
		for len(server.bus) > 0 {
			runtime.Gosched()
		}
		return nil
	}
	begin(t, b.spark, streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}, QueryName: "q"})
	require.Equal(t, "started q", next(t, heard))
	require.Equal(t, "progress", next(t, heard))
	require.Equal(t, "terminated q", next(t, heard))
	stop()
	next(t, server.left) // the server is told
}

func TestPanicOfAListener(t *testing.T) {
	t.Parallel()
	b, server := fake(t)
	quiet, faults := newEar(), make(chan error, 10)
	stop, err := streaming.Listen(t.Context(), b.spark, streaming.Listener{
		Progress: func(streaming.Progress) { panic("oh") }, Fault: func(err error) { faults <- err; panic("again") },
	})
	require.NoError(t, err)
	defer stop()
	other, err := streaming.Listen(t.Context(), b.spark, quiet.listener())
	require.NoError(t, err)
	defer other()
	for batch := range 2 {
		server.bus <- progressEvent("r", batch)
		var panicked *component.PanicError
		require.ErrorAs(t, next(t, faults), &panicked)
		require.EqualValues(t, batch, next(t, quiet.progress).BatchID)
	}
}

func TestSlowListenerHoldsUpNobody(t *testing.T) {
	t.Parallel()
	b, server := fake(t)
	quick := newEar()
	busy, free, dropped := make(chan struct{}), make(chan struct{}), make(chan error, 10)
	last := make(chan int64, 5000)
	stop, err := streaming.Listen(t.Context(), b.spark, streaming.Listener{
		Progress: func(p streaming.Progress) {
			if p.BatchID == 0 {
				close(busy)
				<-free
			}
			last <- p.BatchID
		},
		Fault: func(err error) { dropped <- err },
	})
	require.NoError(t, err)
	defer stop()
	server.bus <- progressEvent("r", 0)
	next(t, busy)
	stopQuick, err := streaming.Listen(t.Context(), b.spark, quick.listener())
	require.NoError(t, err)
	defer stopQuick()
	const events = streaming.ListenerBacklog + 50
	for batch := range events {
		server.bus <- progressEvent("r", batch+1)
		require.EqualValues(t, batch+1, next(t, quick.progress).BatchID)
	}
	close(free)
	var lost *streaming.DroppedError
	require.ErrorAs(t, next(t, dropped), &lost)
	require.Equal(t, 50, lost.Events)
	require.EqualValues(t, 0, next(t, last))
	require.EqualValues(t, 51, next(t, last), "the oldest are left out")
}

func TestServerWithoutABusIsPolled(t *testing.T) {
	t.Parallel()
	b, server := fake(t)
	server.bus = nil
	server.recent = []string{`{"runId":%q,"batchId":0,"timestamp":"2026-01-01T00:00:00Z"}`}
	begin(t, b.spark, streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}}) // before anybody listens
	heard := newEar()
	stop, err := streaming.Listen(t.Context(), b.spark, heard.listener())
	require.NoError(t, err)
	defer stop()
	var polling *streaming.PollingError
	require.ErrorAs(t, next(t, heard.fault), &polling)
	require.ErrorContains(t, polling, "no bus")
	q := begin(t, b.spark, streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}, QueryName: "q"})
	require.Equal(t, q.RunID(), next(t, heard.started).RunID)
	require.Equal(t, q.RunID(), next(t, heard.progress).RunID)
	server.mu.Lock()
	server.exception = "java.lang.X: [DIVIDE_BY_ZERO] no SQLSTATE: 22012\n\tat a.b(c)\n"
	server.mu.Unlock()
	server.end(q.RunID())
	end := next(t, heard.terminated)
	require.Equal(t, "q", end.Name)
	require.Equal(t, "DIVIDE_BY_ZERO", end.Err.Err.Class)
	require.Empty(t, heard.progress)
}

func TestEndsOfListening(t *testing.T) {
	t.Parallel()
	t.Run("context", func(t *testing.T) {
		t.Parallel()
		b, server := fake(t)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := streaming.Listen(ctx, b.spark, newEar().listener())
		require.NoError(t, err)
		cancel()
		next(t, server.left)
	})
	t.Run("session", func(t *testing.T) {
		t.Parallel()
		b, server := fake(t)
		_, err := streaming.Listen(t.Context(), b.spark, newEar().listener())
		require.NoError(t, err)
		require.NoError(t, b.spark.Close(t.Context()))
		next(t, server.left)
		_, err = streaming.Listen(t.Context(), b.spark, newEar().listener())
		require.Error(t, err)
	})
	t.Run("before it began", func(t *testing.T) {
		t.Parallel()
		b, _ := fake(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("no more"))
		_, err := streaming.Listen(ctx, b.spark, newEar().listener())
		require.ErrorContains(t, err, "no more")
	})
}
