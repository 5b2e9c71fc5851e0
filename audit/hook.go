package audit

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// DefaultWriteTimeout is how long a [Hook] waits for a sink.
const DefaultWriteTimeout = 10 * time.Second

// HookOptions are the settings of [NewHook]. Nil means defaults.
type HookOptions struct {
	// Required vetoes what cannot be written down before it starts. Behind an
	// [Async] sink an event counts as stored when it is in the queue.
	Required bool
	// Redactor hides the secrets of all events; nil is one with default options.
	Redactor *Redactor
	// Logger hears when events cannot be stored, and when they can again. Nil is
	// silent.
	Logger *zap.Logger
	// Actor is who runs pipelines. Default "runner".
	Actor string
	// Trace gives the trace id of the context of a run, for example that of its
	// span; nil, and an empty result, mean one that is made up.
	Trace func(ctx context.Context) string
	// Environment are the variables that the event of a start shows; nil means
	// [DefaultEnvironment], an empty list none.
	Environment []string
	// IncludeDataSamples keeps [Event.Samples].
	IncludeDataSamples bool
	// WriteTimeout bounds each attempt to store. Default [DefaultWriteTimeout].
	WriteTimeout time.Duration
	// Now is the clock; nil means [time.Now].
	Now func() time.Time

	_ struct{}
}

// Hook writes the moments of runs into a sink: their beginning, their end, what
// became of each component, retries and circuit breakers. Each start has its end,
// also after a veto, a panic or a cancellation, and the ends are written although
// the context of the run is over.
//
// It hears the vetoes of other hooks in any place of [pipeline.RunnerOptions.Hooks];
// give it behind the hook whose span [HookOptions.Trace] reads. It is safe for
// concurrent use, also by several runs at a time.
//
// [pipeline.RunnerOptions.Hooks]: https://pkg.go.dev/github.com/sparkpipe/sparkpipe/pipeline#RunnerOptions
type Hook struct {
	hooks.Base
	opts  HookOptions
	lanes []*lane // the sink, and what stands beside it; see [New]

	mu     sync.Mutex // keeps events in order
	runs   map[string]*runState
	faults map[string]error // the last one by run
	order  []string         // runs in faults, the oldest first

	about struct { // guarded by mu
		server, session string
		config          map[string]string // fingerprints by pipeline
	}
}

var _ hooks.PipelineHooks = (*Hook)(nil)

// runState is a run that is under way.
type runState struct {
	trace string
	open  map[string]hooks.ComponentStart
}

// NewHook returns a hook that writes to sink; nil stores nothing. Close closes the
// sink.
func NewHook(sink Sink, opts *HookOptions) *Hook {
	if opts == nil {
		opts = &HookOptions{}
	}
	if sink == nil {
		sink = Discard{}
	}
	h := &Hook{opts: *opts, runs: map[string]*runState{}, faults: map[string]error{}}
	h.add(&lane{sink: sink, required: opts.Required})
	h.opts.Actor = cmp.Or(opts.Actor, "runner")
	h.opts.Logger = cmp.Or(opts.Logger, zap.NewNop())
	h.opts.WriteTimeout = cmp.Or(max(opts.WriteTimeout, 0), DefaultWriteTimeout)
	h.about.config = map[string]string{}
	if opts.Redactor == nil {
		h.opts.Redactor, _ = NewRedactor(nil) // the defaults are valid
	}
	if opts.Now == nil {
		h.opts.Now = time.Now
	}
	if opts.Environment == nil {
		h.opts.Environment = DefaultEnvironment()
	}
	return h
}

// add adds a lane, before the first event.
func (h *Hook) add(l *lane) {
	l.missing = map[string]int{}
	h.lanes = append(h.lanes, l)
	h.opts.Required = h.opts.Required || l.required
}

// HookName names the hook in errors.
func (*Hook) HookName() string { return "audit" }

// Redactor returns what hides secrets, to tell it of some.
func (h *Hook) Redactor() *Redactor { return h.opts.Redactor }

// SetSession tells on which server, and in which session there, later events
// happen. Of the address everything behind the host and the port is left out.
func (h *Hook) SetSession(server, session string) {
	scheme, rest, found := strings.Cut(server, "://")
	if found {
		rest, _, _ = strings.Cut(rest, "/")
		rest = rest[strings.LastIndex(rest, "@")+1:]
		server = scheme + "://" + rest
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.about.server, h.about.session = h.opts.Redactor.Text(server), h.opts.Redactor.Known(session)
}

// Record writes an event from outside the moments of a run, such as a check of the
// quality of data. What is empty of who, when and where is filled; everything is
// redacted. It returns an error when the event is not stored, which it may be later,
// and a [*RequiredError] when events are required.
func (h *Hook) Record(ctx context.Context, e Event) error {
	if strings.HasPrefix(string(e.Action), "audit_") {
		return ErrReserved
	}
	if e.Action == "" {
		return errors.New("record an audit event: it has no action")
	}
	e.Status = cmp.Or(e.Status, StatusSuccess)
	return h.required(e, h.store(ctx, h.redacted(e)))
}

// Flush stores what is held back.
func (h *Hook) Flush(ctx context.Context) error {
	var faults []error
	for _, l := range h.lanes {
		h.mu.Lock()
		err := h.flush(ctx, l)
		h.mu.Unlock()
		if err = errors.Join(err, flush(ctx, l.sink)); l.counts() {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// Close stores what is held back and closes the sink. It works twice.
func (h *Hook) Close(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var faults []error
	for _, l := range h.lanes {
		faults = append(faults, h.closeLane(ctx, l))
	}
	return errors.Join(faults...)
}

// Err returns an [*UnauditedError] when events of the run are not stored, nil
// when all are; the empty id is for events of no run. Ask when the run is over. The
// last 64 runs are remembered.
func (h *Hook) Err(runID string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	events := 0
	for _, l := range h.lanes {
		events = max(events, l.missing[runID])
	}
	if events == 0 {
		return nil
	}
	return &UnauditedError{RunID: runID, Events: events, Err: h.faults[runID]}
}
