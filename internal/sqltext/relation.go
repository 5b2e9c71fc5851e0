package sqltext

// relations reads relations with commas and joins between them, and returns the
// place of what follows them.
func (p *parser) relations(i, end int) int {
	for p.fault == "" {
		i = p.relation(i, end)
		separated := false
		for i < end && p.fault == "" && !separated {
			switch key := p.key(i); {
			case key == "(" || key == "[":
				p.content(i+1, p.tokens[i].mate)
				i = p.tokens[i].mate + 1
			case key == "," || key == "JOIN":
				separated = true
				i++
			case p.endsRelations(i, end):
				return i
			default:
				i++
			}
		}
		if !separated {
			return i
		}
	}
	return end
}

// endsRelations reports whether a clause begins here that no relation follows.
func (p *parser) endsRelations(i, end int) bool {
	switch p.key(i) {
	case "|>":
		return true
	case "UNION", "EXCEPT", "MINUS", "INTERSECT":
		_, begins := p.setOperation(i, end)
		return begins
	case "GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE":
		return p.key(i+1) == "BY"
	case "SELECT", "WHERE", "HAVING", "LIMIT", "OFFSET", "QUALIFY":
		return p.startsOperand(i+1, end)
	case "MAP", "REDUCE":
		return p.isPart(i+1, end) && p.usesScript(i+1, end)
	case "INSERT":
		return p.key(i+1) == "INTO" || p.key(i+1) == "OVERWRITE"
	case "WINDOW":
		return p.key(i+2) == "AS"
	case "LATERAL":
		return p.key(i+1) == "VIEW"
	}
	return false
}

// startsOperand reports whether an expression can begin here. Otherwise the word
// before is an alias.
func (p *parser) startsOperand(i, end int) bool {
	if i >= end {
		return false
	}
	if p.tokens[i].kind != kindPunctuation {
		switch key := p.key(i); key {
		case "JOIN", "ON", "USING", "AS", "INNER", "CROSS", "NATURAL", "TABLESAMPLE", "WHERE", "UNION":
			return false
		case "LEFT", "RIGHT", "FULL", "SEMI", "ANTI":
			return p.key(i+1) == "("
		}
		return true
	}
	switch p.key(i) {
	case "(", "-", "+", "~", "!", ":", "?", "*", "/*+":
		return true
	}
	return false
}

// relation reads one relation without its alias.
func (p *parser) relation(i, end int) int {
	if p.key(i) == "LATERAL" {
		i++
	}
	if i >= end {
		p.fail(i)
		return end
	}
	switch key := p.key(i); {
	case key == "(":
		p.group(i+1, p.tokens[i].mate)
		return p.tokens[i].mate + 1
	case key == "VALUES" && i+1 < end && p.startsOperand(i+1, end):
		return p.values(i+1, end)
	case key == "STREAM" && i+1 < end && p.key(i+1) == "(":
		name, next := p.name(i+2, p.tokens[i+1].mate)
		if p.note(name); next != p.tokens[i+1].mate {
			p.fail(next)
		}
		return p.tokens[i+1].mate + 1
	case key == "STREAM" && p.isPart(i+1, end) && !structural[p.key(i+1)] && !p.endsRelations(i+1, end) && !p.joins(i+1):
		i++
	}
	name, next := p.name(i, end)
	if next < end && p.key(next) == "(" && p.tokens[next-1].kind != kindPunctuation {
		p.function(name)
		return next
	}
	p.note(name)
	return next
}

// joins reports whether the word here can only introduce a join.
func (p *parser) joins(i int) bool {
	switch p.key(i) {
	case "LEFT", "RIGHT", "FULL", "SEMI", "ANTI", "TABLESAMPLE", "PIVOT", "UNPIVOT":
		return true
	}
	return false
}

// group reads what stands in brackets in the place of a relation: a query, or
// relations, of which the first can also be the first operand of a UNION.
func (p *parser) group(i, end int) {
	if p.startsQuery(i, end) {
		p.content(i, end)
		return
	}
	if !p.enter() {
		return
	}
	defer p.leave()
	p.body(p.relations(i, end), end, false)
}

// values moves over the rows of VALUES up to the alias.
func (p *parser) values(i, end int) int {
	operand := false
	for i < end && p.fault == "" {
		key := p.key(i)
		if operand && (key == "AS" || p.isPart(i, end) && !operators[key]) || p.endsRelations(i, end) {
			return i
		}
		operand = p.tokens[i].kind != kindPunctuation && !operators[key] || key == "(" || key == "["
		if key == "(" || key == "[" {
			p.content(i+1, p.tokens[i].mate)
			i = p.tokens[i].mate
		}
		i++
	}
	return i
}

// operators are the words between two operands, before one or within one, which
// are no alias.
var operators = map[string]bool{
	"AND": true, "OR": true, "NOT": true, "IN": true, "IS": true, "LIKE": true, "ILIKE": true, "RLIKE": true,
	"REGEXP": true, "BETWEEN": true, "DIV": true, "CASE": true, "WHEN": true, "THEN": true, "ELSE": true,
	"COLLATE": true, "INTERVAL": true, "DATE": true, "TIMESTAMP": true, "TIMESTAMP_NTZ": true,
	"TIMESTAMP_LTZ": true, "X": true, "ESCAPE": true, "DISTINCT": true, "FROM": true,
}

// generators are the table functions of Spark, which read nothing.
var generators = map[string]bool{
	"range": true, "explode": true, "explode_outer": true, "posexplode": true, "posexplode_outer": true,
	"inline": true, "inline_outer": true, "stack": true, "json_tuple": true, "variant_explode": true,
	"variant_explode_outer": true, "sql_keywords": true, "collations": true,
}

// function notes a table function.
func (p *parser) function(name Name) {
	if len(name) != 1 || !generators[Fold(name[0])] {
		p.unsure = true
	}
}
