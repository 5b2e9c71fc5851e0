package config

import (
	"fmt"
	"reflect"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// Section is a part of a configuration file whose shape only its owner knows,
// such as the config block of a component. The zero value is an empty section.
// A Section does not change and is safe for concurrent use.
type Section struct {
	path  string
	value *tree.Value
	// defaults stand in for keys that are absent, before the default of the
	// struct that the section is decoded into.
	defaults map[string]string
	// bad are the faults of a section that [NewSection] could not read.
	bad *Errors
	// open is set by a decoder that meets a reference whose text matters; nil is
	// not wanted. See [Section.Watch].
	open *bool
}

// Path is the key path of the section, for example "components[2].config".
func (s Section) Path() string { return s.path }

// Where is the place of the section as file:line:column, or what of it is
// known. It is empty for a section made by [NewSection].
func (s Section) Where() string {
	if s.value == nil {
		return ""
	}
	return s.value.Pos.String()
}

// Decode fills the struct that into points to; see the package comment for the
// tags and the rules. A map[string]any takes the section as it is. The
// error is an [*Errors] with every fault and its place; what is without fault is
// filled all the same. Anything but a non-nil pointer is an error.
//
// Decode has the form of the decode function that component factories take.
func (s Section) Decode(into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("decode section %s: want a non-nil pointer to fill, got %T", s.path, into)
	}
	if s.bad != nil {
		return s.bad
	}
	d := newDecoder()
	d.open = s.open
	d.section(s, into)
	return d.err()
}

// object is the value of the section, an empty block when it has none.
func (s Section) object() *tree.Value {
	if s.value == nil {
		return &tree.Value{Kind: tree.Object}
	}
	if s.value.Kind == tree.Null {
		return &tree.Value{Kind: tree.Object, Pos: s.value.Pos}
	}
	return s.value
}

// field finds a member of the section by its snake_case key, or nil.
func (s Section) field(keys ...string) *tree.Field {
	if s.value == nil {
		return nil
	}
	for i := range s.value.Fields {
		f := &s.value.Fields[i]
		for _, key := range keys {
			if normalKey(f.Key) == key {
				return f
			}
		}
	}
	return nil
}

// at is the place of a member, or of the section when it has no such member.
func (s Section) at(keys ...string) (tree.Pos, string) {
	if f := s.field(keys...); f != nil {
		return f.Value.Pos, join(s.path, f.Key)
	}
	return s.object().Pos, s.path
}
