package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// streamTrust is the trust of streams. It is a hook of their supervisor, for the
// trail, and hides the secrets in what is told of them.
type streamTrust struct {
	streaming.BaseStreamHooks
	*trust

	trail *audit.Streams // nil when there is none
	// stop ends the supervisor.
	stop  context.CancelCauseFunc
	spark atomic.Pointer[dataflow.Session] // the one that was opened last
}

var (
	_ streaming.StreamHooks   = (*streamTrust)(nil)
	_ pipeline.SecretResolver = (*streamTrust)(nil)
)

// streamTrust is [app.trust] for the streams of a pipeline. stop ends them all, for
// what must be recorded and cannot be.
func (a *app) streamTrust(ctx context.Context, p *pipeline.Pipeline, stop context.CancelCauseFunc) (*streamTrust, *pipeline.Pipeline, error) {
	inner, unlocked, err := a.trust(ctx, p, uuid.NewString())
	if err != nil {
		return nil, nil, err
	}
	if refs, err := secrets.FindRefs(p.Spark.Token.Reveal()); err == nil && len(refs) == 0 {
		inner.learn(p.Spark.Token) // it stands in the file
	}
	t := &streamTrust{trust: inner, stop: stop}
	if hook := inner.audited(); hook != nil {
		t.trail = hook.Streams(p.Name, inner.runID)
	}
	return t, unlocked, nil
}

// Expand implements [pipeline.SecretResolver]. What the server says is without the
// secrets, too.
func (t *streamTrust) Expand(ctx context.Context, text string) (secrets.Value, error) {
	value, err := t.trust.Expand(ctx, text)
	t.conceal()
	return value, err
}

// conceal hides what was read in the errors and events of the server.
func (t *streamTrust) conceal() {
	if session := t.spark.Load(); session != nil {
		t.mu.Lock()
		known := slices.Clone(t.known)
		t.mu.Unlock()
		session.Conceal(known...)
	}
}

// begin records that the streams begin; an error means that they must not.
func (t *streamTrust) begin(ctx context.Context, names []string) error {
	if t.trail == nil {
		return nil
	}
	return t.trail.Begin(ctx, names...)
}

// opened hears of a session; with an error nothing may run in it.
func (t *streamTrust) opened(ctx context.Context, session *dataflow.Session) error {
	t.spark.Store(session)
	t.conceal()
	t.session(session.Address(), session.ID())
	if t.trail == nil {
		return nil
	}
	return t.trail.SessionOpened(ctx, session.ServerVersion())
}

// starts records that a stream is started; an error means that it must not be.
func (t *streamTrust) starts(ctx context.Context, start audit.StreamStart) error {
	if t.trail == nil {
		return nil
	}
	return t.trail.Start(ctx, start)
}

// notStarted records why a stream that was to start does not run.
func (t *streamTrust) notStarted(ctx context.Context, name string, err error) {
	if t.trail == nil {
		return
	}
	end := audit.StreamEnd{Name: name, Reason: audit.StreamEndFailed, Err: err}
	switch {
	case ctx.Err() != nil:
		end.Reason, end.Err = audit.StreamEndStopped, nil
	case errors.Is(err, dataflow.ErrSessionLost):
		end.Reason = audit.StreamEndSessionLost
	}
	t.trail.Ended(ctx, end)
}

// ended records the end of all.
func (t *streamTrust) ended(ctx context.Context, err error) {
	if t.trail == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pipeline.CloseTimeout)
	defer cancel()
	var failed *streaming.SupervisorError
	if errors.As(err, &failed) {
		for _, f := range failed.Failures { // of those that could not be started
			t.trail.Ended(ctx, audit.StreamEnd{Name: f.Query, Reason: audit.StreamEndFailed, Err: f.Err})
		}
	}
	if errors.Is(err, errInterrupted) {
		err = failuresOf(err)
	}
	t.trail.End(ctx, err)
}

// failed ends all streams when an error says that one was vetoed. It returns the
// error without secrets.
func (t *streamTrust) failed(err error) error {
	if errors.Is(err, audit.ErrRequired) {
		t.stop(err)
	}
	return t.hide(err)
}

// shown is a checkpoint location as it may be told: one with a secret in it has a
// mark in its place, by which it still is another one than others.
func (t *streamTrust) shown(location string) string {
	text := t.mask.Text(location)
	if text == location {
		return location
	}
	sum := sha256.Sum256([]byte(location))
	return text + "~" + hex.EncodeToString(sum[:8])
}

// OnQueryStart implements [streaming.StreamHooks].
func (t *streamTrust) OnQueryStart(_ context.Context, e streaming.QueryStart) {
	if t.trail != nil {
		t.trail.Running(e.Query, e.ID, e.RunID)
	}
}

// OnBatchProgress implements [streaming.StreamHooks].
func (t *streamTrust) OnBatchProgress(_ context.Context, e streaming.BatchProgress) {
	if t.trail != nil {
		p := &e.Progress
		t.trail.Batch(e.Query, audit.StreamBatch{ID: p.BatchID, RowsIn: p.NumInputRows, RowsOut: p.Sink.NumOutputRows})
	}
}

// OnQueryTerminated implements [streaming.StreamHooks].
func (t *streamTrust) OnQueryTerminated(ctx context.Context, e streaming.QueryEnd) {
	if t.trail != nil {
		t.trail.Ended(ctx, audit.StreamEnd{Name: e.Query, Reason: audit.StreamEndReason(e.Reason), Err: e.Err})
	}
}

// OnQueryRestart implements [streaming.StreamHooks].
func (t *streamTrust) OnQueryRestart(ctx context.Context, e streaming.QueryRestart) {
	if t.trail != nil {
		t.trail.Restarted(ctx, audit.StreamRestart{
			Name: e.Query, Reason: audit.StreamEndReason(e.Reason), Restarts: e.Restarts, Attempt: e.Attempt, Delay: e.Delay, Err: e.Err,
		})
	}
}

// OnSessionLost implements [streaming.StreamHooks].
func (t *streamTrust) OnSessionLost(ctx context.Context, e streaming.SessionLoss) {
	if t.trail != nil {
		t.trail.SessionLost(ctx, e.SessionID, e.Queries, e.Err)
	}
}

// stepsOnly is the hook of the trail for what the streams depend on: they have
// events of their own, and so has the whole.
type stepsOnly struct {
	hooks.PipelineHooks
	streams []string
}

// steps is the hook of the trail for a run of all but the streams.
func (t *streamTrust) steps(streams []string) hooks.PipelineHooks {
	if hook := t.hooks(); hook != nil {
		return stepsOnly{hook, streams}
	}
	return nil
}

// HookName names the hook in errors.
func (stepsOnly) HookName() string { return "audit" }

// BeforePipeline does nothing.
func (stepsOnly) BeforePipeline(ctx context.Context, _ hooks.PipelineStart) (context.Context, error) {
	return ctx, nil
}

// AfterPipeline does nothing.
func (stepsOnly) AfterPipeline(context.Context, hooks.PipelineEnd) {}

// BeforeComponent passes on what is no stream.
func (h stepsOnly) BeforeComponent(ctx context.Context, e hooks.ComponentStart) (context.Context, error) {
	if slices.Contains(h.streams, e.Name) {
		return ctx, nil
	}
	return h.PipelineHooks.BeforeComponent(ctx, e)
}

// AfterComponent passes on what is no stream.
func (h stepsOnly) AfterComponent(ctx context.Context, e hooks.ComponentEnd) {
	if !slices.Contains(h.streams, e.Name) {
		h.PipelineHooks.AfterComponent(ctx, e)
	}
}

// OnComponentFailure passes on what is no stream.
func (h stepsOnly) OnComponentFailure(ctx context.Context, e hooks.ComponentFailure) {
	if !slices.Contains(h.streams, e.Name) {
		h.PipelineHooks.OnComponentFailure(ctx, e)
	}
}
