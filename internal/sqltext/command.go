package sqltext

import (
	"fmt"
	"slices"
	"strings"
)

// command is a statement that is no query, read from left to right.
type command struct {
	*parser
	at, end int
	writes  []Target
	// incomplete is set for statements of which it is not known what they do.
	incomplete bool
	// repeats is set when a second run can do the work again.
	repeats bool
}

// command reads a statement that is no query.
func (p *parser) command(verb string, i, end int) Statement {
	c := &command{parser: p, at: i, end: end}
	if p.key(i) == verb {
		c.at++
	}
	c.run(verb)
	st := Statement{
		Verb: verb, Reason: reason(verb), Reads: p.reads, Writes: c.writes,
		Complete: !c.incomplete && !p.unsure && p.fault == "",
	}
	st.Repeatable = st.Complete && !c.repeats && !c.readsTarget()
	switch {
	case verb == "" && end == i:
		st.Reason = "it ends too early"
	case verb == "":
		st.Reason = fmt.Sprintf("it begins with %q, which is no query", p.tokens[i].text)
	}
	return st
}

// run reads on by the verb.
func (c *command) run(verb string) {
	switch verb {
	case "INSERT":
		c.insert()
	case "CREATE", "REPLACE":
		c.create()
	case "MERGE":
		c.merge()
	case "UPDATE":
		c.update()
	case "DELETE":
		c.accept("FROM")
		c.target(false)
		c.expression(c.end)
	case "DROP":
		c.drop()
	case "ALTER":
		c.alter()
	case "CACHE":
		c.cache()
	case "LOAD":
		c.load()
	case "TRUNCATE", "MSCK", "REPAIR":
		c.accept("REPAIR")
		c.accept("TABLE")
		c.target(false)
	default:
		c.look(verb)
	}
}

// look reads statements that change no data.
func (c *command) look(verb string) {
	switch verb {
	case "EXPLAIN", "DESCRIBE", "DESC":
		c.explain()
	case "ANALYZE":
		if c.accept("TABLE") {
			c.source()
		}
	case "SET":
		c.expression(c.end)
	case "USE", "SHOW", "UNCACHE", "CLEAR", "COMMENT":
	default:
		c.incomplete = true
	}
}

// accept moves over words if they stand here.
func (c *command) accept(words ...string) bool {
	for i, word := range words {
		if c.at+i >= c.end || c.key(c.at+i) != word {
			return false
		}
	}
	c.at += len(words)
	return true
}

// seek moves to the next place outside of brackets where one of the words
// stands. It reports false, and stays, when there is none.
func (c *command) seek(words ...string) bool {
	for i := c.at; i < c.end; i = c.behind(i) {
		if slices.Contains(words, c.key(i)) {
			c.at = i
			return true
		}
	}
	return false
}

// target reads the name of what is written.
func (c *command) target(view bool) Name {
	name, next := c.name(c.at, c.end)
	c.at = next
	if name != nil {
		c.writes = append(c.writes, Target{Name: name, View: view})
	}
	return name
}

// source reads the name of what is read.
func (c *command) source() {
	name, next := c.name(c.at, c.end)
	c.at = next
	c.note(name)
}

// folder reads a literal that names a folder.
func (c *command) folder() (string, bool) {
	if c.at >= c.end || c.tokens[c.at].kind != kindString {
		return "", false
	}
	c.at++
	return c.tokens[c.at-1].text, true
}

// expression reads expressions up to a place.
func (c *command) expression(end int) {
	if c.fault == "" && c.at < end {
		c.body(c.at, end, false)
	}
	c.at = end
}

// query reads the query that begins at the first place outside of brackets where
// one can, if there is one before the end.
func (c *command) query(end int) bool {
	for i := c.at; i < end && c.fault == ""; i = c.behind(i) {
		if c.opensQuery(i, end) {
			c.content(i, end)
			c.at = end
			return true
		}
	}
	return false
}

// opensQuery reports whether a query begins here, perhaps in brackets.
func (c *command) opensQuery(i, end int) bool {
	if c.key(i) == "WITH" { // else options or the binding of a view
		return c.isPart(i+1, end) && c.key(i+1) != "SCHEMA"
	}
	inner := i
	for inner < end && c.key(inner) == "(" {
		inner++
	}
	if inner > i && (c.key(inner+1) == "," || c.key(inner+1) == ")") {
		return false // a column of that name
	}
	return c.startsQuery(inner, end)
}

// readsTarget reports whether something is read that is written too.
func (c *command) readsTarget() bool {
	for _, target := range c.writes {
		for _, read := range c.reads {
			path, isPath := read.Path()
			if target.Folder != "" && isPath && strings.TrimRight(path, "/") == strings.TrimRight(target.Folder, "/") {
				return true
			}
			if target.Name != nil && target.Name.covers(read) {
				return true
			}
		}
	}
	return false
}
