package streaming

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// parseEvent reads an event of the bus. One of a type that is not known has no run.
func parseEvent(kind wire.StreamingQueryEventType, data []byte) (event, error) {
	top, err := object(data)
	if err != nil {
		return event{}, fmt.Errorf("read an event of a streaming query: %w", err)
	}
	r := &fields{have: top}
	var e event
	switch kind {
	case wire.StreamingQueryEventType_QUERY_PROGRESS_EVENT:
		body := data
		if inner := r.raw("progress"); inner != nil { // the event, or what is in it
			body = inner
		}
		p, err := ParseProgress(body)
		if err != nil {
			return event{}, err
		}
		return event{run: p.RunID, progress: &p}, nil
	case wire.StreamingQueryEventType_QUERY_IDLE_EVENT:
		e.idle = &IdleEvent{}
		r.text("id", &e.idle.ID)
		r.text("runId", &e.idle.RunID)
		r.time("timestamp", &e.idle.Timestamp)
		e.run = e.idle.RunID
	case wire.StreamingQueryEventType_QUERY_TERMINATED_EVENT:
		e.terminated = &TerminatedEvent{}
		r.text("id", &e.terminated.ID)
		r.text("runId", &e.terminated.RunID)
		e.terminated.Err = r.terminated(e.terminated.ID, e.terminated.RunID)
		e.run = e.terminated.RunID
	}
	if r.err != nil {
		return event{}, fmt.Errorf("read an event of a streaming query: %w", r.err)
	}
	return e, nil
}

// terminated reads what made a query fail, nil if it has not.
func (r *fields) terminated(id, run string) *QueryError {
	var message, class string
	r.text("exception", &message)
	r.text("errorClassOnException", &class)
	if message == "" && class == "" {
		return nil
	}
	q := &Query{id: id, runID: run}
	return q.failed(parseStack(message), component.SparkError{Class: class, Message: firstLine(message)})
}

// startedEvent reads the event that comes with the answer to a start. What cannot be
// read is left out: the query runs all the same.
func startedEvent(q *Query, text string) *StartedEvent {
	e := &StartedEvent{ID: q.id, RunID: q.runID, Name: q.name, Timestamp: time.Now()}
	var sent struct {
		Timestamp time.Time `json:"timestamp"`
	}
	if json.Unmarshal([]byte(text), &sent) == nil && !sent.Timestamp.IsZero() {
		e.Timestamp = sent.Timestamp
	}
	return e
}
