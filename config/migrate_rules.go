package config

import (
	"maps"
	"slices"
	"strings"
)

// rules say how the keys of a block are rewritten: into snake_case unless they
// are free, and under another name.
type rules struct {
	rename map[string]string
	// inner are the rules of the blocks below, by the old names of their keys.
	inner map[string]*rules
	// each are the rules of the elements of a list.
	each *rules
	// free keys are names that somebody chose.
	free bool
}

var (
	freeRules = &rules{free: true}

	retryRules = &rules{rename: map[string]string{
		"retry_on_exceptions": "retry_on", "retryable_exceptions": "retry_on", "jitter_factor": "jitter_fraction",
	}}
	breakerRules = &rules{rename: map[string]string{
		"half_open_success_threshold": "success_threshold", "reset_timeout_ms": "timeout_ms", "reset_timeout": "timeout",
	}}
	policyRules = map[string]*rules{"retry": retryRules, "circuit_breaker": breakerRules}

	rootRules = &rules{inner: map[string]*rules{
		"spark": {
			rename: map[string]string{"connect_string": "remote", "config": "spark_conf"},
			inner:  map[string]*rules{"config": freeRules, "spark_conf": freeRules, "tls": {}},
		},
		"runner": {}, "checkpoint": {}, "tags": freeRules, "vars": freeRules, "spark_conf": freeRules,
		"sources": freeRules, "pipeline": freeRules, "include": freeRules,
		"hooks": {inner: map[string]*rules{"logging": {}, "metrics": {}, "audit": {}}},
		"sequences": {each: &rules{inner: with(policyRules, map[string]*rules{
			"resilience": {inner: policyRules}, "target": freeRules, "args": freeRules,
		})}},
		"components": {each: &rules{
			rename: map[string]string{"class_path": "type"},
			inner: with(policyRules, map[string]*rules{
				"resilience": {rename: map[string]string{"retry_policy": "retry"}, inner: with(policyRules, map[string]*rules{"retry_policy": retryRules})},
				"config":     freeRules,
			}),
		}},
	}}

	// instanceRules are those of "pipeline.pipeline-components".
	instanceRules = &rules{
		rename: map[string]string{
			"instance_name": "name", "instance_type": "type", "instance_config": "config", "retry_policy": "retry",
		},
		inner: map[string]*rules{"instance_config": freeRules, "retry_policy": retryRules},
	}
)

func with(a, b map[string]*rules) map[string]*rules {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// rewrite collects the edits and the notes.
func (m *migration) rewrite() {
	m.includes(m.root)
	for _, mem := range m.root.members {
		m.rootMember(mem)
	}
	m.appName()
	m.rootConf()
	m.elder()
	m.steps()
	m.needless()
}

// rootMember rewrites the keys below one root key. What belongs to one component
// is one group.
func (m *migration) rootMember(mem *outMember) {
	name := normalKey(mem.keys[0].name)
	switch {
	case strings.HasPrefix(mem.keys[0].name, "x-"), name == "app_name", name == "spark_conf", name == "pipeline":
		return
	case name != "components" && name != "sequences":
		m.member(nil, mem, mem.keys, rootRules)
		return
	}
	if own := mem.keys[0]; own.name != name {
		m.rename(m.group(own.at, own.name), own, name)
	}
	each := rootRules.inner[name].each
	for _, list := range mem.value.lists {
		for i := range list {
			m.value(m.group(list[i].from, strings.TrimSuffix(name, "s")), &list[i], each)
		}
	}
}

// member rewrites the keys of a member from keys on. Without a group each rename
// is one of its own.
func (m *migration) member(g *group, mem *outMember, keys []outKey, r *rules) {
	if r == nil || r.free {
		return
	}
	if len(keys) == 0 {
		m.value(g, &mem.value, r)
		return
	}
	k := keys[0]
	name := normalKey(k.name)
	if m.format == FormatYAML && k.name == "<<" {
		m.value(g, &mem.value, r)
		return
	}
	target, known := r.rename[name]
	if !known {
		target = name
	}
	if target != k.name {
		own := g
		if own == nil {
			own = m.group(k.at, k.name)
		}
		m.rename(own, k, target)
	}
	m.member(g, mem, keys[1:], r.inner[name])
}

func (m *migration) value(g *group, v *outValue, r *rules) {
	for _, b := range v.blocks {
		for _, mem := range b.members {
			m.member(g, mem, mem.keys, r)
		}
	}
	for _, list := range v.lists {
		for i := range list {
			m.value(g, &list[i], r.each)
		}
	}
}

// appName makes app_name the name of the pipeline, or that of the application
// beside another name.
func (m *migration) appName() {
	for _, mem := range m.root.find("app_name") {
		k := mem.keys[0]
		switch g := m.group(k.at, k.name); {
		case len(mem.keys) > 1:
		case !m.named():
			m.rename(g, k, "name")
		case m.format == FormatHOCON:
			m.rename(g, k, "spark", "app_name")
		case m.canNest():
			m.nest(g, mem, k, "spark", "app_name")
		default:
			m.leaveAtRoot(g, k, "app_name")
		}
	}
}

// rootConf moves spark_conf into the block spark.
func (m *migration) rootConf() {
	for _, mem := range m.root.find("spark_conf") {
		k := mem.keys[0]
		g := m.group(k.at, k.name)
		if m.format != FormatHOCON && (!m.canNest() || len(m.root.find("app_name")) > 0 && m.named()) {
			m.leaveAtRoot(g, k, "spark_conf")
			continue
		}
		m.nest(g, mem, k, "spark", "spark_conf")
	}
}

// leaveAtRoot is for a key that has a better place, to which it cannot be moved.
func (m *migration) leaveAtRoot(g *group, k outKey, name string) {
	if k.name != name {
		m.rename(g, k, name)
	}
	m.note(k.at, "%s: left at the root, where it is still read: the block spark is the place for it", k.name)
}

// named reports whether the pipeline has a name beside app_name.
func (m *migration) named() bool { return len(m.root.find("name"))+len(m.root.find("pipeline")) > 0 }

// canNest reports whether a block spark can be made at the root.
func (m *migration) canNest() bool { return len(m.root.find("spark")) == 0 && !m.root.flow }

// includes notes the files that this one includes.
func (m *migration) includes(b *outBlock) {
	const text = "the included file is not rewritten: migrate it too"
	for _, off := range b.includes {
		m.note(off, text)
	}
	if b == m.root && m.format != FormatHOCON {
		for _, mem := range b.find("include") {
			m.note(mem.keys[0].at, text)
		}
	}
	for _, mem := range b.members {
		for _, inner := range mem.value.blocks {
			if inner != m.root && m.format == FormatHOCON {
				m.includes(inner)
			}
		}
	}
}

// needless notes what may be left out.
func (m *migration) needless() {
	if n := len(m.described); n > 0 {
		m.note(slices.Min(m.described), "component_type describes and has no effect; %s", countOf(n, "component has it", "components have it"))
	}
	for _, mem := range m.root.find("mode") {
		if mem.value.literal && strings.EqualFold(mem.value.text, "batch") {
			m.note(mem.keys[0].at, "mode: batch is the default and may be left out")
		}
	}
	for _, spark := range m.root.find("spark") {
		b := spark.value.block()
		if b == nil || literalOf(b, "remote", "connect_string") == "" {
			continue
		}
		for _, mem := range b.find("master") {
			m.note(mem.keys[0].at, "spark.%s is not used when there is a remote", mem.keys[0].name)
		}
	}
}
