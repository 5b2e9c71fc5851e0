package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/quality"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/aws"
	"github.com/sparkpipe/sparkpipe/secrets/vault"
)

// trust is what a file wants for its secrets, and its audit trail. It is a
// [pipeline.SecretResolver].
type trust struct {
	pipeline *pipeline.Pipeline
	runID    string
	resolver *secrets.Resolver
	mask     secrets.Mask // hides what was read

	mu    sync.Mutex
	hook  *audit.Hook // nil when there is none
	known []secrets.Value
	// early are the look-ups before there was a hook.
	early []secrets.Access

	closing sync.Once
}

// trust opens what the pipeline asks for, and puts the secrets of its hooks and its
// checkpoints into it. Nothing of it calls a provider or opens a file when the
// pipeline neither refers to secrets nor is audited.
func (a *app) trust(ctx context.Context, p *pipeline.Pipeline, runID string) (*trust, *pipeline.Pipeline, error) {
	t := &trust{pipeline: p, runID: runID}
	var err error
	t.resolver, err = p.SecretResolver(&secrets.BuildOptions{
		Makers: secretMakers(), OnAccess: t.accessed,
	})
	if err != nil {
		return nil, nil, err
	}
	unlocked, err := p.UnlockSettings(ctx, t.Expand)
	if err == nil {
		err = t.audit(ctx, unlocked, &audit.Options{Logger: a.auditLogger(p.Hooks.Logging), Openers: a.auditOpeners()})
	}
	if err != nil {
		return nil, nil, errors.Join(err, t.resolver.Close(ctx))
	}
	return t, unlocked, nil
}

// secrets is the resolver of a command that is not audited.
func (a *app) secrets(p *pipeline.Pipeline) (*secrets.Resolver, error) {
	return p.SecretResolver(&secrets.BuildOptions{Makers: secretMakers()})
}

// unlock gives a pipeline all its secrets, for commands that work with its parts. Call
// what it returns when they are done.
func (a *app) unlock(ctx context.Context, p *pipeline.Pipeline) (*pipeline.Pipeline, func(), error) {
	resolver, err := a.secrets(p)
	if err != nil {
		return nil, nil, err
	}
	done := func() { _ = resolver.Close(context.WithoutCancel(ctx)) } // nothing is written
	unlocked, err := p.Unlock(ctx, resolver)
	if err != nil {
		done()
		return nil, nil, err
	}
	return unlocked, done, nil
}

// unlockSettings gives a pipeline the secrets of its hooks and its checkpoints.
func (a *app) unlockSettings(ctx context.Context, p *pipeline.Pipeline) (*pipeline.Pipeline, error) {
	resolver, err := a.secrets(p)
	if err != nil {
		return nil, err
	}
	unlocked, err := p.UnlockSettings(ctx, resolver.Expand)
	return unlocked, errors.Join(err, resolver.Close(ctx))
}

// secretMakers make the providers of this program that need a client.
func secretMakers() map[string]secrets.Maker {
	return map[string]secrets.Maker{secrets.KindVault: vault.Maker, secrets.KindAWS: aws.Maker}
}

// auditLogger hears of what goes wrong with the trail, and of its events when the file
// says so: as the log of the file is written, and without one on standard error.
func (a *app) auditLogger(cfg config.LoggingHook) *zap.Logger {
	if !cfg.Written {
		cfg.Level = "warn"
	}
	logger, err := newLogger(a.stderr, cfg)
	if err != nil {
		return zap.NewNop() // the file's log tells why
	}
	return logger
}

// audit begins the trail that the file asks for, with the file itself.
func (t *trust) audit(ctx context.Context, p *pipeline.Pipeline, opts *audit.Options) error {
	if p.Audit == nil || !p.Audit.Enabled {
		return nil
	}
	hook, err := audit.New(*p.Audit, opts)
	if err != nil {
		return fmt.Errorf("hooks.audit: %w", err)
	}
	t.mu.Lock()
	early, known := t.early, t.known
	t.hook, t.early = hook, nil
	t.mu.Unlock()
	hook.Redactor().Add(known...)
	err = hook.ConfigLoaded(ctx, p.Name, p.File, p.Settings)
	for _, access := range early {
		t.record(ctx, hook, access)
	}
	if errors.As(err, new(*audit.RequiredError)) {
		_ = hook.Close(ctx) // it says the same
		return err
	}
	return nil // what could not be stored is tried again, and told at the end
}

// Expand implements [pipeline.SecretResolver]. Each secret that it gives is hidden
// from then on.
func (t *trust) Expand(ctx context.Context, text string) (secrets.Value, error) {
	short := false
	value, err := secrets.Expand(text, func(ref secrets.Ref) (secrets.Value, error) {
		one, err := t.resolver.Resolve(ctx, ref)
		short = short || len(one.Reveal()) < secrets.MaskedLength
		t.learn(one)
		return one, err
	})
	if short { // then only the whole can be told from other texts
		t.learn(value)
	}
	return value, err
}

// learn has a secret hidden.
func (t *trust) learn(value secrets.Value) {
	if value.IsZero() {
		return
	}
	t.mask.Add(value)
	t.mu.Lock()
	hook := t.hook
	if !slices.ContainsFunc(t.known, func(v secrets.Value) bool { return v.Reveal() == value.Reveal() }) {
		t.known = append(t.known, value)
	}
	t.mu.Unlock()
	if hook != nil {
		hook.Redactor().Add(value)
	}
}

func (t *trust) audited() *audit.Hook {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hook
}

// accessed hears that a secret was asked for.
func (t *trust) accessed(access secrets.Access) {
	t.mu.Lock()
	hook := t.hook
	if hook == nil {
		t.early = append(t.early, access)
	}
	t.mu.Unlock()
	if hook != nil {
		t.record(context.Background(), hook, access)
	}
}

// record puts a look-up into the trail.
func (t *trust) record(ctx context.Context, hook *audit.Hook, access secrets.Access) {
	record := audit.SecretAccess{
		Provider: access.Ref.Provider, Key: access.Ref.Path, RunID: t.runID, Pipeline: t.pipeline.Name,
		NotFound: access.Failure == secrets.FailureNotFound, Cached: access.Cached,
	}
	if access.Ref.Key != "" {
		record.Key += "#" + access.Ref.Key
	}
	if access.Failure != "" && !access.Stale {
		record.Err = errors.New(string(access.Failure))
	}
	_ = hook.SecretAccessed(ctx, record) // the run is vetoed when it must be recorded
}

// hooks are the hooks of the trail.
func (t *trust) hooks() hooks.PipelineHooks {
	if hook := t.audited(); hook != nil {
		return hook
	}
	return nil
}

// Report implements [quality.Reporter]: the trail has every report on checks.
func (t *trust) Report(ctx context.Context, r *quality.Report) error {
	hook := t.audited()
	if hook == nil || r.Batch != nil && r.Batch.Sum == 0 && r.Published { // of a stream the sum, and what was refused
		return nil
	}
	status := audit.StatusSuccess
	failed := 0
	for _, result := range r.Results {
		if result.Status != quality.StatusPassed {
			failed++
			status = audit.StatusWarning
		}
	}
	if r.Err() != nil {
		status = audit.StatusFailure
	}
	return hook.Record(ctx, audit.Event{
		Action: audit.ActionQualityChecked, Status: status, Resource: r.Subject, Pipeline: r.Pipeline, RunID: r.RunID,
		Metadata: map[string]string{
			"component": r.Component, "moment": string(r.Moment), "rules": fmt.Sprint(len(r.Results)), "failed": fmt.Sprint(failed),
			"published": fmt.Sprint(r.Published), "dropped": fmt.Sprint(r.Dropped), "quarantined": fmt.Sprint(r.Quarantined),
		},
	})
}

// session tells the trail where the run works.
func (t *trust) session(server, id string) {
	if hook := t.audited(); hook != nil {
		hook.SetSession(server, id)
	}
}

// close ends the trail and forgets the secrets; the first call does. The error is that
// of a trail in which something of the run is missing.
func (t *trust) close(ctx context.Context, runID string) error {
	var fault error
	t.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pipeline.CloseTimeout)
		defer cancel()
		fault = t.resolver.Close(ctx)
		if hook := t.audited(); hook != nil {
			fault = errors.Join(fault, hook.Close(ctx), hook.Err(runID))
		}
	})
	return fault
}
