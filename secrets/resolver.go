package secrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/nearest"
)

// Defaults of [ResolverOptions].
const (
	DefaultTTL         = 300 * time.Second
	DefaultNegativeTTL = 5 * time.Second
	DefaultJitter      = 0.1
	DefaultTimeout     = 30 * time.Second
	DefaultMaxEntries  = 1000
)

// ResolverOptions tune a [Resolver].
type ResolverOptions struct {
	// TTL is how long a value is used before its provider is asked again; default
	// [DefaultTTL]. Negative keeps nothing, for which the other times do not matter.
	TTL time.Duration
	// Jitter is the share of the TTL that is taken off by chance, so that what was
	// read together is not read again together; from 0 to 1, default
	// [DefaultJitter]. Negative takes nothing off.
	Jitter float64
	// NegativeTTL is how long it is remembered that a secret is not there, and how
	// long a stale value is used before its provider is asked again; default
	// [DefaultNegativeTTL]. Negative remembers nothing.
	NegativeTTL time.Duration
	// StaleFor is how long after its TTL a value is still used while its provider is
	// not available; default 0, not at all. A secret that is gone or denied is never
	// used.
	StaleFor time.Duration
	// Timeout bounds one call of a provider; default [DefaultTimeout].
	Timeout time.Duration
	// MaxEntries bounds the cache; default [DefaultMaxEntries]. What would have
	// expired first makes room.
	MaxEntries int
	// OnAccess is told of every secret that is asked for, on the goroutine of who
	// asks. It must not block. nil is told nothing.
	OnAccess func(Access)
	_        struct{}
}

// Validate reports every fault.
func (o *ResolverOptions) Validate() error {
	if o == nil {
		return nil
	}
	var f faults
	f.check(o.Jitter <= 1, "Jitter is %v; it is a share of the TTL, at most 1", o.Jitter)
	f.check(o.StaleFor >= 0, "StaleFor is %s; it cannot be negative", o.StaleFor)
	f.check(o.Timeout >= 0, "Timeout is %s; it cannot be negative", o.Timeout)
	f.check(o.MaxEntries >= 0, "MaxEntries is %d; it cannot be negative", o.MaxEntries)
	return f.err()
}

func (o *ResolverOptions) withDefaults() ResolverOptions {
	var out ResolverOptions
	if o != nil {
		out = *o
	}
	out.TTL = cmp.Or(out.TTL, DefaultTTL)
	out.Jitter = max(0, cmp.Or(out.Jitter, DefaultJitter))
	out.NegativeTTL = max(0, cmp.Or(out.NegativeTTL, DefaultNegativeTTL))
	out.Timeout = cmp.Or(out.Timeout, DefaultTimeout)
	out.MaxEntries = cmp.Or(out.MaxEntries, DefaultMaxEntries)
	return out
}

// Resolver reads secrets from its providers and keeps them for a while. It is
// safe for concurrent use: callers that want one secret at the same time share
// one call of its provider. Close it when it is no longer needed.
type Resolver struct {
	providers map[string]Provider
	opts      ResolverOptions
	fetches   sync.WaitGroup

	mu     sync.RWMutex
	closed bool
	cache  map[Ref]entry
	calls  map[Ref]*call
}

// NewResolver returns a resolver with providers under the names that references
// have for them. nil options are the defaults.
func NewResolver(providers map[string]Provider, opts *ResolverOptions) (*Resolver, error) {
	faults := faults{opts.Validate()}
	r := &Resolver{
		providers: make(map[string]Provider, len(providers)), opts: opts.withDefaults(),
		cache: map[Ref]entry{}, calls: map[Ref]*call{},
	}
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		faults.check(isName(name), "provider %q: the name is one word of lower-case letters, digits, _ and -", name)
		faults.check(providers[name] != nil, "provider %q is nil", name)
		faults.check(r.providers[canonical(name)] == nil, "provider %q is there twice, also as %q", name, canonical(name))
		r.providers[canonical(name)] = providers[name]
	}
	if err := faults.err(); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	return r, nil
}

// Resolve returns the secret. It blocks while its provider is asked, and at most
// until ctx ends; others who wait for the same secret are not disturbed by that.
// The error is an [*Error].
func (r *Resolver) Resolve(ctx context.Context, ref Ref) (Value, error) {
	start := time.Now()
	ref.Provider = canonical(ref.Provider)
	found, err := r.resolve(ctx, ref, start)
	if r.opts.OnAccess != nil {
		failure := FailureOf(err)
		if failure == "" {
			failure = found.failure
		}
		r.opts.OnAccess(Access{
			Ref: ref, Version: found.secret.Version, Cached: found.cached, Stale: found.stale, Changed: found.changed,
			Duration: time.Since(start), Failure: failure,
		})
	}
	if err != nil {
		return Value{}, asError(ref, err)
	}
	return found.secret.Value, nil
}

// answer is what a caller gets to know.
type answer struct {
	secret                 Secret
	cached, stale, changed bool
	failure                Failure
}

func (r *Resolver) resolve(ctx context.Context, ref Ref, now time.Time) (answer, error) {
	if ctx.Err() != nil {
		return answer{}, context.Cause(ctx)
	}
	r.mu.RLock()
	kept, ok := r.cache[ref]
	closed := r.closed
	r.mu.RUnlock()
	switch {
	case closed:
		return answer{}, ErrClosed
	case ok && now.Before(kept.until):
		return answer{secret: kept.secret, cached: true, stale: kept.stale, failure: kept.failure}, kept.err
	}
	provider, err := r.provider(ref.Provider)
	if err != nil {
		return answer{}, err
	}
	c, err := r.join(ctx, ref, provider)
	if err != nil {
		return answer{}, err
	}
	select {
	case <-c.done:
		return c.answer, c.err
	case <-ctx.Done():
		r.leave(ref, c)
		return answer{}, context.Cause(ctx)
	}
}

func (r *Resolver) provider(name string) (Provider, error) {
	if p := r.providers[name]; p != nil {
		return p, nil
	}
	known := slices.Sorted(maps.Keys(r.providers))
	switch near := nearest.Word(name, known); {
	case near != "":
		return nil, fmt.Errorf("%w %q; did you mean %q?", ErrUnknownProvider, name, near)
	case len(known) == 0:
		return nil, fmt.Errorf("%w %q; there are none", ErrUnknownProvider, name)
	}
	return nil, fmt.Errorf("%w %q; there are %s", ErrUnknownProvider, name, strings.Join(known, ", "))
}

// Expand returns the text with secrets in place of the references in it; see the
// function [Expand]. It blocks as Resolve does.
func (r *Resolver) Expand(ctx context.Context, text string) (Value, error) {
	return Expand(text, func(ref Ref) (Value, error) { return r.Resolve(ctx, ref) })
}

// Invalidate forgets a secret: the next who asks for it gets what its provider
// then has.
func (r *Resolver) Invalidate(ref Ref) {
	ref.Provider = canonical(ref.Provider)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cache, ref)
	delete(r.calls, ref) // who waits gets its answer, which is not kept
}

// InvalidateAll forgets all secrets.
func (r *Resolver) InvalidateAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.cache)
	clear(r.calls)
}

// Close forgets all secrets, ends the calls under way and closes the providers
// that can be closed. It blocks until that is done or ctx ends. Closing twice
// does no harm; afterwards Resolve gives [ErrClosed].
func (r *Resolver) Close(ctx context.Context) error {
	r.mu.Lock()
	first := !r.closed
	r.closed = true
	clear(r.cache)
	for _, c := range r.calls {
		c.cancel(ErrClosed)
	}
	clear(r.calls)
	r.mu.Unlock()
	if !first {
		return nil
	}
	ended := make(chan struct{})
	go func() { defer close(ended); r.fetches.Wait() }()
	select {
	case <-ended:
	case <-ctx.Done():
		return fmt.Errorf("close secrets: %w", context.Cause(ctx))
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(r.providers)) {
		if c, ok := r.providers[name].(closer); ok {
			if err := c.Close(ctx); err != nil {
				errs = append(errs, fmt.Errorf("close provider %q: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}
