package secretstest

import (
	"testing"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// Fixture is a provider under test with what stands behind it.
type Fixture struct {
	// Provider is under test.
	Provider secrets.Provider
	// Put stores a value under a name of its own and returns the reference to the
	// whole of it.
	Put func(t *testing.T, value string) secrets.Ref
	// PutDocument stores members under a name of its own and returns the reference to
	// them, without a key; default Put with their JSON.
	PutDocument func(t *testing.T, members map[string]any) secrets.Ref
	// Missing is a reference to nothing.
	Missing secrets.Ref
	// Denied is a reference that may not be read, and who may not read it; nil for a
	// provider without rights.
	Denied func(t *testing.T) (secrets.Provider, secrets.Ref)
	// Unavailable is a provider whose store cannot be reached; nil for one whose store
	// is always there.
	Unavailable func(t *testing.T) (secrets.Provider, secrets.Ref)
	// NoZeroBytes is set for a store whose values cannot have them, NoBinary for one
	// whose values are text in UTF-8.
	NoZeroBytes, NoBinary bool
}

func (f Fixture) document(t *testing.T, members map[string]any) secrets.Ref {
	t.Helper()
	if f.PutDocument != nil {
		return f.PutDocument(t, members)
	}
	return f.Put(t, marshal(t, members))
}
