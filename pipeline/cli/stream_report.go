package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// streamReport tells of streams as they go. It is a hook of the supervisor.
type streamReport struct {
	streaming.BaseStreamHooks

	mu         sync.Mutex
	out        io.Writer
	json       bool
	mask       *secrets.Mask // of what is told
	supervisor *streaming.Supervisor
	told       bool // where health is told
}

func (a *app) streamReport(mask *secrets.Mask) *streamReport {
	return &streamReport{out: a.stdout, json: a.json, mask: mask}
}

// streamEvent is a line of --json.
type streamEvent struct {
	Time        time.Time `json:"time"`
	Event       string    `json:"event"`
	Query       string    `json:"query,omitempty"`
	ID          string    `json:"id,omitempty"`
	RunID       string    `json:"run_id,omitempty"`
	Step        string    `json:"component,omitempty"`
	Version     string    `json:"spark_version,omitempty"`
	Health      string    `json:"health,omitempty"`
	Message     string    `json:"message,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Restarts    int       `json:"restarts,omitempty"`
	DelayMillis int64     `json:"delay_ms,omitempty"`
	DurationMS  int64     `json:"duration_ms,omitempty"`
	Error       string    `json:"error,omitempty"`
}

// tell prints an event, as JSON or as the text.
func (r *streamReport) tell(e streamEvent, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.json {
		e.Time, e.Message, e.Error = time.Now().UTC(), r.mask.Text(e.Message), r.mask.Text(e.Error)
		if line, err := json.Marshal(e); err == nil {
			_, _ = fmt.Fprintf(r.out, "%s\n", line) // a reader that has gone stops no stream
		}
		return
	}
	_, _ = fmt.Fprintln(r.out, r.mask.Text(fmt.Sprintf(format, args...)))
}

func (r *streamReport) progress(message string) {
	r.tell(streamEvent{Event: "progress", Message: message}, "%s", message)
}

func (r *streamReport) session(version, remote string) {
	at, _, _ := strings.Cut(remote, "/;") // the parameters may be secret
	r.tell(streamEvent{Event: "session", Version: version}, "Spark %s at %s", version, at)
	if r.supervisor == nil || r.told || r.supervisor.Addr() == "" {
		return
	}
	r.told = true
	addr := r.supervisor.Addr()
	r.tell(streamEvent{Event: "health", Health: "http://" + addr}, "health at http://%s", addr)
}

// noSession tells why there is no session for the streams, yet.
func (r *streamReport) noSession(err error) {
	r.tell(streamEvent{Event: "no_session", Error: err.Error()}, "no Spark session: %v", err)
}

func (r *streamReport) preparedStep(name string, d time.Duration) {
	r.tell(streamEvent{Event: "prepared", Step: name, DurationMS: d.Milliseconds()}, "%s is done in %s", name, d.Round(time.Millisecond))
}

// OnQueryStart implements [streaming.StreamHooks].
func (r *streamReport) OnQueryStart(_ context.Context, e streaming.QueryStart) {
	r.tell(streamEvent{Event: "query_start", Query: e.Query, ID: e.ID, RunID: e.RunID, Restarts: e.Restarts}, "%s runs (%s)", e.Query, e.ID)
}

// OnQueryTerminated implements [streaming.StreamHooks].
func (r *streamReport) OnQueryTerminated(_ context.Context, e streaming.QueryEnd) {
	out := streamEvent{
		Event: "query_end", Query: e.Query, ID: e.ID, RunID: e.RunID, Reason: string(e.Reason),
		Restarts: e.Restarts, DurationMS: e.Duration.Milliseconds(),
	}
	if e.Err != nil {
		out.Error = e.Err.Error()
		r.tell(out, "%s has ended (%s): %v", e.Query, e.Reason, e.Err)
		return
	}
	r.tell(out, "%s has ended (%s)", e.Query, e.Reason)
}

// OnQueryRestart implements [streaming.StreamHooks].
func (r *streamReport) OnQueryRestart(_ context.Context, e streaming.QueryRestart) {
	out := streamEvent{
		Event: "query_restart", Query: e.Query, Reason: string(e.Reason), Restarts: e.Restarts,
		DelayMillis: e.Delay.Milliseconds(), Error: e.Err.Error(),
	}
	if e.Reason == streaming.EndSessionLost {
		r.tell(out, "%s starts again with the next session", e.Query)
		return
	}
	r.tell(out, "%s starts again in %s (restart %d): %v", e.Query, e.Delay.Round(time.Millisecond), e.Restarts, e.Err)
}

// OnSessionLost implements [streaming.StreamHooks].
func (r *streamReport) OnSessionLost(_ context.Context, e streaming.SessionLoss) {
	r.tell(streamEvent{Event: "session_lost", Error: e.Err.Error()}, "the Spark session is lost, a new one is opened: %v", e.Err)
}

// failed tells which streams have failed for good.
func (r *streamReport) failed(err *streaming.SupervisorError) {
	for _, f := range err.Failures {
		r.tell(streamEvent{Event: "query_failed", Query: f.Query, Restarts: f.Restarts, Error: f.Err.Error()},
			"%s has failed for good after %s: %v", f.Query, count(f.Restarts, "restart"), f.Err)
	}
}

func (r *streamReport) ended() { r.tell(streamEvent{Event: "end"}, "all streams have ended") }
