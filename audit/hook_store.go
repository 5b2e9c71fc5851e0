package audit

import (
	"context"
	"strconv"

	"go.uber.org/zap"
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

// required makes of an error what the caller is told.
func (h *Hook) required(e Event, err error) error {
	if err == nil || !h.opts.Required {
		return err
	}
	return &RequiredError{Action: e.Action, Resource: h.opts.Redactor.Known(e.Resource), Err: err}
}

// limited returns a context that lives for the time of one attempt to store,
// whatever became of the run.
func (h *Hook) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), h.opts.WriteTimeout)
}

// store writes an event that is redacted. When that fails it is kept, and written
// before the next one.
func (h *Hook) store(ctx context.Context, e Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	ctx, cancel := h.limited(ctx)
	defer cancel()
	h.complete(&e)
	err := h.deliver(ctx)
	if err == nil {
		err = h.write(ctx, e)
	}
	if err == nil {
		return nil
	}
	h.fail(e, err)
	return err
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

// deliver writes what could not be stored before.
func (h *Hook) deliver(ctx context.Context) error {
	for len(h.pending) > 0 {
		e := h.pending[0]
		if err := h.write(ctx, e); err != nil {
			return err
		}
		h.pending[0] = Event{}
		h.pending = h.pending[1:]
		if fault := h.faults[e.RunID]; fault != nil {
			fault.Events--
		}
	}
	if h.lost > 0 {
		e := own(ActionAuditLost, StatusFailure, "hook", h.opts.Now, map[string]string{"events": strconv.Itoa(h.lost)})
		if err := h.write(ctx, e); err != nil {
			return err
		}
		h.lost = 0
	}
	if h.failing {
		h.failing = false
		h.opts.Logger.Info("audit events can be stored again")
	}
	return nil
}

func (h *Hook) write(ctx context.Context, e Event) error {
	return guard(func() error { return h.sink.Write(ctx, e) })
}

// fail keeps an event that could not be stored.
func (h *Hook) fail(e Event, err error) {
	if !h.failing {
		h.failing = true
		h.opts.Logger.Warn("audit events cannot be stored", zap.String("action", string(e.Action)), zap.String("run_id", e.RunID), zap.Error(err))
	}
	if len(h.pending) < maxPending {
		h.pending = append(h.pending, e)
	} else {
		h.lost++
	}
	h.blameRun(e.RunID, err)
}

// blameRun remembers that an event of a run is not stored.
func (h *Hook) blameRun(runID string, err error) {
	fault := h.faults[runID]
	if fault == nil {
		if len(h.order) == maxFaults {
			delete(h.faults, h.order[0])
			h.order = h.order[1:]
		}
		fault = &UnauditedError{RunID: runID}
		h.faults[runID] = fault
		h.order = append(h.order, runID)
	}
	fault.Events++
	fault.Err = err
}
