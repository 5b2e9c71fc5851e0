package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// ConfigLoaded records [ActionConfigLoaded] with the redacted configuration of a
// pipeline and its fingerprint, which later events of the pipeline carry. The
// fingerprint is the SHA-256 of what is shown, so another password does not change
// it. source is where it came from, such as the name of a file.
func (h *Hook) ConfigLoaded(ctx context.Context, pipeline, source string, config any) error {
	snapshot := h.opts.Redactor.Value(config)
	text, err := encode(snapshot)
	if err != nil {
		return fmt.Errorf("record the configuration of %q: %w", pipeline, err)
	}
	sum := sha256.Sum256(text)
	fingerprint := plainHash + hex.EncodeToString(sum[:])
	h.mu.Lock()
	h.about.config[h.opts.Redactor.Known(pipeline)] = fingerprint
	h.mu.Unlock()
	e := Event{
		Action: ActionConfigLoaded, Status: StatusSuccess, Actor: h.opts.Actor, Resource: h.opts.Redactor.Text(source), Pipeline: pipeline,
		Config: snapshot, ConfigFingerprint: fingerprint,
	}
	return h.required(e, h.store(ctx, h.filled(e)))
}

// SecretAccess is one look-up of a secret.
type SecretAccess struct {
	// Provider and Key are the reference; the resource of the event is
	// provider:key.
	Provider, Key string
	// RunID and Pipeline are those of the run, if there is one already.
	RunID, Pipeline string
	// NotFound tells that there is no such secret.
	NotFound bool
	// Cached tells that nobody was asked.
	Cached bool
	// Err is why the provider could not answer.
	Err error
}

// SecretAccessed records [ActionSecretAccessed]: success, warning when there is no
// such secret, failure when the provider did not answer. The secret itself never
// is in it; tell [Hook.Redactor] of it, so that it is in no other event either.
func (h *Hook) SecretAccessed(ctx context.Context, a SecretAccess) error {
	resolution, status := "success", StatusSuccess
	switch {
	case a.NotFound:
		resolution, status = "not_found", StatusWarning
	case a.Err != nil:
		resolution, status = "error", StatusFailure
	}
	e := Event{
		Action: ActionSecretAccessed, Status: status, Actor: h.opts.Actor, Resource: a.Provider + ":" + a.Key, Pipeline: a.Pipeline, RunID: a.RunID,
		Metadata: map[string]string{"provider": a.Provider, "key": a.Key, "resolution_status": resolution},
	}
	if a.Cached {
		e.Metadata["cached"] = "true"
	}
	e.Error = reason(a.Err)
	e = h.filled(e)
	// These are names; "db/password:value" is not the password.
	e.Metadata["provider"], e.Metadata["key"] = h.opts.Redactor.Known(a.Provider), h.opts.Redactor.Known(a.Key)
	return h.required(e, h.store(ctx, e))
}
