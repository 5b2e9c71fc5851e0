package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// SecretResolver gives texts in which secrets stand for the references to them. A
// [secrets.Resolver] is one. It must be safe for concurrent use.
type SecretResolver interface {
	Expand(ctx context.Context, text string) (secrets.Value, error)
}

// Remake makes the component of a step anew, with the secrets that its settings
// refer to. It blocks as expand does.
type Remake func(ctx context.Context, expand config.Expand) (component.PipelineComponent, error)

// remake is the Remake of a component of a file whose settings refer to secrets.
func remake(cfg *config.Component, factory component.Factory) Remake {
	return func(ctx context.Context, expand config.Expand) (component.PipelineComponent, error) {
		section, err := cfg.Config.Resolve(ctx, expand)
		if err != nil {
			return nil, errors.Join(faultsOf(err, cfg, factory.Info().Type)...)
		}
		resolved := *cfg
		resolved.Config = section
		made, err := build(factory, &resolved, new([]secrets.Value))
		if err == nil {
			err = validate(made)
		}
		if err != nil {
			return nil, errors.Join(faultsOf(err, cfg, factory.Info().Type)...)
		}
		return made, nil
	}
}

// SecretResolver returns a resolver of the secrets that the settings of p refer
// to: the one that the block "secrets" asks for. It calls no provider yet. The
// caller closes it. See [secrets.BuildOptions] for the providers that a program has
// beside env, file and exec.
func (p *Pipeline) SecretResolver(opts *secrets.BuildOptions) (*secrets.Resolver, error) {
	var cfg secrets.Config
	if p.Secrets != nil {
		cfg = *p.Secrets
	}
	return secrets.Build(cfg, opts)
}

// vault resolves the secrets of one run, and hides them in what others write. It is
// safe for concurrent use.
type vault struct {
	pipeline *Pipeline
	mask     secrets.Mask

	mu       sync.Mutex
	resolver SecretResolver
	// known are the secrets that were looked up.
	known []secrets.Value
	// own is the resolver when it belongs to the run.
	own *secrets.Resolver
}

func (r *SimplePipelineRunner) vaultFor(p *Pipeline) *vault {
	return (&vault{pipeline: p, resolver: r.secrets}).know(p)
}

// expand is a [config.Expand] that remembers what it gave, to hide it.
func (v *vault) expand(ctx context.Context, text string) (secrets.Value, error) {
	resolver, err := v.opened()
	if err != nil {
		return secrets.Value{}, err
	}
	short := false
	value, err := secrets.Expand(text, func(ref secrets.Ref) (secrets.Value, error) {
		one, err := resolver.Expand(ctx, ref.String())
		short = short || len(one.Reveal()) < secrets.MaskedLength
		v.learn(one)
		return one, err
	})
	if err != nil {
		return secrets.Value{}, err
	}
	if short { // then only the whole can be told from other texts
		v.learn(value)
	}
	return value, nil
}

// learn has secrets hidden from now on.
func (v *vault) learn(values ...secrets.Value) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, value := range values {
		v.mask.Add(value)
		v.known = append(v.known, value)
	}
}

// conceal has a session hide what was learned since, of which the first told ones
// were hidden before. It returns how many there are.
func (v *vault) conceal(spark *dataflow.Session, told int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if spark != nil && told < len(v.known) {
		spark.Conceal(v.known[told:]...)
	}
	return len(v.known)
}

// opened is the resolver of the runner, or one for this run.
func (v *vault) opened() (SecretResolver, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.resolver != nil {
		return v.resolver, nil
	}
	own, err := v.pipeline.SecretResolver(nil)
	if err != nil {
		return nil, err
	}
	v.resolver, v.own = own, own
	return own, nil
}

// close ends what belongs to the run.
func (v *vault) close(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.own == nil {
		return nil
	}
	ctx, cancel := closing(ctx)
	defer cancel()
	return v.own.Close(ctx)
}

// unlock returns the pipeline with components that have their secrets, or p itself
// when none refers to any. All are looked up before the first component starts,
// and every fault is told at once.
func (v *vault) unlock(ctx context.Context, p *Pipeline) (*Pipeline, error) {
	if !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Remake != nil && s.enabled() }) {
		return p, nil
	}
	out := *p
	out.Steps = slices.Clone(p.Steps)
	var faults []error
	for i := range out.Steps {
		step := &out.Steps[i]
		if step.Remake == nil || !step.enabled() {
			continue
		}
		if err := step.renew(ctx, v); err != nil {
			faults = append(faults, split(err)...)
		}
	}
	if len(faults) > 0 {
		return nil, &InvalidError{Pipeline: p.Name, Faults: faults}
	}
	return &out, nil
}

// renew makes the component of the step anew.
func (s *Step) renew(ctx context.Context, v *vault) error {
	var made component.PipelineComponent
	err := guard(func() (err error) {
		made, err = s.Remake(ctx, v.expand)
		return err
	})
	if err == nil && made == nil {
		err = component.ErrNoComponent
	}
	if err != nil {
		return v.hide(err)
	}
	s.Component, s.open = made, false
	return nil
}

// onlyViews returns the step in the form that makes its views and writes nothing,
// or false when there is none.
func (s *Step) onlyViews() (Step, bool) {
	views := dataflow.ViewsOnlyOf(s.Component)
	if views == nil {
		return Step{}, false
	}
	out := *s
	out.Component = views
	if s.Remake != nil {
		out.Remake = func(ctx context.Context, expand config.Expand) (component.PipelineComponent, error) {
			whole, err := s.Remake(ctx, expand)
			if err != nil {
				return nil, err
			}
			return dataflow.ViewsOnlyOf(whole), nil
		}
	}
	return out, true
}
