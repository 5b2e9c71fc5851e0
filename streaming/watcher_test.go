package streaming_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// watcher notes what it hears.
type watcher struct {
	mu    sync.Mutex
	heard []string
	// says is what an error becomes.
	says error
}

func (w *watcher) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, fmt.Sprintf(format, args...))
}

func (w *watcher) Transform(_ context.Context, _ *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
	w.note("transform")
	return in, nil
}

func (w *watcher) BatchDone(_ context.Context, progress []byte) {
	var p struct{ BatchID int64 }
	_ = json.Unmarshal(progress, &p)
	w.note("batch %d", p.BatchID)
}

func (w *watcher) RunEnded(_ context.Context, err error) error {
	w.note("end %v", err != nil)
	if err != nil && w.says != nil {
		return w.says
	}
	return err
}

// batchEvent is the progress of a batch that was done.
func batchEvent(run string, batch int) *wire.StreamingQueryListenerEvent {
	return &wire.StreamingQueryListenerEvent{
		EventType: wire.StreamingQueryEventType_QUERY_PROGRESS_EVENT,
		EventJson: fmt.Sprintf(`{"id":"x","runId":%q,"batchId":%d,"durationMs":{"addBatch":1}}`, run, batch),
	}
}

func endEvent(run string) *wire.StreamingQueryListenerEvent {
	return &wire.StreamingQueryListenerEvent{
		EventType: wire.StreamingQueryEventType_QUERY_TERMINATED_EVENT, EventJson: `{"id":"x","runId":"` + run + `"}`,
	}
}

// TestWatchersHearOfTheirQuery: of every batch once, before the end, and of no other
// query.
func TestWatchersHearOfTheirQuery(t *testing.T) {
	t.Parallel()
	b, server := fake(t)
	server.onStart = func(*fakeconnect.Operation) error { // the events overtake the answer
		run := server.active[0].GetId().GetRunId()
		for _, e := range []*wire.StreamingQueryListenerEvent{
			batchEvent(run, 3), batchEvent("another", 4), progressEvent(run, 4), batchEvent(run, 4), batchEvent(run, 4), endEvent("another"), endEvent(run),
		} {
			server.bus <- e
		}
		server.end(run)
		return nil
	}
	own, added := &watcher{}, &watcher{}
	p := streaming.StreamingPipeline{
		Source: rate(1), Sink: streaming.NoopSink{}, QueryName: "q", Trigger: streaming.AvailableNow(), Transforms: []dataflow.Transform{own},
	}
	rt := streaming.WithTransform(component.Runtime{}, added)
	require.NoError(t, p.Run(within(t), b.spark, rt))
	want := []string{"transform", "batch 3", "batch 4", "end false"}
	require.Equal(t, want, own.heard)
	require.Equal(t, want, added.heard)
	require.Len(t, p.Transforms, 1, "the pipeline stays as it is")
}

func TestAWatcherSaysMoreOfAFailure(t *testing.T) {
	t.Parallel()
	b, server := fake(t)
	refused := errors.New("the rows are bad")
	server.onStart = func(*fakeconnect.Operation) error {
		return fakeconnect.Failure{Class: "OH", State: "42000", Message: "no"}.Error()
	}
	w := &watcher{says: refused}
	p := streaming.StreamingPipeline{Source: rate(1), Sink: streaming.NoopSink{}, Transforms: []dataflow.Transform{w}}
	require.ErrorIs(t, p.Run(within(t), b.spark, component.Runtime{}), refused)
	require.Equal(t, []string{"transform", "end true"}, w.heard)
}

func TestNoWatchersOfContinuousQueries(t *testing.T) {
	t.Parallel()
	p := streaming.StreamingPipeline{
		Source: rate(1), Sink: streaming.NoopSink{}, Trigger: streaming.Continuous(1e9), Transforms: []dataflow.Transform{&watcher{}},
	}
	require.ErrorContains(t, p.Validate(), "the trigger continuous has no batches")
	p.Transforms = nil
	require.NoError(t, p.Validate())
}
