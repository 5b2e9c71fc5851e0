package secrets

import (
	"context"
	"fmt"
	"time"
)

// Provider reads secrets from where they are kept. Fetch blocks until the secret
// is there and is called from several goroutines at once. A provider that holds
// connections also has a method Close(ctx) error.
//
// No text of its errors may hold a secret; they wrap what [errors.Is] is to find,
// such as [ErrNotFound]. Package secretstest has the tests that every provider
// passes.
type Provider interface {
	Fetch(ctx context.Context, ref Ref) (Secret, error)
}

// ProviderFunc is the function form of [Provider].
type ProviderFunc func(ctx context.Context, ref Ref) (Secret, error)

// Fetch implements [Provider].
func (f ProviderFunc) Fetch(ctx context.Context, ref Ref) (Secret, error) { return f(ctx, ref) }

// closer is what a provider with connections has.
type closer interface {
	Close(ctx context.Context) error
}

// Secret is what a provider found.
type Secret struct {
	// Value is the secret. One that is no text has its bytes.
	Value Value
	// Version is what the provider calls the version; empty where there are none.
	Version string
	// Expires is until when the provider vouches for the value; a cache keeps it no
	// longer. The zero time is for ever.
	Expires time.Time
}

// currentOnly refuses versions where a provider has none.
func currentOnly(ref Ref, kind string) error {
	if ref.Version != "" || ref.Stage != "" {
		return fmt.Errorf("%w: the provider %s has no versions", ErrInvalid, kind)
	}
	return nil
}
