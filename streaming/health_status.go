package streaming

import (
	"errors"
	"os"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
)

// SupervisorStatus is what a supervisor tells of itself, as JSON under /queries.
// Times are in RFC 3339, durations in milliseconds.
type SupervisorStatus struct {
	// PID and Host are the process.
	PID  int    `json:"pid"`
	Host string `json:"host"`
	// Since is when it began.
	Since time.Time `json:"since"`
	// Ready says whether all queries that must run do.
	Ready bool `json:"ready"`
	// SessionID is the Spark session, or "" while there is none.
	SessionID string `json:"session_id"`
	// SessionsLost is how many sessions were lost.
	SessionsLost int `json:"sessions_lost"`
	// Queries are the queries, in their order.
	Queries []QueryStatus `json:"queries"`
}

// QueryStatus is what is known of a supervised query.
type QueryStatus struct {
	// Name is the name under which it is supervised.
	Name string `json:"name"`
	// State is what it is doing, since Since.
	State QueryState `json:"state"`
	Since time.Time  `json:"since"`
	// Optional says that the supervisor is ready without it.
	Optional bool `json:"optional,omitempty"`
	// ID, RunID and QueryName are those of the last run, as the server has them.
	ID        string `json:"id,omitempty"`
	RunID     string `json:"run_id,omitempty"`
	QueryName string `json:"query_name,omitempty"`
	// CheckpointLocation is where Spark keeps how far it is.
	CheckpointLocation string `json:"checkpoint_location,omitempty"`
	// Restarts is how often it was started again.
	Restarts int `json:"restarts"`
	// NextStart is when it will be started again, if it backs off.
	NextStart *time.Time `json:"next_start,omitempty"`
	// LastError is the last thing that went wrong, with its class and time.
	LastError      string     `json:"last_error,omitempty"`
	LastErrorClass string     `json:"last_error_class,omitempty"`
	LastErrorAt    *time.Time `json:"last_error_at,omitempty"`
	// Progress is the last batch of the run, or nil.
	Progress *ProgressStatus `json:"progress,omitempty"`
}

// ProgressStatus sums up a batch.
type ProgressStatus struct {
	BatchID                int64          `json:"batch_id"`
	Timestamp              time.Time      `json:"timestamp"`
	BatchDurationMillis    int64          `json:"batch_duration_ms"`
	InputRows              int64          `json:"input_rows"`
	InputRowsPerSecond     float64        `json:"input_rows_per_second"`
	ProcessedRowsPerSecond float64        `json:"processed_rows_per_second"`
	StateRows              int64          `json:"state_rows"`
	StateBytes             int64          `json:"state_bytes"`
	Watermark              *time.Time     `json:"watermark,omitempty"`
	Sources                []SourceStatus `json:"sources"`
}

// SourceStatus sums up what a batch read of a source.
type SourceStatus struct {
	Description string `json:"description"`
	InputRows   int64  `json:"input_rows"`
	// Lag is how many records the worst partition is behind; nil when the source
	// does not tell.
	Lag *int64 `json:"lag,omitempty"`
}

// Status tells what the queries are doing now, or did when the last run ended. It
// asks nobody.
func (s *Supervisor) Status() SupervisorStatus {
	host, _ := os.Hostname() // may be empty
	s.mu.Lock()
	defer s.mu.Unlock()
	out := SupervisorStatus{PID: os.Getpid(), Host: host, Since: s.since, SessionsLost: s.losses, Ready: s.running, Queries: []QueryStatus{}}
	if s.lease != nil && !s.lease.isLost() {
		out.SessionID = s.lease.session.id()
	}
	for _, q := range s.queries {
		out.Queries = append(out.Queries, q.status())
		if !q.Optional && q.state != QueryRunning && q.state != QueryDone {
			out.Ready = false
		}
	}
	return out
}

// status is called with s.mu held.
func (q *supervised) status() QueryStatus {
	out := QueryStatus{
		Name: q.Name, State: q.state, Since: q.stateSince, Optional: q.Optional, Restarts: q.restarts,
		CheckpointLocation: q.checkpoint, NextStart: instantOf(q.next), LastErrorAt: instantOf(q.errAt),
	}
	if q.run != nil {
		out.ID, out.RunID, out.QueryName = q.run.ID(), q.run.RunID(), q.run.Name()
	}
	if q.err != nil {
		out.LastError = q.err.Error()
		var spark *component.SparkError
		if errors.As(q.err, &spark) {
			out.LastErrorClass = spark.Class
		}
	}
	if q.last != nil {
		out.Progress = progressStatus(q.last)
	}
	return out
}

func instantOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func progressStatus(p *Progress) *ProgressStatus {
	state := stateOf(p)
	out := &ProgressStatus{
		BatchID: p.BatchID, Timestamp: p.Timestamp, BatchDurationMillis: p.BatchDuration.Milliseconds(), InputRows: p.NumInputRows,
		InputRowsPerSecond: p.InputRowsPerSecond, ProcessedRowsPerSecond: p.ProcessedRowsPerSecond,
		StateRows: state.rows, StateBytes: state.bytes, Watermark: instantOf(p.EventTime.Watermark), Sources: []SourceStatus{},
	}
	for _, source := range p.Sources {
		one := SourceStatus{Description: source.Description, InputRows: source.NumInputRows}
		if lag, known := source.Lag(); known {
			one.Lag = &lag.Max
		}
		out.Sources = append(out.Sources, one)
	}
	return out
}
