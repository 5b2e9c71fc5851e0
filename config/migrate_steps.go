package config

import (
	"fmt"
	"strings"
)

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// steps rewrites the types of components and the keys of their config, and of
// sources and targets.
func (m *migration) steps() {
	for _, mem := range m.root.find("components") {
		m.eachBlock(&mem.value, func(b *outBlock) { m.step(m.group(begins(b), "component"), b, "type", "class_path") })
	}
	for _, mem := range m.root.find("sources") {
		for _, b := range mem.value.blocks {
			for _, source := range b.members {
				for _, block := range source.value.blocks {
					m.configKeys(m.group(begins(block), "source"), block, prefixed("read_", literalOf(block, "type")))
				}
			}
		}
	}
	for _, mem := range m.root.find("sequences") {
		m.eachBlock(&mem.value, m.sequence)
	}
}

// begins is where a block begins.
func begins(b *outBlock) int {
	if b.open < 0 && len(b.members) > 0 {
		return b.members[0].keys[0].at
	}
	return max(b.open, 0)
}

// eachBlock calls f for every block of the lists of a value.
func (m *migration) eachBlock(v *outValue, f func(*outBlock)) {
	for _, list := range v.lists {
		for i := range list {
			for _, b := range list[i].blocks {
				f(b)
			}
		}
	}
}

// literalOf is the text of a key that has one.
func literalOf(b *outBlock, names ...string) string {
	for _, name := range names {
		for _, mem := range b.find(name) {
			if len(mem.keys) == 1 && mem.value.literal {
				return mem.value.text
			}
		}
	}
	return ""
}

// step rewrites the type of a component, which stands under one of the keys, and
// the keys of its config.
func (m *migration) step(g *group, b *outBlock, keys ...string) {
	for _, key := range keys {
		for _, mem := range b.find(key) {
			m.stepType(g, mem, key != "type")
		}
	}
	for _, mem := range b.find("component_type") {
		m.described = append(m.described, mem.keys[0].at)
	}
	typ := literalOf(b, keys...)
	for _, key := range []string{"config", "instance_config"} {
		for _, mem := range b.find(key) {
			for _, block := range mem.value.blocks {
				if len(mem.keys) == 1 {
					m.configKeys(g, block, typ)
				}
			}
		}
	}
}

// frameworkPackage is what the class paths of the framework's own classes begin
// with.
const frameworkPackage = "pyspark_pipeline_framework."

// stepType writes the name of a type for its class path.
func (m *migration) stepType(g *group, mem *outMember, isPath bool) {
	v := &mem.value
	if !v.literal {
		if v.parts > 0 && isPath {
			m.note(mem.keys[0].at, "%s is not one plain text and stays: write the name of a component type", mem.keys[0].name)
		}
		return
	}
	name, _, known := m.opts.Lookup(v.text)
	isPath = isPath || strings.Contains(v.text, ".")
	switch {
	case !known && isPath:
		name = m.typeName(v.text)
		m.note(v.from, "%s is no component type of this program: port the class to Go and register it as %q, with component.NewFactory", v.text, name)
	case known && strings.Contains(v.text, ".") && v.text != name && !strings.HasPrefix(v.text, frameworkPackage):
		m.note(v.from, "%s is taken for the type %s because of its last word, as it is without this rewriting; a class of your own wants another name", v.text, name)
	}
	if name == "" || name == v.text {
		return
	}
	if v.quote != 0 {
		name = string(v.quote) + name + string(v.quote)
	}
	m.replace(g, v.from, v.to, name)
}

// configKeys writes the keys that a type has in snake_case; others are names
// that somebody chose.
func (m *migration) configKeys(g *group, b *outBlock, typ string) {
	_, config, known := m.opts.Lookup(typ)
	if typ == "" || !known {
		return
	}
	p := (&decoder{plans: m.plans}).plan(config)
	for _, mem := range b.members {
		k := mem.keys[0]
		if _, has := p.byKey[normalKey(k.name)]; has && strings.Contains(k.name, "-") {
			m.rename(g, k, normalKey(k.name))
		}
	}
}

// sequence looks at one of "sequences".
func (m *migration) sequence(b *outBlock) {
	for _, mem := range b.find("target") {
		target := mem.value.block()
		if target == nil || len(target.find("type")) == 0 {
			continue
		}
		m.configKeys(m.group(begins(target), "target"), target, prefixed("write_", literalOf(target, "type")))
		if len(target.find("mode")) == 0 && len(target.find("<<")) == 0 && len(target.includes) == 0 && m.hasMode(target) {
			m.note(mem.keys[0].at, "the target has no mode: where something exists already the run fails (errorifexists), "+
				"as Spark's own writers do; write overwrite or append if that is meant")
		}
	}
}

// hasMode reports whether the writer of a target knows modes.
func (m *migration) hasMode(target *outBlock) bool {
	_, config, known := m.opts.Lookup(prefixed("write_", literalOf(target, "type")))
	if !known {
		return true
	}
	_, has := (&decoder{plans: m.plans}).plan(config).byKey["mode"]
	return has
}
