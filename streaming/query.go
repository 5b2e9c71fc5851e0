package streaming

import (
	"context"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Query is a streaming query on the server. It is a handle: it stays of use after
// the query has ended, as long as the session lives and the server remembers the
// query, which is an hour by default. It is safe for concurrent use.
type Query struct {
	spark *dataflow.Session
	hub   *hub
	id    string
	runID string
	name  string
}

// ID returns the id of the query, a UUID. A query that is started again from the
// same checkpoint has the same.
func (q *Query) ID() string { return q.id }

// RunID returns the id of this run of the query, a UUID.
func (q *Query) RunID() string { return q.runID }

// Name returns the name of the query, or "".
func (q *Query) Name() string { return q.name }

// Status is what a query is doing at a moment.
type Status struct {
	// Message is Spark's description, for people.
	Message string
	// Active says that the query runs, or waits for data.
	Active bool
	// DataAvailable says that there is data that is not processed.
	DataAvailable bool
	// TriggerActive says that a batch is at work. It is always false for a
	// continuous query.
	TriggerActive bool
	// Epoch is the number of the epoch that a continuous query has come to, which is
	// all that Spark tells of how far it is. 0 for others, and before the first.
	Epoch int64
}

// Status asks what the query is doing. It blocks for one round trip.
func (q *Query) Status(ctx context.Context) (Status, error) {
	got, err := q.ask(ctx, "ask for the status", &wire.StreamingQueryCommand{Command: &wire.StreamingQueryCommand_Status{Status: true}})
	if err != nil {
		return Status{}, err
	}
	s := got.GetStatus()
	return Status{
		Message: q.spark.Concealed(s.GetStatusMessage()), Active: s.GetIsActive(), DataAvailable: s.GetIsDataAvailable(), TriggerActive: s.GetIsTriggerActive(),
		Epoch: epochOf(s.GetStatusMessage()),
	}, nil
}

// epochOf reads the number in the message of a continuous query, "Committing epoch
// 7".
func epochOf(message string) int64 {
	text, _ := strings.CutPrefix(message, "Committing epoch ")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// LastProgress returns the progress of the last batch, or nil when there was none. A
// continuous query has no batches; its [Status] has an Epoch.
// It blocks for one round trip.
func (q *Query) LastProgress(ctx context.Context) (*Progress, error) {
	got, err := q.ask(ctx, "ask for the last progress", &wire.StreamingQueryCommand{Command: &wire.StreamingQueryCommand_LastProgress{LastProgress: true}})
	if err != nil {
		return nil, err
	}
	all, err := q.parseAll(got)
	if err != nil || len(all) == 0 {
		return nil, q.fault(ctx, "ask for the last progress", err)
	}
	return &all[len(all)-1], nil
}

// RecentProgress returns the progress of the last batches, the oldest first: as
// many as the server keeps (spark.sql.streaming.numRecentProgressUpdates, 100 by
// default). It blocks for one round trip.
func (q *Query) RecentProgress(ctx context.Context) ([]Progress, error) {
	got, err := q.ask(ctx, "ask for the recent progress", &wire.StreamingQueryCommand{Command: &wire.StreamingQueryCommand_RecentProgress{RecentProgress: true}})
	if err != nil {
		return nil, err
	}
	all, err := q.parseAll(got)
	return all, q.fault(ctx, "ask for the recent progress", err)
}

func (q *Query) parseAll(got *wire.StreamingQueryCommandResult) ([]Progress, error) {
	var out []Progress
	for _, text := range got.GetRecentProgress().GetRecentProgressJson() {
		p, err := ParseProgress([]byte(q.spark.Concealed(text)))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Explain returns the physical plan of the last batch as text, with the logical
// plans too if extended. It blocks for one round trip.
func (q *Query) Explain(ctx context.Context, extended bool) (string, error) {
	got, err := q.ask(ctx, "explain", &wire.StreamingQueryCommand{Command: &wire.StreamingQueryCommand_Explain{
		Explain: &wire.StreamingQueryCommand_ExplainCommand{Extended: extended},
	}})
	return q.spark.Concealed(got.GetExplain().GetResult()), err
}

// ProcessAllAvailable blocks until all data that is there at the moment of the
// call is processed and written. With a source that never runs dry it may block
// for ever, so ctx should end. It returns a [*QueryError] when the query fails
// meanwhile. It is for tests.
func (q *Query) ProcessAllAvailable(ctx context.Context) error {
	_, err := q.ask(ctx, "process all that is available", &wire.StreamingQueryCommand{
		Command: &wire.StreamingQueryCommand_ProcessAllAvailable{ProcessAllAvailable: true},
	})
	return err
}
