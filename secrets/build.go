package secrets

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Maker makes a provider of one kind from its settings, in which all references
// are resolved. It is called at the first use of the provider, and again at the
// next one if it fails.
type Maker func(ctx context.Context, cfg ProviderConfig) (Provider, error)

// BuildOptions complete a [Config] with what a file cannot say.
type BuildOptions struct {
	// Makers make the providers of the kinds vault and aws, which are in packages
	// secrets/vault and secrets/aws so that only programs that want them link them.
	Makers map[string]Maker
	// Providers are further ones under the names that references have for them.
	Providers map[string]Provider
	// OnAccess is that of [ResolverOptions].
	OnAccess func(Access)
	_        struct{}
}

// Build returns the resolver that a configuration asks for. It calls no provider
// and no maker; what is wrong with the configuration itself is told at once, every
// fault of it. nil options are without makers.
//
// The settings of the kinds vault and aws may be references themselves, such as
// vault_token: secret://env/TOKEN, to providers of the kinds env, file and exec
// and to those of the options.
func Build(cfg Config, opts *BuildOptions) (*Resolver, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	if opts == nil {
		opts = &BuildOptions{}
	}
	b := builder{makers: opts.Makers, simple: maps.Clone(opts.Providers), all: maps.Clone(opts.Providers)}
	if b.all == nil {
		b.simple, b.all = map[string]Provider{}, map[string]Provider{}
	}
	blocks := cfg.blocks(opts.Makers)
	for _, name := range slices.Sorted(maps.Keys(blocks)) {
		_, twice := b.all[name]
		b.faults.check(!twice, "providers: %s: the program has a provider of that name itself", name)
		b.add(name, blocks[name])
	}
	if err := b.faults.err(); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	o := cfg.resolverOptions()
	o.OnAccess = opts.OnAccess
	return NewResolver(b.all, &o)
}

// blocks are the providers of a configuration under their canonical names.
func (c Config) blocks(makers map[string]Maker) map[string]ProviderConfig {
	out := make(map[string]ProviderConfig, len(c.Providers)+3)
	for name, p := range c.Providers {
		out[canonical(name)] = p
	}
	for _, kind := range []string{KindEnv, KindVault, KindAWS} {
		if _, given := out[kind]; !given && (kind == KindEnv || makers[kind] != nil || c.sets(kind)) {
			out[kind] = ProviderConfig{}
		}
	}
	if p, ok := out[KindVault]; ok && p.Vault == nil {
		p.Vault = &VaultConfig{Address: c.VaultURL, Token: c.VaultToken, Namespace: c.VaultNamespace}
		out[KindVault] = p
	}
	if p, ok := out[KindAWS]; ok && p.AWS == nil {
		p.AWS = &AWSConfig{Region: c.AWSRegion}
		out[KindAWS] = p
	}
	if c.SecretPrefix != "" {
		p := out[c.defaultKind()]
		p.Prefix = c.SecretPrefix
		out[c.defaultKind()] = p
	}
	return out
}

// sets reports whether the keys of the block itself set up a provider.
func (c Config) sets(kind string) bool {
	switch kind {
	case KindVault:
		return c.VaultURL != "" || !c.VaultToken.IsZero() || c.VaultNamespace != "" || c.defaultKind() == KindVault
	case KindAWS:
		return c.AWSRegion != "" || c.defaultKind() == KindAWS
	}
	return false
}

type builder struct {
	makers map[string]Maker
	// simple are the providers that need no other, all every provider.
	simple, all map[string]Provider
	faults      faults
}

func (b *builder) add(name string, cfg ProviderConfig) {
	var p Provider
	kind := cfg.Kind(name)
	switch kind {
	case KindEnv:
		p = Env{}
	case KindFile:
		p = File{Root: cfg.File.Root, AllowReadable: cfg.File.AllowReadable}
	case KindExec:
		p = Exec{Command: cfg.Exec.Command, Args: cfg.Exec.Args, Timeout: cfg.Exec.Timeout}
	default:
		maker := b.makers[kind]
		if maker == nil {
			b.faults.check(false, "providers: %s: this program cannot make providers of the kind %s", name, kind)
			return
		}
		b.all[name] = prefixed(cfg.Prefix, &made{maker: maker, cfg: cfg, simple: b.simple})
		return
	}
	b.simple[name] = prefixed(cfg.Prefix, p)
	b.all[name] = b.simple[name]
}

// prefixed puts a prefix before every path.
func prefixed(prefix string, p Provider) Provider {
	if prefix == "" {
		return p
	}
	return &withPrefix{prefix, p}
}

type withPrefix struct {
	prefix   string
	provider Provider
}

func (p *withPrefix) Fetch(ctx context.Context, ref Ref) (Secret, error) {
	ref.Path = p.prefix + ref.Path
	return p.provider.Fetch(ctx, ref)
}

func (p *withPrefix) Close(ctx context.Context) error {
	if c, ok := p.provider.(closer); ok {
		return c.Close(ctx)
	}
	return nil
}

// made is a provider that is made when it is first used.
type made struct {
	maker  Maker
	cfg    ProviderConfig
	simple map[string]Provider

	mu       sync.Mutex
	provider Provider
	closed   bool
}

func (m *made) Fetch(ctx context.Context, ref Ref) (Secret, error) {
	p, err := m.get(ctx)
	if err != nil {
		return Secret{}, &Error{Op: "make the provider for", Ref: ref, Err: err}
	}
	return p.Fetch(ctx, ref)
}

func (m *made) get(ctx context.Context) (Provider, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		return nil, ErrClosed
	case m.provider != nil:
		return m.provider, nil
	}
	cfg, err := m.cfg.expand(ctx, m.simple)
	if err != nil {
		return nil, err
	}
	m.provider, err = m.maker(ctx, cfg)
	return m.provider, err
}

func (m *made) Close(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	if c, ok := m.provider.(closer); ok {
		return c.Close(ctx)
	}
	return nil
}
