package audit

import (
	"context"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// The actions of streams, which run until they are stopped.
const (
	ActionSupervisorStarted   Action = "supervisor_started"
	ActionSupervisorCompleted Action = "supervisor_completed"
	ActionSupervisorFailed    Action = "supervisor_failed"
	ActionSessionOpened       Action = "session_opened"
	ActionSessionLost         Action = "session_lost"
	ActionStreamStarted       Action = "stream_started"
	ActionStreamCompleted     Action = "stream_completed"
	ActionStreamFailed        Action = "stream_failed"
	ActionStreamRestarted     Action = "stream_restarted"
)

// StreamEndReason says why a run of a stream has ended.
type StreamEndReason string

// The reasons.
const (
	// StreamEndDone means that it has come to its end.
	StreamEndDone StreamEndReason = "done"
	// StreamEndStopped means that it was stopped, as was asked for.
	StreamEndStopped StreamEndReason = "stopped"
	// StreamEndFailed means that it failed, or could not be started.
	StreamEndFailed StreamEndReason = "failed"
	// StreamEndSessionLost means that it went with its session.
	StreamEndSessionLost StreamEndReason = "session_lost"
	// StreamEndUntold means that nobody told how it ended before the trail did.
	StreamEndUntold StreamEndReason = "untold"
)

// Streams writes the moments of the streams that one process looks after. Make it
// with [Hook.Streams]. Each start has its end: what was not told until
// [Streams.End] is written there. It is safe for concurrent use.
type Streams struct {
	hook            *Hook
	pipeline, runID string

	mu       sync.Mutex
	began    time.Time
	names    []string
	open     map[string]*openStream
	restarts map[string]int
	losses   int
	over     bool
}

// openStream is a run of a stream that has begun.
type openStream struct {
	start           StreamStart
	server, session string
	began           time.Time
	id, runID       string // as the server has them
	batches         int64
	in, out         int64
	outKnown        bool
	last            int64 // the id of a batch
}

// StreamStart is a run of a stream that begins.
type StreamStart struct {
	// Name and Type are those of the component.
	Name, Type string
	// Trigger and CheckpointLocation are its settings; they may be empty.
	Trigger, CheckpointLocation string
}

// StreamBatch is a batch that is done.
type StreamBatch struct {
	// ID is its number over all runs, from 0.
	ID int64
	// RowsIn were read. RowsOut were written; below 0 means that the sink does not
	// tell.
	RowsIn, RowsOut int64
}

// StreamEnd is a run of a stream that has ended.
type StreamEnd struct {
	// Name is that of the component.
	Name string
	// Reason says why.
	Reason StreamEndReason
	// Err is what went wrong; nil when it ended in order.
	Err error
}

// StreamRestart is a stream that will be started again.
type StreamRestart struct {
	// Name is that of the component.
	Name string
	// Reason is StreamEndFailed or StreamEndSessionLost.
	Reason StreamEndReason
	// Restarts counts the restarts, this one included; Attempt counts the failures
	// in a row, 0 when it went with its session.
	Restarts, Attempt int
	// Delay is how long it is waited.
	Delay time.Duration
	// Err is why.
	Err error
}

// Streams returns what writes the moments of streams into the trail, for the
// pipeline and the run of these names.
func (h *Hook) Streams(pipeline, runID string) *Streams {
	return &Streams{hook: h, pipeline: pipeline, runID: runID, open: map[string]*openStream{}, restarts: map[string]int{}}
}

// Begin records [ActionSupervisorStarted] with the names of the streams. When
// events are required and it cannot be stored, nothing must start: the error is
// then a [*RequiredError], and the end is written.
func (s *Streams) Begin(ctx context.Context, names ...string) error {
	h := s.hook
	h.mu.Lock()
	h.runs[s.runID] = &runState{trace: randomHex(16), open: map[string]hooks.ComponentStart{}}
	h.mu.Unlock()
	s.mu.Lock()
	s.began, s.names = h.opts.Now(), names
	s.mu.Unlock()
	e := s.event(ActionSupervisorStarted, StatusSuccess)
	e.Metadata = s.about()
	e.Environment = h.environment()
	err := h.start(ctx, e)
	if err != nil {
		s.End(ctx, err)
	}
	return err
}

// SessionOpened records [ActionSessionOpened], after [Hook.SetSession], with the
// version of Spark. The error is a veto as that of Begin.
func (s *Streams) SessionOpened(ctx context.Context, version string) error {
	h := s.hook
	h.mu.Lock()
	session := h.about.session
	h.mu.Unlock()
	e := s.event(ActionSessionOpened, StatusSuccess)
	e.Resource, e.Metadata = session, map[string]string{}
	put(e.Metadata, "spark_version", version)
	return h.start(ctx, e)
}

// Start records [ActionStreamStarted] before a run of a stream is started. The
// error is a veto as that of Begin.
func (s *Streams) Start(ctx context.Context, start StreamStart) error {
	h := s.hook
	h.mu.Lock()
	server, session := h.about.server, h.about.session
	h.mu.Unlock()
	s.mu.Lock()
	s.open[start.Name] = &openStream{start: start, server: server, session: session, began: h.opts.Now(), last: -1}
	e := s.streamEvent(ActionStreamStarted, StatusSuccess, start.Name)
	s.mu.Unlock()
	put(e.Metadata, "trigger", start.Trigger)
	put(e.Metadata, "checkpoint_location", start.CheckpointLocation)
	err := h.start(ctx, e)
	if err != nil {
		s.Ended(ctx, StreamEnd{Name: start.Name, Reason: StreamEndFailed, Err: err})
	}
	return err
}

// Running notes the ids that the server has given a run; the event of its end has
// them.
func (s *Streams) Running(name, id, runID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if run := s.open[name]; run != nil {
		run.id, run.runID = id, runID
	}
}

// Batch counts a batch for the event of the end; it is no event itself. One that
// is told twice is counted once.
func (s *Streams) Batch(name string, b StreamBatch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	run := s.open[name]
	if run == nil || b.ID <= run.last {
		return
	}
	run.last = b.ID
	run.batches++
	run.in += max(b.RowsIn, 0)
	if b.RowsOut >= 0 {
		run.out, run.outKnown = run.out+b.RowsOut, true
	}
}

// Ended records the end of a run: [ActionStreamCompleted] when it came to its end
// or was stopped in order, [ActionStreamFailed] otherwise, with the status warning
// when it went with its session. The event has the batches and rows of the run as
// far as they were told. Without a start there is no end.
func (s *Streams) Ended(ctx context.Context, end StreamEnd) {
	s.mu.Lock()
	run := s.open[end.Name]
	if run == nil {
		s.mu.Unlock()
		return
	}
	action, status := ActionStreamCompleted, StatusSuccess
	switch {
	case end.Reason == StreamEndSessionLost:
		action, status = ActionStreamFailed, StatusWarning
	case end.Err != nil || end.Reason == StreamEndFailed || end.Reason == StreamEndUntold:
		action, status = ActionStreamFailed, StatusFailure
	}
	e := s.streamEvent(action, status, end.Name)
	delete(s.open, end.Name)
	s.mu.Unlock()
	run.sum(e.Metadata)
	e.Metadata["reason"], e.Metadata["duration_ms"] = string(end.Reason), milliseconds(s.hook.opts.Now().Sub(run.began))
	e.Error = reason(end.Err)
	_ = s.hook.store(ctx, s.hook.filled(e)) // Err tells
}

// Restarted records [ActionStreamRestarted], before the wait. A run that was to
// start and whose end was not told has ended so.
func (s *Streams) Restarted(ctx context.Context, r StreamRestart) {
	s.Ended(ctx, StreamEnd{Name: r.Name, Reason: r.Reason, Err: r.Err})
	s.mu.Lock()
	s.restarts[r.Name] = r.Restarts
	e := s.streamEvent(ActionStreamRestarted, StatusRetry, r.Name)
	s.mu.Unlock()
	restartMetadata(e.Metadata, r)
	e.Error = reason(r.Err)
	_ = s.hook.store(ctx, s.hook.filled(e))
}

// SessionLost records [ActionSessionLost] with the names of the streams that went
// with the session.
func (s *Streams) SessionLost(ctx context.Context, session string, streams []string, err error) {
	h := s.hook
	e := s.event(ActionSessionLost, StatusWarning)
	h.mu.Lock()
	e.Server = h.about.server
	h.mu.Unlock()
	s.mu.Lock()
	s.losses++
	s.mu.Unlock()
	e.Resource, e.Session, e.Metadata = session, session, streamNames(streams)
	e.Error = reason(err)
	_ = h.store(ctx, h.filled(e))
}

// End records the end of everything: [ActionSupervisorCompleted], or with an error
// [ActionSupervisorFailed]. What has begun and not ended gets its end before. It
// flushes the sink; the first call counts.
func (s *Streams) End(ctx context.Context, err error) {
	s.mu.Lock()
	if s.over || s.began.IsZero() {
		s.mu.Unlock()
		return
	}
	s.over = true
	s.mu.Unlock()
	h := s.hook
	h.closeComponents(ctx, hooks.PipelineEnd{RunID: s.runID})
	for _, name := range s.unended() {
		s.Ended(ctx, StreamEnd{Name: name, Reason: StreamEndUntold, Err: errUntold})
	}
	e := s.event(ActionSupervisorCompleted, StatusSuccess)
	if err != nil {
		e.Action, e.Status, e.Error = ActionSupervisorFailed, StatusFailure, reason(err)
	}
	e.Metadata = s.total(h.Err(s.runID))
	_ = h.store(ctx, h.filled(e)) // Err tells
	h.mu.Lock()
	delete(h.runs, s.runID)
	h.mu.Unlock()
	_ = h.Flush(ctx) // Close tells
}
