package audit

import (
	"context"
	"errors"
	"strconv"
	"time"

	"go.uber.org/zap"
)

// laneRest is how long a sink that is not required is left alone after it has
// failed, so that a run does not wait for it again and again.
const laneRest = 10 * time.Second

// lane is a place to which every event goes, with the events that it could not take
// yet. What one lane misses keeps nothing from the others. It is guarded by the
// mutex of its hook.
type lane struct {
	sink Sink
	// name is what the log calls it; that of the sink of [NewHook] is empty.
	name string
	// required vetoes what is not in it.
	required bool
	// extra lanes that are not required do not count: what they miss is logged, and
	// they rest after a fault.
	extra bool

	pending []Event   // could not be stored yet
	lost    int       // events that were too many to be pending
	failing time.Time // since when; zero when it is not
	missing map[string]int
}

// counts reports whether an event that is not in the lane is not stored.
func (l *lane) counts() bool { return l.required || !l.extra }

// resting reports whether the lane is not asked at this moment.
func (l *lane) resting(now time.Time) bool {
	return !l.counts() && !l.failing.IsZero() && now.Sub(l.failing) < laneRest
}

// put writes an event behind those that are pending, or keeps it with them.
func (h *Hook) put(ctx context.Context, l *lane, e Event) error {
	now := h.opts.Now()
	if l.resting(now) {
		l.keep(e)
		return nil
	}
	ctx, cancel := h.limited(ctx)
	defer cancel()
	err := h.deliver(ctx, l)
	if err == nil {
		err = l.write(ctx, e)
	}
	if err == nil {
		return nil
	}
	if l.failing.IsZero() {
		h.opts.Logger.Warn("audit events cannot be stored", append(l.fields(), zap.String("action", string(e.Action)), zap.String("run_id", e.RunID), zap.Error(err))...)
	}
	if l.failing.IsZero() || !l.counts() {
		l.failing = now
	}
	l.keep(e)
	return err
}

// deliver writes what could not be stored before.
func (h *Hook) deliver(ctx context.Context, l *lane) error {
	for len(l.pending) > 0 {
		e := l.pending[0]
		if err := l.write(ctx, e); err != nil {
			return err
		}
		l.pending[0] = Event{}
		l.pending = l.pending[1:]
		if l.missing[e.RunID] > 0 {
			l.missing[e.RunID]--
		}
	}
	if l.lost > 0 {
		e := own(ActionAuditLost, StatusFailure, "hook", h.opts.Now, map[string]string{"events": strconv.Itoa(l.lost)})
		if err := l.write(ctx, e); err != nil {
			return err
		}
		l.lost = 0
	}
	if !l.failing.IsZero() {
		l.failing = time.Time{}
		h.opts.Logger.Info("audit events can be stored again", l.fields()...)
	}
	return nil
}

// flush stores what the lane holds back.
func (h *Hook) flush(ctx context.Context, l *lane) error {
	limited, cancel := h.limited(ctx)
	err := h.deliver(limited, l)
	cancel()
	return err
}

// closeLane stores what is held back, gives up what cannot be stored, and closes the
// sink.
func (h *Hook) closeLane(ctx context.Context, l *lane) error {
	err := h.flush(ctx, l)
	events := len(l.pending) + l.lost
	l.pending, l.lost = nil, 0
	switch {
	case err == nil || errors.Is(err, ErrClosed):
	case l.counts():
		err = &UnauditedError{Events: events, Err: err}
	default:
		h.opts.Logger.Warn("audit events lost", append(l.fields(), zap.Int("events", events), zap.Error(err))...)
		err = nil
	}
	return errors.Join(err, guard(func() error { return l.sink.Close(ctx) }))
}

func (l *lane) write(ctx context.Context, e Event) error {
	return guard(func() error { return l.sink.Write(ctx, e) })
}

// keep holds an event for later.
func (l *lane) keep(e Event) {
	if len(l.pending) < maxPending {
		l.pending = append(l.pending, e)
	} else {
		l.lost++
	}
}

// fields name the lane in the log.
func (l *lane) fields() []zap.Field {
	if l.name == "" {
		return nil
	}
	return []zap.Field{zap.String("sink", l.name)}
}
