package sqltext

// content reads what stands in brackets, or a whole query: a query with its
// common table expressions, or an expression with subqueries somewhere in it.
func (p *parser) content(i, end int) {
	if !p.enter() {
		return
	}
	defer p.leave()
	i, names := p.expressions(i, end)
	p.body(i, end, true)
	p.unbind(names)
}

// expressions reads WITH and its common table expressions, if they stand here,
// and leaves their names bound. A name binds behind its own query, or already in
// it after RECURSIVE.
func (p *parser) expressions(i, end int) (next int, names []string) {
	if p.key(i) != "WITH" || !p.isPart(i+1, end) {
		return i, nil
	}
	head := p.head
	defer func() { p.head = head }()
	i++
	recursive := p.key(i) == "RECURSIVE" && p.isPart(i+1, end) && p.key(i+1) != "AS"
	if recursive {
		i++
	}
	for p.fault == "" {
		if !p.isPart(i, end) {
			p.fail(i)
			break
		}
		name := p.tokens[i].text
		open := p.definition(i+1, end)
		if open < 0 {
			p.fail(i + 1)
			break
		}
		names = append(names, name)
		if recursive {
			p.bind(name)
		}
		p.content(open+1, p.tokens[open].mate)
		if !recursive {
			p.bind(name)
		}
		if i = p.tokens[open].mate + 1; i >= end || p.key(i) != "," {
			break
		}
		i++
	}
	return i, names
}

// definition returns the bracket with the query of a common table expression,
// or a negative number: behind a list of columns, a limit of the recursion and
// AS.
func (p *parser) definition(i, end int) int {
	if i < end && p.key(i) == "(" {
		if p.key(i) == "(" && !p.startsAfterColumns(i, end) {
			return i
		}
		i = p.tokens[i].mate + 1
	}
	if p.key(i) == "MAX" && p.key(i+1) == "RECURSION" && p.key(i+2) == "LEVEL" {
		i += 4
	}
	if p.key(i) == "AS" {
		i++
	}
	if i < end && p.key(i) == "(" {
		return i
	}
	return -1
}

// startsAfterColumns reports whether the brackets here are a list of columns, so
// that the query follows in others.
func (p *parser) startsAfterColumns(i, end int) bool {
	behind := p.tokens[i].mate + 1
	return behind < end && (p.key(behind) == "AS" || p.key(behind) == "(" || p.key(behind) == "MAX")
}

// body reads the parts of a query up to the end; begins says that a SELECT, a
// FROM or the like can stand at its start.
func (p *parser) body(i, end int, begins bool) {
	selecting := false
	for i < end && p.fault == "" {
		if begins {
			i, selecting = p.primary(i, end)
			begins = false
			continue
		}
		switch key := p.key(i); key {
		case "(", "[":
			p.content(i+1, p.tokens[i].mate)
			i = p.tokens[i].mate + 1
		case "/*+":
			i = p.tokens[i].mate + 1
		case "UNION", "EXCEPT", "MINUS", "INTERSECT":
			i, begins = p.setOperation(i, end)
			selecting = selecting && !begins
		case "|>":
			i, selecting = p.pipe(i+1, end), false
		case "FROM":
			if !selecting || p.isDistinctFrom(i) {
				i++
				continue
			}
			i, selecting = p.relations(i+1, end), false
		case "TABLE":
			i = p.tableArgument(i, end)
		default:
			i++
		}
	}
}

// primary reads how a query begins. It reports whether a FROM can follow.
func (p *parser) primary(i, end int) (next int, selecting bool) {
	if p.head == "" && p.startsQuery(i, end) {
		p.head = p.key(i)
	}
	switch {
	case !p.startsQuery(i, end):
		if p.key(i) == "TABLE" {
			return p.tableArgument(i, end), false
		}
		if p.key(i) == "(" || p.key(i) == "[" {
			p.content(i+1, p.tokens[i].mate)
			return p.tokens[i].mate + 1, false
		}
		if p.key(i) == "/*+" {
			return p.tokens[i].mate + 1, false
		}
		return i + 1, false
	case p.key(i) == "FROM":
		return p.relations(i+1, end), false
	case p.key(i) == "TABLE":
		name, next := p.name(i+1, end)
		p.note(name)
		return next, false
	case p.key(i) == "VALUES":
		return i + 1, false
	}
	if i+1 >= end || p.key(i+1) == "FROM" {
		p.fail(i + 1)
	}
	return i + 1, true
}

// note notes a name that was read, if it is known.
func (p *parser) note(name Name) {
	if name != nil {
		p.read(name)
	}
}

// startsQuery reports whether the word that stands here begins a query.
func (p *parser) startsQuery(i, end int) bool {
	if i >= end {
		return false
	}
	switch p.key(i) {
	case "SELECT":
		return true
	case "VALUES":
		return i+1 < end
	case "FROM": // TRIM(FROM x) is an expression
		return i+1 < end && (i < 2 || p.key(i-1) != "(" || p.key(i-2) != "TRIM")
	case "TABLE":
		return p.isPart(i+1, end) && !structural[p.key(i+1)]
	case "WITH":
		return p.isPart(i+1, end)
	case "MAP", "REDUCE":
		return p.usesScript(i+1, end)
	}
	return false
}

// usesScript reports whether USING and a literal stand here somewhere: MAP and
// REDUCE are functions too.
func (p *parser) usesScript(i, end int) bool {
	at, known := p.scripts[end]
	if known && at >= i {
		return at < end
	}
	for at = i; at < end; at = p.behind(at) {
		if p.key(at) == "USING" && at+1 < end && p.tokens[at+1].kind == kindString {
			break
		}
	}
	if p.scripts == nil {
		p.scripts = map[int]int{}
	}
	p.scripts[end] = at
	return at < end
}

// behind returns the place behind a token, or behind the brackets that it opens.
func (p *parser) behind(i int) int {
	if mate := p.tokens[i].mate; mate > i {
		return mate + 1
	}
	return i + 1
}

// setOperation moves over UNION ALL and the like. It reports whether a query
// begins behind it; otherwise the word is a name, or the EXCEPT of "*".
func (p *parser) setOperation(i, end int) (next int, begins bool) {
	next = i + 1
	if p.key(next) == "ALL" || p.key(next) == "DISTINCT" {
		next++
	}
	if p.startsQuery(next, end) {
		return next, true
	}
	inner := next
	for inner < end && p.key(inner) == "(" {
		inner++
	}
	if inner > next && p.startsQuery(inner, end) {
		return next, true
	}
	return i + 1, false
}

// isDistinctFrom reports whether the FROM here belongs to IS DISTINCT FROM.
func (p *parser) isDistinctFrom(i int) bool {
	if p.key(i-1) != "DISTINCT" {
		return false
	}
	if not := p.key(i - 2); not == "NOT" || not == "!" {
		return p.key(i-3) == "IS"
	}
	return p.key(i-2) == "IS"
}

// tableArgument reads TABLE t and TABLE(t) among the arguments of a function.
// Elsewhere the word is a name.
func (p *parser) tableArgument(i, end int) int {
	switch p.key(i - 1) {
	case "(", ",", "=>":
	default:
		return i + 1
	}
	if i+1 < end && p.key(i+1) == "(" {
		mate := p.tokens[i+1].mate
		if p.startsQuery(i+2, mate) || p.key(i+2) == "(" || !p.isPart(i+2, mate) {
			return i + 1
		}
		name, _ := p.name(i+2, mate)
		p.note(name)
		return mate + 1
	}
	if !p.isPart(i+1, end) || structural[p.key(i+1)] {
		return i + 1
	}
	name, next := p.name(i+1, end)
	p.note(name)
	return next
}

// pipe reads what follows "|>": a join, or one of the other operators that Spark
// has.
func (p *parser) pipe(i, end int) int {
	if !pipes[p.key(i)] {
		p.fail(i)
		return end
	}
	for j := i; j < end; j++ {
		switch p.key(j) {
		case "NATURAL", "INNER", "CROSS", "LEFT", "RIGHT", "FULL", "OUTER", "SEMI", "ANTI":
		case "JOIN":
			return p.relations(j+1, end)
		default:
			return i
		}
	}
	return i
}

// pipes are the words that can follow "|>".
var pipes = map[string]bool{
	"SELECT": true, "EXTEND": true, "SET": true, "DROP": true, "AS": true, "WHERE": true, "PIVOT": true, "UNPIVOT": true,
	"TABLESAMPLE": true, "JOIN": true, "NATURAL": true, "INNER": true, "CROSS": true, "LEFT": true, "RIGHT": true,
	"FULL": true, "SEMI": true, "ANTI": true, "UNION": true, "EXCEPT": true, "MINUS": true, "INTERSECT": true,
	"ORDER": true, "SORT": true, "CLUSTER": true, "DISTRIBUTE": true, "WINDOW": true, "LIMIT": true, "OFFSET": true,
	"AGGREGATE": true,
}
