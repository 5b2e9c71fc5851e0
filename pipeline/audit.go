package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// auditOf reads the block "hooks.audit" of a file.
func auditOf(section *config.Section) (*audit.Config, error) {
	if section == nil {
		return nil, nil
	}
	var cfg audit.Config
	if err := section.Decode(&cfg); err != nil {
		return nil, err
	}
	return &cfg, nil
}

// UnlockSettings returns the pipeline with the secrets that the blocks hooks and
// checkpoint refer to, for who makes hooks and stores of them. It returns p itself
// when there are none. The secrets of components and of the session are left to the
// run. It blocks as expand does; all faults are joined.
func (p *Pipeline) UnlockSettings(ctx context.Context, expand config.Expand) (*Pipeline, error) {
	u := unlocker{ctx: ctx, expand: expand}
	out := *p
	u.value("hooks.metrics.push_gateway_url", &out.Hooks.Metrics.PushGateway)
	u.text("checkpoint.location", &out.Checkpoint.Location)
	if block := p.Hooks.Audit; block != nil && len(block.References()) > 0 {
		u.changed = true
		resolved, err := block.Resolve(ctx, expand)
		if err == nil {
			out.Hooks.Audit = &resolved
			out.Audit, err = auditOf(&resolved)
		}
		u.faults = append(u.faults, split(err)...)
	}
	switch {
	case len(u.faults) > 0:
		return nil, errors.Join(u.faults...)
	case !u.changed:
		return p, nil
	}
	return &out, nil
}

// Unlock returns the pipeline with all secrets that it refers to in their place, for
// what works with its parts and not through a [Runner]. The error is an
// [*InvalidError] with every fault. It blocks while the secrets are read.
func (p *Pipeline) Unlock(ctx context.Context, resolver SecretResolver) (*Pipeline, error) {
	v := &vault{pipeline: p, resolver: resolver}
	out, err := p.UnlockSettings(ctx, v.expand)
	if err == nil {
		out, err = out.UnlockSpark(ctx, v.expand)
	}
	if err != nil {
		return nil, v.hide(fmt.Errorf("pipeline %q: %w", p.Name, err))
	}
	return v.unlock(ctx, out)
}

var _ SecretResolver = (*secrets.Resolver)(nil)
