package component

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sparkpipe/sparkpipe/internal/nearest"
)

// Registry holds the component types that a program offers. The zero value is
// an empty registry. It is safe for concurrent use and must not be copied.
type Registry struct {
	mu sync.RWMutex
	// byName holds every type and alias.
	byName map[string]Factory
	// byType holds the types alone.
	byType map[string]Factory
}

// NewRegistry returns a registry with the factories. The error joins every
// fault of every factory.
func NewRegistry(factories ...Factory) (*Registry, error) {
	r := &Registry{}
	var faults []error
	for _, f := range factories {
		if err := r.Register(f); err != nil {
			faults = append(faults, err)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return r, nil
}

// Register adds a factory. A type or an alias that is taken, by a type or an
// alias, is refused with [ErrDuplicateType]; then nothing is added.
func (r *Registry) Register(f Factory) error {
	if err := checkFactory(f); err != nil {
		return err
	}
	info := f.Info()
	names, err := namesOf(info)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		if taken, ok := r.byName[name]; ok {
			return fmt.Errorf("register component type %q: %q belongs to type %q: %w",
				info.Type, name, taken.Info().Type, ErrDuplicateType)
		}
	}
	if r.byName == nil {
		r.byName, r.byType = make(map[string]Factory), make(map[string]Factory)
	}
	for _, name := range names {
		r.byName[name] = f
	}
	r.byType[info.Type] = f
	return nil
}

// namesOf lists the type and its aliases, all different and none empty.
func namesOf(info Info) ([]string, error) {
	names := []string{info.Type}
	for _, alias := range info.Aliases {
		if alias == "" {
			return nil, fmt.Errorf("register component type %q: an alias is empty", info.Type)
		}
		if slices.Contains(names, alias) {
			return nil, fmt.Errorf("register component type %q: %q stands twice among its names: %w",
				info.Type, alias, ErrDuplicateType)
		}
		names = append(names, alias)
	}
	return names, nil
}

// Lookup returns the factory for a type, an alias, or a dotted class path whose
// last segment is a type or an alias: "examples.batch.SqlTransform" finds what
// "SqlTransform" finds. Case matters. Otherwise it returns an
// [*UnknownTypeError].
func (r *Registry) Lookup(typeOrClassPath string) (Factory, error) {
	last := typeOrClassPath[strings.LastIndexByte(typeOrClassPath, '.')+1:]
	r.mu.RLock()
	defer r.mu.RUnlock()
	if f, ok := r.byName[typeOrClassPath]; ok {
		return f, nil
	}
	if f, ok := r.byName[last]; ok {
		return f, nil
	}
	types := slices.Sorted(maps.Keys(r.byType))
	return nil, &UnknownTypeError{
		Type:       typeOrClassPath,
		Suggestion: nearest.Word(last, slices.Concat(types, slices.Sorted(maps.Keys(r.byName)))), // types win
		Known:      types,
	}
}

// Factories returns the registered factories, sorted by type.
func (r *Registry) Factories() []Factory {
	r.mu.RLock()
	defer r.mu.RUnlock()
	factories := make([]Factory, 0, len(r.byType))
	for _, name := range slices.Sorted(maps.Keys(r.byType)) {
		factories = append(factories, r.byType[name])
	}
	return factories
}
