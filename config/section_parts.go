package config

import (
	"slices"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// List returns the blocks of the list under a key in snake_case, for a list whose
// blocks are not all of one shape. Without the key there are none. The error is an
// [*Errors] with everything that is no block.
func (s Section) List(key string) ([]Section, error) {
	f := s.field(key)
	if f == nil || f.Value.Kind == tree.Null {
		return nil, nil
	}
	d := newDecoder()
	path := join(s.path, f.Key)
	if f.Value.Kind != tree.Array {
		d.wrongType(place{path: path, value: f.Value}, "a list", "")
		return nil, d.err()
	}
	var list []Section
	for i, item := range f.Value.Items {
		if item.Kind != tree.Object {
			d.wrongType(place{path: index(path, i), value: item}, "a block", "")
			continue
		}
		list = append(list, Section{path: index(path, i), value: item, open: s.open})
	}
	return list, d.err()
}

// Split returns the members with the keys, which are in snake_case, and the rest.
func (s Section) Split(keys ...string) (with, without Section) {
	with, without = s, s
	with.value = &tree.Value{Kind: tree.Object, Pos: s.object().Pos}
	without.value = &tree.Value{Kind: tree.Object, Pos: s.object().Pos}
	for _, f := range s.object().Fields {
		to := without.value
		if slices.Contains(keys, normalKey(f.Key)) {
			to = with.value
		}
		to.Fields = append(to.Fields, f)
	}
	return with, without
}
