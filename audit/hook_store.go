package audit

import (
	"context"
	"errors"
)

const (
	// maxPending is how many events are kept that could not be stored.
	maxPending = 1024
	// maxFaults is how many runs with such events are remembered.
	maxFaults = 64
)

// redacted fills what every event has and hides its secrets.
func (h *Hook) redacted(e Event) Event {
	r := h.opts.Redactor
	for _, text := range []*string{&e.Actor, &e.Resource, &e.Pipeline} {
		*text = cut(r.Text(*text), maxField)
	}
	e.Config = r.Value(e.Config)
	return h.filled(e)
}

// filled is redacted for events whose names are names, so that what stands behind
// the colon of "secret:db" is not taken for one.
func (h *Hook) filled(e Event) Event {
	r := h.opts.Redactor
	e = stamp(e, h.opts.Now)
	for _, text := range []*string{&e.Actor, &e.Resource, &e.Pipeline, &e.RunID, &e.TraceID, &e.Session, &e.ID, &e.ConfigFingerprint, &e.User, &e.Host} {
		*text = cut(r.Known(*text), maxField)
	}
	e.Action, e.Status = Action(cut(r.Known(string(e.Action)), maxField)), Status(r.Known(string(e.Status)))
	e.Server = cut(r.Text(e.Server), maxField)
	e.Environment, e.Metadata = r.Map(e.Environment), r.Map(e.Metadata)
	for key, value := range e.Metadata {
		e.Metadata[key] = cut(value, maxField)
	}
	if e.Error != nil {
		e.Error = e.Error.redacted(r)
		if e.Metadata == nil {
			e.Metadata = map[string]string{}
		}
		e.Metadata["error"] = e.Error.Text
	}
	var samples []string
	if h.opts.IncludeDataSamples {
		for _, sample := range e.Samples {
			samples = append(samples, cut(r.Text(sample), maxField))
		}
	}
	e.Samples = samples
	return e
}

// required makes of an error of store what the caller is told.
func (h *Hook) required(e Event, err error) error {
	var missed *missedError
	if !errors.As(err, &missed) || !missed.veto {
		return err
	}
	return &RequiredError{Action: e.Action, Resource: h.opts.Redactor.Known(e.Resource), Err: missed.err}
}

// missedError is what store returns.
type missedError struct {
	err error
	// veto tells that a sink that is required does not have the event.
	veto bool
}

func (e *missedError) Error() string { return e.err.Error() }
func (e *missedError) Unwrap() error { return e.err }

// limited returns a context that lives for the time of one attempt to store,
// whatever became of the run.
func (h *Hook) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), h.opts.WriteTimeout)
}

// store writes an event that is redacted into every lane. Where that fails it is
// kept, and written before the next one. The error is that of the lanes that count.
func (h *Hook) store(ctx context.Context, e Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.complete(&e)
	var faults []error
	veto := false
	for _, l := range h.lanes {
		err := h.put(ctx, l, e)
		if err == nil || !l.counts() {
			continue
		}
		h.blame(e.RunID, l, err)
		faults = append(faults, err)
		veto = veto || l.required
	}
	if len(faults) == 0 {
		return nil
	}
	return &missedError{err: joined(faults), veto: veto}
}

// joined is a single error as it is.
func joined(faults []error) error {
	if len(faults) == 1 {
		return faults[0]
	}
	return errors.Join(faults...)
}

// complete adds what is known of the run and the session.
func (h *Hook) complete(e *Event) {
	if run := h.runs[e.RunID]; run != nil && e.TraceID == "" {
		e.TraceID = run.trace
	}
	if e.Server == "" {
		e.Server, e.Session = h.about.server, h.about.session
	}
	if e.ConfigFingerprint == "" {
		e.ConfigFingerprint = h.about.config[e.Pipeline]
	}
}

// blame remembers that a lane misses an event of a run.
func (h *Hook) blame(runID string, l *lane, err error) {
	if h.faults[runID] == nil {
		if len(h.order) == maxFaults {
			delete(h.faults, h.order[0])
			for _, l := range h.lanes {
				delete(l.missing, h.order[0])
			}
			h.order = h.order[1:]
		}
		h.order = append(h.order, runID)
	}
	h.faults[runID] = err
	l.missing[runID]++
}
