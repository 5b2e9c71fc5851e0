package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// edit replaces the bytes from..to of the text.
type edit struct {
	from, to int
	text     string
}

// group is a set of edits that are made together or not at all.
type group struct {
	// at is the place of the note when they are not made.
	at    int
	what  string
	edits []edit
	// notes are told when the edits are made.
	notes []Note
}

func (m *migration) group(at int, what string) *group {
	g := &group{at: at, what: what}
	m.groups = append(m.groups, g)
	return g
}

// replace adds an edit; the same edit twice is one.
func (m *migration) replace(g *group, from, to int, text string) {
	e := edit{from, to, text}
	if m.seen[e] {
		return
	}
	m.seen[e] = true
	g.edits = append(g.edits, e)
}

// remove deletes bytes, and the whole line when nothing else stands on it.
func (m *migration) remove(g *group, from, to int) {
	first, last := m.line(from), m.line(to)
	begin, end := m.lines[first], m.lineEnd(last)
	if strings.TrimSpace(m.src[begin:from]) == "" && strings.TrimSpace(m.src[to:end]) == "" {
		from, to = begin, end
	} else {
		for to < len(m.src) && (m.src[to] == ' ' || m.src[to] == '\t') {
			to++
		}
	}
	m.replace(g, from, to, "")
}

// rename gives a key another name. More than one name is a path, which HOCON
// alone can write.
func (m *migration) rename(g *group, k outKey, names ...string) {
	if k.from < 0 {
		m.note(k.at, "%s: rename the key to %s by hand: it is written in a way that is not rewritten", k.name, strings.Join(names, "."))
		return
	}
	text := strings.Join(names, ".")
	if k.quote != 0 && len(names) == 1 {
		text = string(k.quote) + text + string(k.quote)
	}
	m.replace(g, k.from, k.to, text)
}

// nest puts a member into a block outer at the root, under the name inner.
func (m *migration) nest(g *group, mem *outMember, k outKey, outer, inner string) {
	switch m.format {
	case FormatHOCON:
		m.rename(g, k, outer, inner)
	case FormatJSON:
		m.replace(g, k.from, k.to, strconv.Quote(outer)+": {"+strconv.Quote(inner))
		m.replace(g, mem.value.to, mem.value.to, "}")
	default:
		m.replace(g, k.from, k.to, outer+":"+m.newline()+m.rootIndent()+"  "+inner)
		for line := m.line(k.from) + 1; line <= mem.lastLine; line++ {
			if begin := m.lines[line]; begin < len(m.src) && m.src[begin] == ' ' {
				m.replace(g, begin, begin, "  ")
			}
		}
	}
}

// rootIndent is what stands before the keys at the root.
func (m *migration) rootIndent() string {
	first := m.root.members[0].keys[0].at
	return strings.Map(blank, m.src[m.lines[m.line(first)]:first])
}

// prepend puts a key before the first one of a block.
func (m *migration) prepend(g *group, b *outBlock, name, value string) {
	text := name + " = " + value
	switch m.format {
	case FormatJSON:
		text = strconv.Quote(name) + ": " + value
	case FormatYAML:
		text = name + ": " + value
	}
	if len(b.members) == 0 {
		m.replace(g, b.open+1, b.open+1, text)
		return
	}
	first := b.members[0].keys[0].at
	indent := m.src[m.lines[m.line(first)]:first]
	switch {
	case m.format == FormatYAML && !b.flow:
		text += m.newline() + strings.Map(blank, indent)[m.dedented:]
	case strings.TrimSpace(indent) == "":
		text += m.comma() + m.newline() + indent
	default:
		text += ", "
	}
	m.replace(g, first, first, text)
}

// blank keeps the width of what stands before a key, such as the dash of a list.
func blank(r rune) rune {
	if r == '\t' {
		return r
	}
	return ' '
}

// comma is what the format wants between two lines.
func (m *migration) comma() string {
	if m.format == FormatHOCON {
		return ""
	}
	return ","
}

func (m *migration) newline() string {
	if i := strings.IndexByte(m.src, '\n'); i > 0 && m.src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// apply makes the edits of groups.
func (m *migration) apply(groups []*group) string {
	edits := merged(groups)
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(m.src[at:e.from])
		b.WriteString(e.text)
		at = e.to
	}
	b.WriteString(m.src[at:])
	return b.String()
}

// merged are the edits of groups in the order of the text. What another edit has
// replaced already is left out.
func merged(groups []*group) []edit {
	var all []edit
	for _, g := range groups {
		all = append(all, g.edits...)
	}
	slices.SortStableFunc(all, func(a, b edit) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	out := all[:0]
	end := 0
	for _, e := range all {
		if e.from < end {
			continue
		}
		out = append(out, e)
		end = e.to
	}
	return out
}

// choose picks the groups that leave the meaning as it is: all of them if they do
// together, else one after the other.
func (m *migration) choose() ([]*group, error) {
	m.groups = slices.DeleteFunc(m.groups, func(g *group) bool { return len(g.edits) == 0 })
	if len(m.groups) == 0 {
		return nil, nil
	}
	before, err := m.meaning([]byte(m.src))
	if err != nil {
		return nil, err
	}
	if m.keeps(m.groups, before) {
		for _, g := range m.groups {
			m.notes = append(m.notes, g.notes...)
		}
		return m.groups, nil
	}
	var chosen []*group
	for _, g := range m.groups {
		if with := append(slices.Clone(chosen), g); m.keeps(with, before) {
			chosen = with
			m.notes = append(m.notes, g.notes...)
			continue
		}
		m.note(g.at, "%s: left as it is, because rewritten it would not mean the same: "+
			"a substitution, an included file or a path of keys has it in this spelling too", g.what)
	}
	return chosen, nil
}

// keeps reports whether the edits of groups leave the meaning as it is.
func (m *migration) keeps(groups []*group, before []meaning) bool {
	after, err := m.meaning([]byte(m.apply(groups)))
	return err == nil && m.same(before, after)
}
