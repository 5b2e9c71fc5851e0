package streaming

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// judge is a watcher that makes of an error what no restart mends.
type judge struct {
	batches int
	ends    []error
	panics  bool
}

func (*judge) Transform(_ context.Context, _ *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
	return in, nil
}

func (j *judge) BatchDone(context.Context, []byte) {
	j.batches++
	if j.panics {
		panic("oh")
	}
}

func (j *judge) RunEnded(_ context.Context, err error) error {
	j.ends = append(j.ends, err)
	if err == nil {
		return nil
	}
	return refusedError{err}
}

type refusedError struct{ error }

func (refusedError) Retryable() bool { return false }

// TestAWatcherEndsRestarts: what it says of a failure decides whether the query is
// started again, and a panic of it changes nothing.
func TestAWatcherEndsRestarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &judge{panics: true}
		y := &toy{run: func(string, int) (time.Duration, error) {
			return time.Second, &QueryError{Err: &component.SparkError{Class: "USER_RAISED_EXCEPTION", SQLState: "P0001"}}
		}, runs: map[string]int{}, zero: time.Now()}
		s, err := NewSupervisor(&SupervisorOptions{Open: func(context.Context) (*dataflow.Session, error) { return nil, nil }, StateDir: t.TempDir()})
		require.NoError(t, err)
		s.cluster = y
		ended := make(chan error, 1)
		go func() {
			ended <- s.Run(t.Context(), SupervisedQuery{Name: "q", Pipeline: StreamingPipeline{
				Source: RateSource{}, Sink: NoopSink{}, QueryName: "q", Transforms: []dataflow.Transform{w},
			}})
		}()
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		y.last().listener.Progress(Progress{RunID: "q-0", BatchID: 1, NumInputRows: 1, JSON: json.RawMessage("{}")})
		y.last().listener.Progress(Progress{RunID: "q-0", BatchID: 2, JSON: json.RawMessage("{}")})
		var failed *SupervisorError
		require.ErrorAs(t, <-ended, &failed)
		require.Zero(t, failed.Failures[0].Restarts)
		require.Equal(t, 1, w.batches, "a look for data is no batch")
		require.Len(t, w.ends, 1)
		require.ErrorAs(t, failed, &refusedError{})
	})
}
