package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
)

// store is a provider that counts its calls.
type store struct {
	calls atomic.Int64
	mu    sync.Mutex
	fetch func(ctx context.Context, ref secrets.Ref) (secrets.Secret, error)
	close func() error
}

func (s *store) set(fetch func(ctx context.Context, ref secrets.Ref) (secrets.Secret, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetch = fetch
}

func (s *store) gives(value string) {
	s.set(func(context.Context, secrets.Ref) (secrets.Secret, error) {
		return secrets.Secret{Value: secrets.NewValue(value), Version: "version of " + value}, nil
	})
}

func (s *store) fails(err error) {
	s.set(func(context.Context, secrets.Ref) (secrets.Secret, error) { return secrets.Secret{}, err })
}

func (s *store) Fetch(ctx context.Context, ref secrets.Ref) (secrets.Secret, error) {
	s.calls.Add(1)
	s.mu.Lock()
	fetch := s.fetch
	s.mu.Unlock()
	return fetch(ctx, ref)
}

func (s *store) Close(context.Context) error {
	if s.close != nil {
		return s.close()
	}
	return nil
}

var ref = secrets.Ref{Provider: "store", Path: "orders/db", Key: "password"}

func resolver(t testing.TB, p secrets.Provider, opts *secrets.ResolverOptions) *secrets.Resolver {
	t.Helper()
	r, err := secrets.NewResolver(map[string]secrets.Provider{"store": p, "env": secrets.Env{}}, opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	return r
}

func requireValue(t *testing.T, r *secrets.Resolver, want string) {
	t.Helper()
	value, err := r.Resolve(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, want, value.Reveal())
}

func TestResolver_keepsAndRotates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		s.gives("one")
		var log []secrets.Access
		r := resolver(t, s, &secrets.ResolverOptions{OnAccess: func(a secrets.Access) {
			a.Duration = 0
			log = append(log, a)
		}})
		requireValue(t, r, "one")
		s.gives("two")
		time.Sleep(270*time.Second - time.Nanosecond) // the TTL less all of the jitter
		requireValue(t, r, "one")
		require.EqualValues(t, 1, s.calls.Load())
		time.Sleep(30 * time.Second)
		requireValue(t, r, "two")
		requireValue(t, r, "two")
		require.EqualValues(t, 2, s.calls.Load())
		s.gives("three")
		r.Invalidate(ref)
		requireValue(t, r, "three")
		s.gives("four")
		r.InvalidateAll()
		requireValue(t, r, "four")
		require.Equal(t, []secrets.Access{
			{Ref: ref, Version: "version of one"},
			{Ref: ref, Version: "version of one", Cached: true},
			{Ref: ref, Version: "version of two", Changed: true},
			{Ref: ref, Version: "version of two", Cached: true},
			{Ref: ref, Version: "version of three"},
			{Ref: ref, Version: "version of four"},
		}, log)
	})
}

func TestResolver_keepsNothing(t *testing.T) {
	t.Parallel()
	s := &store{}
	s.gives("x")
	r := resolver(t, s, &secrets.ResolverOptions{TTL: -1, StaleFor: time.Hour})
	requireValue(t, r, "x")
	requireValue(t, r, "x")
	require.EqualValues(t, 2, s.calls.Load())
}

func TestResolver_remembersWhatIsNotThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		r := resolver(t, s, nil)
		for _, c := range []struct {
			err   error
			calls int64
		}{{secrets.ErrNotFound, 1}, {secrets.ErrDenied, 2}, {secrets.ErrUnavailable, 2}, {errors.New("other"), 2}} {
			r.InvalidateAll()
			s.calls.Store(0)
			s.fails(fmt.Errorf("store: %w", c.err))
			for range 2 {
				_, err := r.Resolve(t.Context(), ref)
				require.ErrorIs(t, err, c.err)
				var known *secrets.Error
				require.ErrorAs(t, err, &known)
				require.Equal(t, ref, known.Ref)
				require.Equal(t, "read", known.Op)
				require.Equal(t, "read secret://store/orders/db#password: store: "+c.err.Error(), err.Error())
			}
			require.Equal(t, c.calls, s.calls.Load(), "%v", c.err)
		}
		s.fails(secrets.ErrNotFound)
		_, _ = r.Resolve(t.Context(), ref)
		s.gives("here now")
		time.Sleep(5 * time.Second)
		requireValue(t, r, "here now")
	})
}

func TestResolver_stale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		s.gives("old")
		var last secrets.Access
		r := resolver(t, s, &secrets.ResolverOptions{
			TTL: time.Minute, Jitter: -1, StaleFor: time.Hour, OnAccess: func(a secrets.Access) { last = a },
		})
		requireValue(t, r, "old")
		time.Sleep(time.Minute)
		s.fails(secrets.ErrSealed)
		requireValue(t, r, "old")
		require.True(t, last.Stale && !last.Cached)
		require.Equal(t, secrets.FailureUnavailable, last.Failure)
		requireValue(t, r, "old")
		require.True(t, last.Stale && last.Cached)
		require.EqualValues(t, 2, s.calls.Load(), "a provider that is down is left alone for a while")
		time.Sleep(5 * time.Second)
		requireValue(t, r, "old")
		require.EqualValues(t, 3, s.calls.Load())
		s.gives("new")
		time.Sleep(5 * time.Second)
		requireValue(t, r, "new")
		require.False(t, last.Stale)
		require.True(t, last.Changed)

		time.Sleep(time.Minute)
		s.fails(secrets.ErrDenied)
		_, err := r.Resolve(t.Context(), ref)
		require.ErrorIs(t, err, secrets.ErrDenied, "what is denied is not used")
		s.fails(secrets.ErrUnavailable)
		_, err = r.Resolve(t.Context(), ref)
		require.ErrorIs(t, err, secrets.ErrUnavailable, "nor ever again")

		s.gives("again")
		requireValue(t, r, "again")
		s.fails(secrets.ErrUnavailable)
		time.Sleep(time.Minute + time.Hour)
		_, err = r.Resolve(t.Context(), ref)
		require.ErrorIs(t, err, secrets.ErrUnavailable, "too old")
	})
}

func TestResolver_expires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		s.set(func(context.Context, secrets.Ref) (secrets.Secret, error) {
			return secrets.Secret{Value: secrets.NewValue("short"), Expires: time.Now().Add(time.Second)}, nil
		})
		r := resolver(t, s, &secrets.ResolverOptions{StaleFor: time.Hour})
		requireValue(t, r, "short")
		s.fails(secrets.ErrUnavailable)
		time.Sleep(time.Second)
		_, err := r.Resolve(t.Context(), ref)
		require.ErrorIs(t, err, secrets.ErrUnavailable)
	})
}

func TestResolver_jitter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		s.gives("x")
		r := resolver(t, s, &secrets.ResolverOptions{TTL: time.Minute, Jitter: 0.5})
		refs := make([]secrets.Ref, 100)
		for i := range refs {
			refs[i] = secrets.Ref{Provider: "store", Path: fmt.Sprint(i)}
			_, err := r.Resolve(t.Context(), refs[i])
			require.NoError(t, err)
		}
		asked := func() int64 {
			before := s.calls.Load()
			for _, ref := range refs {
				_, err := r.Resolve(t.Context(), ref)
				require.NoError(t, err)
			}
			return s.calls.Load() - before
		}
		time.Sleep(30*time.Second - time.Nanosecond)
		require.Zero(t, asked())
		time.Sleep(15 * time.Second)
		some := asked()
		require.True(t, 10 < some && some < 90, "%d of 100", some)
	})
}

func TestResolver_oneCallForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		s.set(func(ctx context.Context, _ secrets.Ref) (secrets.Secret, error) {
			select {
			case <-time.After(time.Second):
				return secrets.Secret{Value: secrets.NewValue("x")}, nil
			case <-ctx.Done():
				return secrets.Secret{}, ctx.Err()
			}
		})
		r := resolver(t, s, nil)
		var wg sync.WaitGroup
		why := errors.New("gave up")
		for i := range 1000 {
			wg.Go(func() {
				ctx := t.Context()
				if i%2 == 0 { // the one that began the call may be among them
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeoutCause(ctx, time.Millisecond, why)
					defer cancel()
				}
				value, err := r.Resolve(ctx, ref)
				if i%2 == 0 && !errors.Is(err, why) || i%2 != 0 && (err != nil || value.Reveal() != "x") {
					t.Errorf("reader %d gets %v, %v", i, value, err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, s.calls.Load())
	})
}

func TestResolver_whenAllHaveLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		ended := make(chan error, 1)
		s.set(func(ctx context.Context, _ secrets.Ref) (secrets.Secret, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return secrets.Secret{}, ctx.Err()
		})
		r := resolver(t, s, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.Resolve(ctx, ref)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, <-ended, context.Canceled, "nobody waits for the call any more")
		s.gives("next")
		requireValue(t, r, "next")
	})
}

func TestResolver_boundsACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		s.set(func(ctx context.Context, _ secrets.Ref) (secrets.Secret, error) {
			<-ctx.Done()
			return secrets.Secret{}, ctx.Err()
		})
		_, err := resolver(t, s, nil).Resolve(t.Context(), ref)
		require.ErrorIs(t, err, secrets.ErrUnavailable)
		require.ErrorContains(t, err, "no answer within 30s")
		var known *secrets.Error
		require.ErrorAs(t, err, &known)
		require.True(t, known.Retryable())
	})
}

func TestResolver_invalidatedWhileAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		release := make(chan string)
		s.set(func(context.Context, secrets.Ref) (secrets.Secret, error) {
			return secrets.Secret{Value: secrets.NewValue(<-release)}, nil
		})
		r := resolver(t, s, nil)
		var wg sync.WaitGroup
		wg.Go(func() { requireValue(t, r, "before") })
		synctest.Wait()
		r.Invalidate(ref)
		release <- "before"
		wg.Wait()
		s.gives("after")
		requireValue(t, r, "after")
	})
}

func TestResolver_panics(t *testing.T) {
	t.Parallel()
	const canary = "canary-of-panic"
	for name, panics := range map[string]func(){
		"an error": func() { panic(errors.New(canary)) },
		"a text":   func() { panic(canary) },
		"nil":      func() { panic(nil) },
		"of Go":    func() { _ = []string{canary}[len(canary)] },
		"no panic": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &store{}
			s.set(func(context.Context, secrets.Ref) (secrets.Secret, error) { panics(); return secrets.Secret{}, nil })
			r := resolver(t, s, nil)
			for range 2 {
				_, err := r.Resolve(t.Context(), ref)
				require.ErrorContains(t, err, "read secret://store/orders/db#password: the provider ")
				secretstest.RequireHidden(t, canary, err)
			}
			s.gives("x")
			requireValue(t, r, "x")
		})
	}
}

func TestResolver_unknownProvider(t *testing.T) {
	t.Parallel()
	s := &store{}
	r := resolver(t, s, nil)
	for name, want := range map[string]string{
		"stroe": `read secret://stroe/x: unknown provider "stroe"; did you mean "store"?`,
		"vault": `read secret://vault/x: unknown provider "vault"; there are env, store`,
	} {
		_, err := r.Resolve(t.Context(), secrets.Ref{Provider: name, Path: "x"})
		require.EqualError(t, err, want)
		require.ErrorIs(t, err, secrets.ErrUnknownProvider)
	}
	empty, err := secrets.NewResolver(nil, nil)
	require.NoError(t, err)
	_, err = empty.Expand(t.Context(), "secret://env/X")
	require.EqualError(t, err, `read secret://env/X: unknown provider "env"; there are none`)
}

func TestResolver_isBounded(t *testing.T) {
	t.Parallel()
	s := &store{}
	s.gives("x")
	r := resolver(t, s, &secrets.ResolverOptions{MaxEntries: 10, Jitter: -1})
	resolve := func(i int) {
		_, err := r.Resolve(t.Context(), secrets.Ref{Provider: "store", Path: fmt.Sprint(i)})
		require.NoError(t, err)
	}
	for i := range 100 {
		resolve(i)
	}
	require.EqualValues(t, 100, s.calls.Load())
	for i := range 10 {
		resolve(90 + i)
	}
	require.EqualValues(t, 100, s.calls.Load(), "the last ten are there")
	resolve(0)
	require.EqualValues(t, 101, s.calls.Load())
}

func TestResolver_closes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		closed := 0
		s := &store{close: func() error { closed++; return errors.New("cannot close") }}
		s.set(func(ctx context.Context, _ secrets.Ref) (secrets.Secret, error) {
			<-ctx.Done()
			return secrets.Secret{}, ctx.Err()
		})
		var failures []secrets.Failure
		r := resolver(t, s, &secrets.ResolverOptions{OnAccess: func(a secrets.Access) { failures = append(failures, a.Failure) }})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := r.Resolve(t.Context(), ref)
			require.ErrorIs(t, err, secrets.ErrClosed)
		})
		synctest.Wait()
		require.EqualError(t, r.Close(t.Context()), `close provider "store": cannot close`)
		wg.Wait()
		require.NoError(t, r.Close(t.Context()))
		require.Equal(t, 1, closed)
		_, err := r.Resolve(t.Context(), ref)
		require.ErrorIs(t, err, secrets.ErrClosed)
		require.Equal(t, []secrets.Failure{secrets.FailureClosed, secrets.FailureClosed}, failures)
	})
}

func TestResolver_options(t *testing.T) {
	t.Parallel()
	_, err := secrets.NewResolver(map[string]secrets.Provider{"Bad": secrets.Env{}, "none": nil, "aws": secrets.Env{}, "aws_secrets_manager": secrets.Env{}},
		&secrets.ResolverOptions{Jitter: 2, StaleFor: -1, Timeout: -1, MaxEntries: -1})
	for _, want := range []string{
		"Jitter is 2", "StaleFor is -1ns", "Timeout is -1ns", "MaxEntries is -1", `provider "Bad"`, `provider "none" is nil`,
		`provider "aws_secrets_manager" is there twice, also as "aws"`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestResolver_twoNamesOfAWS(t *testing.T) {
	t.Parallel()
	s := &store{}
	s.gives("x")
	r, err := secrets.NewResolver(map[string]secrets.Provider{"aws_secrets_manager": s}, nil)
	require.NoError(t, err)
	value, err := r.Expand(t.Context(), "${secret:aws://a} ${secret:aws_secrets_manager://a}")
	require.NoError(t, err)
	require.Equal(t, "x x", value.Reveal())
	_, err = r.Resolve(t.Context(), secrets.Ref{Provider: "aws_secrets_manager", Path: "a"})
	require.NoError(t, err)
	require.EqualValues(t, 1, s.calls.Load())
}

// Not in parallel with others, which allocate too.
func TestResolver_cachedCostsNoMemory(t *testing.T) {
	s := &store{}
	s.gives("x")
	seen := 0
	r := resolver(t, s, &secrets.ResolverOptions{OnAccess: func(secrets.Access) { seen++ }})
	ctx := t.Context()
	requireValue(t, r, "x")
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = r.Resolve(ctx, ref) }))
	require.Greater(t, seen, 1000)
}

func BenchmarkResolveCached(b *testing.B) {
	s := &store{}
	s.gives("x")
	r := resolver(b, s, nil)
	ctx := b.Context()
	_, err := r.Resolve(ctx, ref)
	require.NoError(b, err)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.Resolve(ctx, ref); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkExpandCached(b *testing.B) {
	s := &store{}
	s.gives("x")
	r := resolver(b, s, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Expand(b.Context(), "jdbc:postgresql://h/db?user=ann&password=${secret:store://orders/db#password}"); err != nil {
			b.Fatal(err)
		}
	}
}
