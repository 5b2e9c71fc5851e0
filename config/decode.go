package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// decoder fills Go values from resolved configuration values and collects every
// fault on the way.
type decoder struct {
	faults
	plans map[reflect.Type]*plan
	// unset is true when unsetMark may stand in the values.
	unset bool
	// referred counts the references that stand where their text matters, and open
	// tells the section that was decoded about them.
	referred int
	open     *bool
}

func newDecoder() *decoder { return &decoder{plans: make(map[reflect.Type]*plan)} }

func (d *decoder) plan(t reflect.Type) *plan {
	p := d.plans[t]
	if p == nil {
		p = newPlan(t)
		d.plans[t] = p
	}
	return p
}

// section fills into, a non-nil pointer.
func (d *decoder) section(s Section, into any) {
	d.value(place{path: s.path, value: s.object(), defaults: s.defaults}, rule{}, reflect.ValueOf(into).Elem())
}

// place is a value with its key path.
type place struct {
	path string
	// key is the last key of the path; its ending may name a unit.
	key   string
	value *tree.Value
	// defaults win over those of the struct's own fields.
	defaults map[string]string
}

func (p place) member(f *tree.Field) place {
	return place{path: join(p.path, f.Key), key: f.Key, value: f.Value}
}

// structure fills a struct from a block.
func (d *decoder) structure(at place, into reflect.Value) {
	if at.value.Kind != tree.Object {
		d.wrongType(at, "a block", "")
		return
	}
	p := d.plan(into.Type())
	if p.err != nil {
		d.addCause(at.value.Pos, at.path, p.err)
		return
	}
	before, referred := len(d.list), d.referred
	given := d.match(p, at)
	for i := range p.fields {
		f := &p.fields[i]
		target := into.FieldByIndex(f.index)
		if given[i] == nil || given[i].Value.Kind == tree.Null {
			d.absent(at, f, target)
			continue
		}
		d.present(at.member(given[i]), f, target)
	}
	if len(d.list) == before && d.referred == referred {
		d.validate(at, p, given, into)
	}
}

// match finds the member of the block for each field and refuses the rest.
func (d *decoder) match(p *plan, at place) []*tree.Field {
	given := make([]*tree.Field, len(p.fields))
	for i := range at.value.Fields {
		f := &at.value.Fields[i]
		n, ok := p.byKey[normalKey(f.Key)]
		switch {
		case !ok:
			d.unknown(p, at, f)
		case given[n] != nil:
			d.twice(at, given[n], f)
		default:
			given[n] = f
		}
	}
	return given
}

func (d *decoder) unknown(p *plan, at place, f *tree.Field) {
	path := join(at.path, f.Key)
	hint := suggest(f.Key, p.keys(), "valid keys")
	if hint == "" {
		hint = "the block takes no keys"
	}
	d.add(f.KeyPos, path, "unknown key", hint)
}

func (d *decoder) twice(at place, first, second *tree.Field) {
	msg := fmt.Sprintf("the same key as %q", first.Key)
	if first.KeyPos.Line > 0 {
		msg += " at " + first.KeyPos.String()
	}
	d.add(second.KeyPos, join(at.path, second.Key), msg, "keep one of them")
}

// absent fills a field that the file does not set. A block that is not there
// has its defaults, and misses what it requires.
func (d *decoder) absent(at place, f *planField, into reflect.Value) {
	empty := &tree.Value{Kind: tree.Object, Pos: at.value.Pos}
	def, hasDefault := at.defaults[f.key]
	if !hasDefault {
		def, hasDefault = f.def, f.hasDefault
	}
	switch {
	case f.typ == sectionType && !f.required, isBlock(f.typ):
		d.value(place{path: join(at.path, f.key), key: f.key, value: empty}, f.rule, into)
	case f.required:
		d.add(at.value.Pos, join(at.path, f.key), "required key is missing", f.doc)
	case hasDefault:
		text := place{path: join(at.path, f.key), key: f.key, value: &tree.Value{
			Kind: tree.String, Text: def, FromEnv: true, Pos: at.value.Pos,
		}}
		if into.Kind() == reflect.Slice {
			text.value = defaultList(text.value)
		}
		d.value(text, f.rule, into)
	}
}

// defaultList reads the default of a list, which is written with commas.
func defaultList(v *tree.Value) *tree.Value {
	list := &tree.Value{Kind: tree.Array, Pos: v.Pos}
	for _, item := range splitList(v.Text) {
		list.Items = append(list.Items, &tree.Value{
			Kind: tree.String, Text: item, FromEnv: true, Pos: v.Pos,
		})
	}
	return list
}

// present fills a field that the file sets.
func (d *decoder) present(at place, f *planField, into reflect.Value) {
	if f.required && isEmpty(at.value) && f.typ.Kind() != reflect.Struct && f.typ != sectionType {
		d.add(at.value.Pos, at.path, "must not be empty", "")
		return
	}
	d.value(at, f.rule, into)
}

func isEmpty(v *tree.Value) bool {
	switch v.Kind {
	case tree.String:
		return strings.TrimSpace(v.Text) == ""
	case tree.Array:
		return len(v.Items) == 0
	case tree.Object:
		return len(v.Fields) == 0
	}
	return v.Kind == tree.Null
}
