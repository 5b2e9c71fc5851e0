package config

import (
	"reflect"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// validator is the optional method of a struct that checks more than the types.
type validator interface{ Validate() error }

// validate calls the struct's own check. A fault that begins with a key of the
// block, as in "path: must be absolute", is reported at that key.
func (d *decoder) validate(at place, p *plan, given []*tree.Field, into reflect.Value) {
	v, ok := into.Addr().Interface().(validator)
	if !ok {
		return
	}
	for _, err := range split(v.Validate()) {
		before := len(d.list)
		d.addAll(err, "")
		for _, fault := range d.list[before:] {
			if fault.cause != nil && fault.File == "" {
				locate(fault, at, p, given)
			}
		}
	}
}

func locate(fault *Error, at place, p *plan, given []*tree.Field) {
	pos, path := at.value.Pos, at.path
	if key, rest, ok := strings.Cut(fault.Msg, ": "); ok {
		if i, known := p.byKey[normalKey(key)]; known {
			path, fault.Msg = join(at.path, key), rest
			if given[i] != nil {
				pos, path = given[i].Value.Pos, join(at.path, given[i].Key)
			}
		}
	}
	fault.File, fault.Line, fault.Column, fault.Path = pos.File, pos.Line, pos.Column, path
}

// split takes apart what [errors.Join] has joined. An error that says something
// of its own about several others stays whole.
func split(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var texts []string
	var out []error
	for _, child := range joined.Unwrap() {
		texts = append(texts, child.Error())
		out = append(out, split(child)...)
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []error{err}
	}
	return out
}
