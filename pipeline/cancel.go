package pipeline

import (
	"context"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// CancelRun ends what a run does on the server at this moment and returns the ids
// of the operations, none when it does nothing there. session is the session of
// the run, or one of the same id that another process or machine has opened, see
// [dataflow.ConnectOptions]. It blocks for one round trip.
//
// The runner that has the run ends it as interrupted with [ErrRunCancelled] when
// one of its components hears of that.
func CancelRun(ctx context.Context, session *dataflow.Session, runID string) ([]string, error) {
	return session.InterruptTag(ctx, runTag(runID))
}

func runTag(runID string) string { return "run=" + tag(runID) }
