package secrets

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"
)

// entry is what the cache holds for a reference: a secret, or that there is none.
type entry struct {
	secret Secret
	err    error
	// until is when the provider is asked again, usable when a value is worth
	// nothing even if the provider cannot be asked.
	until, usable time.Time
	stale         bool
	failure       Failure
}

// call is one call of a provider, for all who wait for it.
type call struct {
	done    chan struct{}
	cancel  context.CancelCauseFunc
	waiters int
	// answer and err may be read when done is closed.
	answer answer
	err    error
}

// join takes part in the call for a reference, and starts it if there is none.
func (r *Resolver) join(ctx context.Context, ref Ref, provider Provider) (*call, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	if c := r.calls[ref]; c != nil {
		c.waiters++
		return c, nil
	}
	now := time.Now()
	if kept, ok := r.cache[ref]; ok && now.Before(kept.until) { // since the caller looked
		c := &call{done: make(chan struct{}), err: kept.err}
		c.answer = answer{secret: kept.secret, cached: true, stale: kept.stale, failure: kept.failure}
		close(c.done)
		return c, nil
	}
	// The call outlives the caller who began it, while others wait.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	c := &call{done: make(chan struct{}), cancel: cancel, waiters: 1}
	r.calls[ref] = c
	r.fetches.Go(func() {
		defer cancel(nil)
		r.run(ctx, ref, provider, c)
	})
	return c, nil
}

// leave is called by who no longer waits. The last one ends the call.
func (r *Resolver) leave(ref Ref, c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.waiters--
	if c.waiters > 0 {
		return
	}
	if r.calls[ref] == c {
		delete(r.calls, ref)
	}
	if c.cancel != nil {
		c.cancel(context.Canceled)
	}
}

// run asks the provider and tells those who wait, even if the provider ends the
// goroutine.
func (r *Resolver) run(ctx context.Context, ref Ref, provider Provider, c *call) {
	bounded, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	secret, err := Secret{}, errors.New("the provider gave no answer")
	defer func() {
		switch {
		case err == nil:
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case bounded.Err() != nil && !errors.Is(err, ErrUnavailable):
			err = fmt.Errorf("%w: no answer within %s", ErrUnavailable, r.opts.Timeout)
		}
		r.settle(ref, c, secret, asError(ref, err))
	}()
	secret, err = fetch(bounded, provider, ref)
}

// settle tells those who wait, and keeps what is to be kept.
func (r *Resolver) settle(ref Ref, c *call, secret Secret, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(c.done)
	before, had := r.cache[ref]
	now := time.Now()
	next := r.next(before, had, secret, err, now)
	c.answer = answer{
		secret: next.secret, stale: next.stale, failure: next.failure,
		changed: err == nil && had && before.err == nil && before.secret.Value != secret.Value,
	}
	c.err = next.err
	if r.calls[ref] != c {
		return // it was invalidated, everybody has left, or the resolver is closed
	}
	delete(r.calls, ref)
	r.keep(ref, next, now)
}

// next is what becomes of an entry after a call.
func (r *Resolver) next(before entry, had bool, secret Secret, err error, now time.Time) entry {
	switch {
	case err == nil:
		age := r.opts.TTL - time.Duration(r.opts.Jitter*rand.Float64()*float64(r.opts.TTL))
		e := entry{secret: secret, until: now.Add(age), usable: now.Add(age + r.opts.StaleFor)}
		if at := secret.Expires; !at.IsZero() {
			e.until, e.usable = earlier(e.until, at), earlier(e.usable, at)
		}
		return e
	case errors.Is(err, ErrNotFound):
		return entry{err: err, until: now.Add(r.opts.NegativeTTL)}
	case errors.Is(err, ErrUnavailable) && had && before.err == nil && r.opts.StaleFor > 0 && now.Before(before.usable):
		before.stale, before.failure = true, FailureOf(err)
		before.until = earlier(now.Add(r.opts.NegativeTTL), before.usable)
		return before
	}
	return entry{err: err}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// keep puts an entry into the cache, if there is one and the entry is worth it.
// r.mu is held.
func (r *Resolver) keep(ref Ref, e entry, now time.Time) {
	if e.err != nil && !now.Before(e.until) {
		// A value that is too old stays only while it may serve as a stale one.
		if old := r.cache[ref]; !now.Before(old.usable) || !errors.Is(e.err, ErrUnavailable) {
			delete(r.cache, ref)
		}
		return
	}
	if r.opts.TTL < 0 {
		return
	}
	if _, replaced := r.cache[ref]; !replaced && len(r.cache) >= r.opts.MaxEntries {
		r.makeRoom()
	}
	r.cache[ref] = e
}

// makeRoom drops what would have expired first.
func (r *Resolver) makeRoom() {
	var first Ref
	var at time.Time
	for ref, e := range r.cache {
		if at.IsZero() || e.until.Before(at) {
			first, at = ref, e.until
		}
	}
	delete(r.cache, first)
}

// fetch calls the provider and turns a panic into an error.
func fetch(ctx context.Context, provider Provider, ref Ref) (secret Secret, err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case runtime.Error: // no other tells without a secret what it is
			secret, err = Secret{}, fmt.Errorf("the provider panicked: %w", cause)
		default:
			secret, err = Secret{}, errors.New("the provider panicked")
		}
	}()
	secret, err = provider.Fetch(ctx, ref)
	if err != nil {
		return Secret{}, err
	}
	return secret, nil
}
