package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/openbao/openbao/api/v2"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// Defaults of [secrets.VaultConfig].
const (
	DefaultMount   = "secret"
	DefaultTimeout = 10 * time.Second
)

// Provider reads from one engine of one server. Make it with [New] and end it with
// Close.
type Provider struct {
	client  *api.Client
	mount   string
	version int // of the engine, 0 is not set
	login   login

	// turn is held by who logs in or renews.
	turn   chan struct{}
	keeper sync.WaitGroup

	mu      sync.Mutex
	session session
	// known is the version of the engine that the server told.
	known  int
	keeps  bool
	stop   context.CancelFunc
	closed bool
}

var _ secrets.Provider = (*Provider)(nil)

// New returns a provider. It asks no server; the first Fetch logs in.
func New(cfg secrets.VaultConfig) (*Provider, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	client, err := newClient(cfg)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	p := &Provider{
		client: client, mount: trimSlashes(cmp.Or(cfg.Mount, DefaultMount)), version: cfg.KVVersion,
		login: newLogin(cfg, client.Token()), turn: make(chan struct{}, 1),
	}
	client.ClearToken()
	return p, nil
}

// Maker makes providers of the kind vault; see [secrets.BuildOptions].
func Maker(_ context.Context, cfg secrets.ProviderConfig) (secrets.Provider, error) {
	if cfg.Vault == nil {
		return nil, errors.New("vault: the block vault is missing")
	}
	return New(*cfg.Vault)
}

func newClient(cfg secrets.VaultConfig) (*api.Client, error) {
	conf := api.DefaultConfig()
	if conf.Error != nil {
		return nil, fmt.Errorf("read the environment: %w", conf.Error)
	}
	switch {
	case cfg.Address != "":
		conf.Address, conf.AgentAddress = cfg.Address, ""
	case api.ReadBaoVariable(api.EnvVaultAddress) == "" && conf.AgentAddress == "":
		return nil, errors.New("address: is missing; set it, or the environment variable VAULT_ADDR")
	}
	conf.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	conf.MaxRetries, conf.MinRetryWait, conf.MaxRetryWait = 2, 100*time.Millisecond, 500*time.Millisecond
	conf.Backoff = linear
	tls := api.TLSConfig{CACert: cfg.CAFile, ClientCert: cfg.CertFile, ClientKey: cfg.KeyFile, TLSServerName: cfg.ServerName}
	if err := conf.ConfigureTLS(&tls); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	client, err := api.NewClient(conf)
	if err != nil {
		return nil, errors.New("address: is no URL; write https://host:port")
	}
	if cfg.Namespace != "" {
		client.SetNamespace(cfg.Namespace)
	}
	return client, nil
}

// Fetch implements [secrets.Provider].
func (p *Provider) Fetch(ctx context.Context, ref secrets.Ref) (secrets.Secret, error) {
	where, err := locate(ref)
	if err != nil {
		return secrets.Secret{}, &secrets.Error{Op: "read", Ref: ref, Err: err}
	}
	s, err := p.open(ctx, 0)
	if err != nil {
		return secrets.Secret{}, &secrets.Error{Op: "log in for", Ref: ref, Err: err}
	}
	secret, err := p.read(ctx, where)
	if errors.Is(err, secrets.ErrDenied) && p.login.again && !p.alive(ctx) {
		// The token has ended before its time.
		if _, err := p.open(ctx, s.number); err != nil {
			return secrets.Secret{}, &secrets.Error{Op: "log in for", Ref: ref, Err: err}
		}
		secret, err = p.read(ctx, where)
	}
	if err != nil {
		return secrets.Secret{}, &secrets.Error{Op: "read", Ref: ref, Err: err}
	}
	return secret, nil
}

func (p *Provider) read(ctx context.Context, where place) (secrets.Secret, error) {
	version, sure, err := p.engine(ctx)
	if err != nil {
		return secrets.Secret{}, err
	}
	path, options, err := where.request(p.mount, version)
	if err != nil {
		return secrets.Secret{}, err
	}
	answer, err := p.client.Logical().ReadWithDataWithContext(ctx, path, options)
	if err != nil {
		return secrets.Secret{}, p.explain(ctx, err)
	}
	secret, err := where.secret(answer, version)
	if err == nil && !sure {
		p.mu.Lock()
		p.known = version
		p.mu.Unlock()
	}
	return secret, err
}

// engine returns the version of the engine. It is not sure of it where the token
// may not ask; then it is 2, which servers have used for years.
func (p *Provider) engine(ctx context.Context) (version int, sure bool, err error) {
	p.mu.Lock()
	version = cmp.Or(p.version, p.known)
	p.mu.Unlock()
	if version != 0 {
		return version, true, nil
	}
	info, err := p.client.Logical().ReadWithContext(ctx, "sys/internal/ui/mounts/"+p.mount)
	if err != nil {
		err = p.explain(ctx, err)
		if errors.Is(err, secrets.ErrDenied) || errors.Is(err, secrets.ErrNotFound) {
			return 2, false, nil
		}
		return 0, false, err
	}
	if info == nil {
		return 2, false, nil
	}
	if kind, _ := info.Data["type"].(string); kind != "kv" && kind != "generic" {
		return 0, false, fmt.Errorf("%w: the mount %q has an engine of the type %q; only kv is read", secrets.ErrInvalid, p.mount, kind)
	}
	version = 1
	if options, ok := info.Data["options"].(map[string]any); ok {
		if text, _ := options["version"].(string); text != "" {
			if version, err = strconv.Atoi(text); err != nil {
				return 0, false, fmt.Errorf("%w: the mount %q has an engine of an unknown version", secrets.ErrInvalid, p.mount)
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = version
	return version, true, nil
}

// Close ends the goroutine that renews the token and, if the provider has logged
// in, revokes the token. It blocks until that is done or ctx ends. Closing twice
// does no harm.
func (p *Provider) Close(ctx context.Context) error {
	p.mu.Lock()
	first, s := !p.closed, p.session
	p.closed = true
	if p.stop != nil {
		p.stop()
	}
	p.mu.Unlock()
	if !first {
		return nil
	}
	p.keeper.Wait() // its requests end with its context
	if s.number > 0 && p.login.own {
		// The token ends by itself if this does not reach the server.
		_ = p.client.Auth().Token().RevokeSelfWithContext(ctx, "")
	}
	p.client.ClearToken()
	return nil
}

func readFile(what, name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", secrets.ErrDenied, what, err)
	}
	return trimSpace(string(data)), nil
}
