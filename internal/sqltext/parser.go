package sqltext

import "fmt"

// maxDepth is how deep brackets may be nested. Spark's own parser gives up
// earlier.
const maxDepth = 1000

// parser walks over the tokens of one statement and gathers what it names. It
// goes down only where a name can stand: relations, common table expressions,
// subqueries. Expressions are passed over token by token.
type parser struct {
	tokens []token
	reads  []Name
	seen   map[string]bool
	// bound counts the common table expressions of a name that are in force.
	bound map[string]int
	depth int
	// head is the keyword with which the first query outside of common table
	// expressions begins.
	head string
	// scripts is where the next USING with a literal stands before an end, or the
	// end.
	scripts map[int]int
	// unsure is set when there may be reads that are not known.
	unsure bool
	// fault says why the statement is not understood.
	fault string
}

// key returns an unquoted word in upper case or a sign, and nothing for other
// tokens, places outside, and words that follow a point: those are names.
func (p *parser) key(i int) string {
	if i < 0 || i >= len(p.tokens) {
		return ""
	}
	t := p.tokens[i]
	if t.kind == kindWord && i > 0 && p.tokens[i-1].key == "." {
		return ""
	}
	return t.key
}

// fail keeps the first place that is not understood.
func (p *parser) fail(i int) {
	if p.fault != "" {
		return
	}
	if i >= len(p.tokens) {
		p.fault = "it ends too early"
		return
	}
	p.fault = fmt.Sprintf("it is not understood at %q", p.tokens[i].text)
}

// read notes that a relation is read.
func (p *parser) read(name Name) {
	if len(name) == 1 && p.bound[Fold(name[0])] > 0 {
		return
	}
	key := Fold(name.String())
	if p.seen[key] {
		return
	}
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	p.seen[key] = true
	p.reads = append(p.reads, name)
}

// bind brings the name of a common table expression in force.
func (p *parser) bind(name string) {
	if p.bound == nil {
		p.bound = map[string]int{}
	}
	p.bound[Fold(name)]++
}

func (p *parser) unbind(names []string) {
	for _, name := range names {
		p.bound[Fold(name)]--
	}
}

// enter goes down one bracket. It reports false when that is too deep; every
// enter that reports true is followed by a leave.
func (p *parser) enter() bool {
	if p.fault != "" {
		return false
	}
	if p.depth == maxDepth {
		p.fault = "its brackets are nested too deeply"
		return false
	}
	p.depth++
	return true
}

func (p *parser) leave() { p.depth-- }

// structural words are never taken for the unquoted name of a relation.
var structural = map[string]bool{
	"SELECT": true, "FROM": true, "WHERE": true, "GROUP": true, "HAVING": true, "ORDER": true, "LIMIT": true,
	"UNION": true, "EXCEPT": true, "INTERSECT": true, "JOIN": true, "ON": true, "USING": true, "AS": true,
	"LATERAL": true, "SET": true, "INTO": true, "WHEN": true, "BY": true, "AND": true, "OR": true, "NOT": true,
	"INNER": true, "CROSS": true, "NATURAL": true, "WITH": true,
}

// isPart reports whether a part of a name stands here. Text in double quotes is
// one where the server is set so.
func (p *parser) isPart(i, end int) bool {
	if i >= end {
		return false
	}
	t := p.tokens[i]
	return t.kind == kindWord || t.kind == kindQuoted || t.kind == kindString && t.double
}

// name reads a name. It is nil when a marker or an escape keeps it from being
// known. It fails where no name stands.
func (p *parser) name(i, end int) (Name, int) {
	var name Name
	known := true
	for {
		if !p.isPart(i, end) || structural[p.key(i)] {
			p.fail(i)
			return nil, end
		}
		if p.tokens[i].key == "IDENTIFIER" && i+1 < end && p.tokens[i+1].key == "(" {
			parts := p.identifier(i)
			known = known && parts != nil
			name, i = append(name, parts...), p.tokens[i+1].mate+1
		} else {
			name, i = append(name, p.tokens[i].text), i+1
		}
		if i+1 >= end || p.tokens[i].key != "." {
			break
		}
		i++
	}
	if !known {
		p.unsure = true
		return nil, i
	}
	return name, i
}

// identifier returns the name that IDENTIFIER('a.b') stands for, or nil.
func (p *parser) identifier(i int) Name {
	arg := p.tokens[i+2]
	if p.tokens[i+1].mate != i+3 || arg.kind != kindString || arg.escaped {
		return nil
	}
	return ParseName(arg.text)
}
