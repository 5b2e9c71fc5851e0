package config

import (
	"fmt"
	"strings"
)

// elderBlock rewrites the root block "pipeline" of the elder form: its members
// become members of the root.
type elderBlock struct {
	*migration
	g *group
	// reasons are why the block stays, with their places.
	reasons []reason
	// steps are the blocks of the components.
	steps []*outBlock
	// shared are the keys that a pipeline has for all components.
	shared []string
}

type reason struct {
	at   int
	text string
}

func (m *migration) elder() {
	found := m.root.find("pipeline")
	if len(found) == 0 {
		return
	}
	at := found[0].keys[0].at
	e := &elderBlock{migration: m, g: &group{at: at, what: found[0].keys[0].name}}
	notes := len(m.notes)
	for _, mem := range found {
		e.block(mem)
	}
	e.share()
	m.dedented = 0
	if len(e.reasons) == 0 {
		m.groups = append(m.groups, e.g)
		return
	}
	m.notes = m.notes[:notes]
	for _, why := range e.reasons {
		m.note(why.at, "the block pipeline is left as it is and runs as before: %s", why.text)
	}
}

func (e *elderBlock) leave(at int, text string) { e.reasons = append(e.reasons, reason{at, text}) }

// block takes one appearance of the key "pipeline".
func (e *elderBlock) block(mem *outMember) {
	k := mem.keys[0]
	if len(mem.keys) > 1 {
		inner := mem.keys[1]
		inner.from, inner.quote = k.from, 0
		e.member(mem, append([]outKey{inner}, mem.keys[2:]...))
		return
	}
	b := mem.value.block()
	switch {
	case b == nil || k.from < 0:
		e.leave(k.at, "it is not one plain block")
		return
	case len(b.members) == 0:
		e.leave(k.at, "it is empty")
		return
	case len(b.includes) > 0:
		e.leave(b.includes[0], "it includes a file")
		return
	case e.format == FormatYAML && (b.flow || e.root.flow):
		e.leave(k.at, "it is written in braces")
		return
	}
	if e.format == FormatYAML {
		e.dedent(mem, b)
	}
	for _, inner := range b.members {
		e.member(inner, inner.keys)
	}
	if e.format != FormatYAML {
		e.unwrap(mem, b) // a comma that it puts behind the last value comes last there
	}
}

// unwrap removes the key and the braces.
func (e *elderBlock) unwrap(mem *outMember, b *outBlock) {
	k := mem.keys[0]
	if between := e.src[k.to:b.open]; strings.Trim(between, " \t\r\n:=") == "" {
		e.remove(e.g, k.from, b.open+1)
	} else {
		e.remove(e.g, k.from, k.to+len(between)-len(strings.TrimLeft(between, " \t:=")))
		e.remove(e.g, b.open, b.open+1)
	}
	after := b.end + 1
	after += len(e.src[after:]) - len(strings.TrimLeft(e.src[after:], " \t"))
	last := b.members[len(b.members)-1].value.to
	switch comma := strings.HasPrefix(e.src[after:], ","); {
	case comma && e.format == FormatJSON:
		e.replace(e.g, last, last, ",")
		e.remove(e.g, b.end, after+1)
	case comma && strings.ContainsAny(e.src[last:b.end], ",\n"):
		e.remove(e.g, b.end, after+1)
	default:
		e.remove(e.g, b.end, b.end+1)
	}
}

// dedent removes the key and moves the lines below it to the root.
func (e *elderBlock) dedent(mem *outMember, b *outBlock) {
	k := mem.keys[0]
	line := e.line(k.from)
	rest := e.src[k.to:e.lineEnd(line)]
	if trimmed := strings.TrimSpace(strings.TrimPrefix(rest, ":")); trimmed != "" && trimmed[0] != '#' {
		e.leave(k.at, "more than its key stands on its line")
		return
	}
	e.remove(e.g, k.from, k.to+1)
	first := b.members[0].keys[0].at
	e.dedented = first - e.lines[e.line(first)] - (k.from - e.lines[line])
	for line++; line <= mem.lastLine; line++ {
		begin := e.lines[line]
		text := e.src[begin:e.lineEnd(line)]
		if n := min(e.dedented, len(text)-len(strings.TrimLeft(text, " "))); n > 0 {
			e.replace(e.g, begin, begin+n, "")
		}
	}
}

// member takes one key of the block.
func (e *elderBlock) member(mem *outMember, keys []outKey) {
	k := keys[0]
	switch name := normalKey(k.name); name {
	case "pipeline_name":
		e.rename(e.g, k, "name")
	case "pipeline_components":
		e.rename(e.g, k, "components")
		e.components(mem)
	case "fail_fast":
		e.failFast(mem, k)
	case "checkpoint":
		e.rename(e.g, k, "checkpoint")
		e.migration.member(e.g, mem, keys[1:], &rules{})
		e.checkpoint(mem, len(keys) == 1)
	case "retry_policy", "circuit_breaker":
		e.policy(mem, keys)
	case "schema_validation":
		e.rename(e.g, k, "schema_validation")
		e.migration.member(e.g, mem, keys[1:], &rules{})
	default:
		e.leave(k.at, k.name+" has no place outside of it")
	}
}

func (e *elderBlock) components(mem *outMember) {
	e.eachBlock(&mem.value, func(b *outBlock) {
		e.steps = append(e.steps, b)
		for _, inner := range b.members {
			e.migration.member(e.g, inner, inner.keys, instanceRules)
		}
		e.step(e.g, b, "instance_type")
		for _, own := range b.find("retry_policy") {
			if len(own.keys) == 1 {
				e.attempts(own.value.block())
			}
		}
	})
}

// attempts writes the default number of attempts of the elder form, which is not
// ours.
func (e *elderBlock) attempts(b *outBlock) {
	if b == nil {
		return
	}
	for _, key := range []string{"max_retries", "max_attempts", "preset", "<<"} {
		if len(b.find(key)) > 0 {
			return
		}
	}
	e.prepend(e.g, b, "max_attempts", "4")
}

func (e *elderBlock) failFast(mem *outMember, k outKey) {
	if e.format != FormatHOCON && (len(e.root.find("runner")) > 0 || e.format == FormatYAML && mem.value.to == mem.value.from) {
		e.leave(k.at, "fail-fast belongs to the block runner: move it there by hand")
		return
	}
	e.nest(e.g, mem, k, "runner", "fail_fast")
}

// checkpoint writes the defaults of the elder form, which are not ours.
func (e *elderBlock) checkpoint(mem *outMember, whole bool) {
	b := mem.value.block()
	if !whole || b == nil {
		return
	}
	enabled := b.find("enabled")
	if len(b.find("cleanup_on_success")) == 0 && len(enabled) > 0 && literalOf(b, "enabled") != "false" {
		e.prepend(e.g, b, "cleanup_on_success", "true")
	}
	if len(enabled) == 0 {
		e.prepend(e.g, b, "enabled", "false")
	}
}

// policy makes what holds for all components a variable of the file that each of
// them names.
func (e *elderBlock) policy(mem *outMember, keys []outKey) {
	k := keys[0]
	name, r := "retry", retryRules
	if normalKey(k.name) == "circuit_breaker" {
		name, r = "circuit_breaker", breakerRules
	}
	if e.format != FormatHOCON {
		e.leave(k.at, k.name+" is for all components: write it into each of them")
		return
	}
	for _, vars := range e.root.find("vars") {
		if b := vars.value.block(); len(vars.keys) > 1 && normalKey(vars.keys[1].name) == name || b != nil && len(b.find(name)) > 0 {
			e.leave(k.at, "vars."+name+" exists already")
			return
		}
	}
	e.rename(e.g, k, "vars", name)
	e.migration.member(e.g, mem, keys[1:], r)
	if name == "retry" && len(keys) == 1 {
		e.attempts(mem.value.block())
	}
	e.shared = append(e.shared, name)
	e.g.notes = append(e.g.notes, e.noteAt(k.at, fmt.Sprintf("%s of the pipeline is now vars.%s, which each component names", k.name, name)))
}

// share lets each component name the variables for all.
func (e *elderBlock) share() {
	names := map[string]bool{}
	for _, name := range e.shared {
		if names[name] {
			continue
		}
		names[name] = true
		for _, b := range e.steps {
			if name == "retry" && len(b.find("retry_policy")) > 0 || len(b.members) == 0 {
				continue
			}
			e.prepend(e.g, b, name, "${vars."+name+"}")
		}
	}
}
