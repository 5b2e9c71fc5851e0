package sqltext

import (
	"fmt"
	"strings"
)

// Parse reads one statement of Spark SQL. It never fails: what is not understood
// is no query and not complete. Time and memory grow with the length of the text.
//
// Names compare without regard to case, as Spark does by default. A common table
// expression is in force behind its own query, and already in it after RECURSIVE.
//
// Query is also false for texts that Spark changes before it reads them, because
// they hold "${", and for those that can act when they are analysed: calls of
// java_method, reflect and try_reflect, and IDENTIFIER of an expression.
//
// Repeatable are an INSERT OVERWRITE, a CREATE OR REPLACE and a MERGE that do not
// read what they write, and statements that a second run refuses or that find
// nothing left to do: CREATE, DROP, TRUNCATE, DELETE, ALTER, the settings of the
// session. A MERGE counts as repeatable although one can be written that is not;
// it does not when its condition names no column or when an UPDATE in it computes
// with the target. An UPDATE is repeatable when it sets constants only.
func Parse(query string) Statement {
	tokens, fault := tokenize(query)
	if isFreeText(tokens) {
		verb := tokens[0].key
		return Statement{Verb: verb, Reason: reason(verb), Complete: true, Repeatable: true}
	}
	main, several := single(tokens)
	p := &parser{tokens: main}
	st := p.statement()
	switch {
	case strings.Contains(query, "${"):
		fault = "it holds ${...}, which Spark replaces before it reads the text"
	case fault != "":
	case several:
		fault = "it holds several statements"
	case len(main) == 0:
		fault = "it is empty"
	case st.Query:
		fault = p.fault
	}
	if fault != "" || p.fault != "" {
		st.Complete, st.Repeatable = false, false
	}
	if fault == "" && st.Query {
		fault = acts(main)
	}
	if fault != "" {
		st.Query, st.Reason, st.Repeatable = false, fault, false
	}
	return st
}

// isFreeText reports whether a statement is one of those in which any text may
// follow the first words, and that touch no data whatever that is.
func isFreeText(tokens []token) bool {
	if len(tokens) == 0 {
		return false
	}
	switch tokens[0].key {
	case "RESET", "ADD", "LIST", "REFRESH":
		return true
	case "SET":
		return len(tokens) == 1 || tokens[1].key != "VAR" && tokens[1].key != "VARIABLE" && tokens[1].key != "("
	}
	return false
}

// single cuts the semicolon off that may stand at the end. It reports whether
// there is more behind the first one; of such a text only the first statement is
// looked at.
func single(tokens []token) ([]token, bool) {
	for i, t := range tokens {
		if t.key == ";" {
			return tokens[:i], i+1 < len(tokens)
		}
	}
	return tokens, false
}

// acting are the functions that call any method of Java, which the analysis of a
// query can do already.
var acting = map[string]bool{"java_method": true, "reflect": true, "try_reflect": true}

// acts returns why a query can act while it is analysed, or nothing.
func acts(tokens []token) string {
	for i, t := range tokens {
		if i+1 >= len(tokens) || tokens[i+1].key != "(" {
			continue
		}
		if (t.kind == kindWord || t.kind == kindQuoted || t.double) && acting[Fold(t.text)] {
			return fmt.Sprintf("it calls %s, which runs code of the server", Fold(t.text))
		}
		if t.key != "IDENTIFIER" {
			continue
		}
		if fault := identifies(tokens, i+1, tokens[i+1].mate); fault != "" {
			return fault
		}
	}
	return ""
}

// identifies looks at the argument of IDENTIFIER.
func identifies(tokens []token, open, mate int) string {
	call := mate+1 < len(tokens) && tokens[mate+1].key == "("
	switch arg := tokens[open+1 : mate]; {
	case len(arg) == 1 && arg[0].kind == kindString:
		for name := range acting {
			if strings.Contains(Fold(arg[0].text), name) {
				return fmt.Sprintf("it calls %s, which runs code of the server", name)
			}
		}
		if call && arg[0].escaped {
			return "it calls a function by a name that is not known"
		}
		return ""
	case len(arg) == 1 && arg[0].key == "?", len(arg) == 2 && arg[0].key == ":" && arg[1].kind == kindWord:
		if call {
			return "it calls a function by a name that is not known"
		}
		return ""
	}
	return "it holds IDENTIFIER with an expression, which runs when it is analysed"
}

// statement finds out what the statement is and goes on with it. Where brackets
// are not closed it only looks at the verb.
func (p *parser) statement() Statement {
	for i, t := range p.tokens {
		if closers[t.key] != "" && (t.mate < i || t.mate >= len(p.tokens)) {
			p.fault = "a bracket is not closed"
		}
	}
	i, end := 0, len(p.tokens)
	if p.fault != "" {
		return Statement{Verb: p.firstWord(), Reason: p.fault}
	}
	i, names := p.expressions(0, end)
	defer p.unbind(names)
	switch verb := p.key(i); verb {
	case "SELECT", "VALUES", "TABLE", "MAP", "REDUCE", "(":
	case "FROM":
		if p.insertAt(i, end) < end {
			return p.command("INSERT", i, end)
		}
	default:
		if p.fault != "" {
			return Statement{Verb: p.firstWord(), Reason: p.fault}
		}
		return p.command(verb, i, end)
	}
	p.whole(i, end)
	return Statement{
		Query: p.fault == "", Reason: p.fault, Verb: p.head, Reads: p.reads,
		Complete: p.fault == "" && !p.unsure, Repeatable: true,
	}
}

// firstWord returns the first word behind opening brackets.
func (p *parser) firstWord() string {
	for _, t := range p.tokens {
		if t.key != "(" {
			if t.kind == kindWord {
				return t.key
			}
			break
		}
	}
	return ""
}

// whole reads a query that must begin at once, perhaps in brackets.
func (p *parser) whole(i, end int) {
	inner := i
	for inner < end && p.key(inner) == "(" {
		inner++
	}
	if !p.startsQuery(inner, end) {
		p.fail(inner)
		return
	}
	if p.content(i, end); p.head == "" {
		p.fail(inner)
	}
}

// insertAt returns where INSERT INTO or INSERT OVERWRITE stands outside of
// brackets, or the end.
func (p *parser) insertAt(i, end int) int {
	for i < end {
		if p.key(i) == "INSERT" && (p.key(i+1) == "INTO" || p.key(i+1) == "OVERWRITE") {
			return i
		}
		i = p.behind(i)
	}
	return end
}
