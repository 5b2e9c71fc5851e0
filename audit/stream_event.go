package audit

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// errUntold is why a run of a stream is closed with the trail.
var errUntold = errors.New("the end of the stream was not told")

// event is one of the supervisor.
func (s *Streams) event(action Action, status Status) Event {
	return Event{
		Action: action, Status: status, Actor: s.hook.opts.Actor, Resource: s.pipeline, Pipeline: s.pipeline, RunID: s.runID,
	}
}

// streamEvent is one of a stream, in the session in which it was started. The
// mutex is held.
func (s *Streams) streamEvent(action Action, status Status, name string) Event {
	e := s.event(action, status)
	e.Actor, e.Resource, e.Metadata = name, name, map[string]string{"restarts": strconv.Itoa(s.restarts[name])}
	if run := s.open[name]; run != nil {
		e.Server, e.Session = run.server, run.session
		if run.start.Type != "" {
			e.Resource = run.start.Type
		}
	}
	return e
}

// sum puts what a run has done into the event of its end.
func (r *openStream) sum(metadata map[string]string) {
	put(metadata, "query_id", r.id)
	put(metadata, "query_run_id", r.runID)
	metadata["batches"], metadata["rows_in"] = strconv.FormatInt(r.batches, 10), strconv.FormatInt(r.in, 10)
	if r.outKnown {
		metadata["rows_out"] = strconv.FormatInt(r.out, 10)
	}
	if r.last >= 0 {
		metadata["last_batch_id"] = strconv.FormatInt(r.last, 10)
	}
}

func restartMetadata(metadata map[string]string, r StreamRestart) {
	metadata["reason"], metadata["attempt"], metadata["delay_ms"] = string(r.Reason), strconv.Itoa(r.Attempt), milliseconds(r.Delay)
}

func streamNames(names []string) map[string]string {
	return map[string]string{"stream_count": strconv.Itoa(len(names)), "streams": strings.Join(names, ", ")}
}

// about says what is looked after.
func (s *Streams) about() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return streamNames(s.names)
}

// unended are the streams whose end is not told.
func (s *Streams) unended() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.open))
}

// total is the metadata of the end of everything.
func (s *Streams) total(fault error) map[string]string {
	out := s.about()
	s.mu.Lock()
	defer s.mu.Unlock()
	restarts := 0
	for _, n := range s.restarts {
		restarts += n
	}
	out["restarts"], out["sessions_lost"] = strconv.Itoa(restarts), strconv.Itoa(s.losses)
	out["duration_ms"] = milliseconds(s.hook.opts.Now().Sub(s.began))
	var unaudited *UnauditedError
	if errors.As(fault, &unaudited) {
		out["unaudited"] = strconv.Itoa(unaudited.Events)
	}
	return out
}
