package config

import (
	"errors"
	"hash/fnv"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// meaning is what a text comes to in one environment: the pipeline as far as it
// can be built, and its faults. Where a variable is wanted and not set there is no
// pipeline.
type meaning struct {
	pipeline *Pipeline
	faults   []*Error
	// unresolved counts the substitutions without a value.
	unresolved int
}

// environments are those in which a text must mean the same before and after it
// is rewritten: each variable has a number of its own, all say true, none is set.
// The values of the true one are not looked at.
var environments = []tree.Env{
	func(name string) (string, bool) {
		sum := fnv.New32a()
		_, _ = sum.Write([]byte(name))
		return strconv.FormatUint(uint64(sum.Sum32()), 10), true
	},
	func(string) (string, bool) { return "true", true },
	func(string) (string, bool) { return "", false },
}

// read reads a text with its includes.
func (m *migration) read(src []byte) (*loader, tree.Node, error) {
	l := newLoader(&Options{Env: m.opts.Env})
	root, err := l.text(src, m.name, m.format)
	if err != nil {
		l.addAll(syntaxError(err), m.name)
		return nil, nil, l.err()
	}
	return l, root, nil
}

// meaning is what a text comes to in each of the environments. It fails when the
// text cannot be read.
func (m *migration) meaning(src []byte) ([]meaning, error) {
	l, root, err := m.read(src)
	if err != nil {
		return nil, err
	}
	out := make([]meaning, len(environments))
	for i, env := range environments {
		value, err := tree.Resolve(root, env)
		var unset *tree.Errors
		switch {
		case errors.As(err, &unset):
			out[i].unresolved = len(unset.List)
		case err == nil:
			out[i] = m.build(l, value)
		}
	}
	return out, nil
}

// build checks what can be checked without the values of variables.
func (m *migration) build(l *loader, value *tree.Value) meaning {
	b := &builder{decoder: &decoder{plans: m.plans}, warn: func(string) {}, name: m.name}
	b.unset = true
	out := meaning{pipeline: b.build(value)}
	all := faults{list: slices.Concat(l.list, b.list)}
	if list := all.sorted(); list != nil {
		out.faults = list.List
	}
	return out
}

// faults are those of the text whatever the environment holds.
func (m *migration) faults() ([]*Error, error) {
	l, root, err := m.read([]byte(m.src))
	if err != nil {
		return nil, err
	}
	value, err := tree.Resolve(root, func(string) (string, bool) { return unsetMark, true })
	if err != nil {
		l.addAll(err, m.name)
		return nil, l.err()
	}
	return m.build(l, value).faults, nil
}

// same reports whether two texts mean the same.
func (m *migration) same(before, after []meaning) bool {
	for i := range before {
		a, b := before[i], after[i]
		if a.unresolved != b.unresolved || len(a.faults) != len(b.faults) || (a.pipeline == nil) != (b.pipeline == nil) {
			return false
		}
		if a.pipeline != nil && !m.samePipeline(a.pipeline, b.pipeline) {
			return false
		}
	}
	return true
}

func (m *migration) samePipeline(a, b *Pipeline) bool {
	if len(a.Components) != len(b.Components) {
		return false
	}
	for i := range a.Components {
		if !m.sameComponent(a.Components[i], b.Components[i]) {
			return false
		}
	}
	if !sameSections([]*Section{a.Quality, a.SchemaValidation, a.Hooks.Audit}, []*Section{b.Quality, b.SchemaValidation, b.Hooks.Audit}) {
		return false
	}
	x, y := *a, *b
	for _, p := range []*Pipeline{&x, &y} {
		p.Components, p.Quality, p.SchemaValidation, p.Hooks.Audit, p.Root = nil, nil, nil, nil, Section{}
	}
	return reflect.DeepEqual(x, y)
}

// sameSections compares blocks by their settings alone.
func sameSections(a, b []*Section) bool {
	for i := range a {
		if (a[i] == nil) != (b[i] == nil) || a[i] != nil && !reflect.DeepEqual(settings(*a[i]), settings(*b[i])) {
			return false
		}
	}
	return true
}

func (m *migration) sameComponent(a, b Component) bool {
	if m.typeName(a.Type) != m.typeName(b.Type) || !reflect.DeepEqual(settings(a.Config), settings(b.Config)) {
		return false
	}
	if !sameSections([]*Section{a.Quality, a.Schema}, []*Section{b.Quality, b.Schema}) {
		return false
	}
	for _, c := range []*Component{&a, &b} {
		c.Type, c.Where, c.Path, c.Config, c.Quality, c.Schema = "", "", "", Section{}, nil, nil
	}
	return reflect.DeepEqual(a, b)
}

// typeName is what a type or a class path comes to.
func (m *migration) typeName(typ string) string {
	if name, _, ok := m.opts.Lookup(typ); ok {
		return name
	}
	return typ[strings.LastIndexByte(typ, '.')+1:]
}

// settings is a config block with its keys in one spelling.
func settings(s Section) map[string]any {
	out := make(map[string]any)
	for _, f := range s.object().Fields {
		out[normalKey(f.Key)] = native(f.Value)
	}
	return out
}
