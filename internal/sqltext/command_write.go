package sqltext

// insert reads INSERT, and FROM with one or several INSERTs behind it.
func (c *command) insert() {
	if c.accept("FROM") {
		c.at = c.relations(c.at, c.end)
		for c.at < c.end && c.fault == "" {
			if c.key(c.at) != "INSERT" {
				c.at = c.insertAt(c.at, c.end)
				continue
			}
			c.at++
			c.insertOne(c.insertAt(c.at, c.end))
		}
		return
	}
	c.insertOne(c.end)
}

// insertOne reads one INSERT behind its first word.
func (c *command) insertOne(end int) {
	overwrites := c.accept("OVERWRITE")
	if !overwrites && !c.accept("INTO") {
		c.fail(c.at)
		return
	}
	c.accept("LOCAL")
	switch {
	case c.accept("DIRECTORY"):
		path, ok := c.folder()
		c.writes = append(c.writes, Target{Folder: path})
		c.incomplete = c.incomplete || !ok // the path is among the options
	default:
		c.accept("TABLE")
		c.target(false)
	}
	if c.key(c.at) == "REPLACE" {
		overwrites = true
		c.replaced(end)
	}
	c.repeats = c.repeats || !overwrites
	if c.fault == "" && !c.query(end) {
		c.fail(end)
	}
}

// replaced moves over REPLACE WHERE and its condition, up to the query.
func (c *command) replaced(end int) {
	for i := c.at + 1; i < end; i = c.behind(i) {
		if c.key(i) != "(" && c.opensQuery(i, end) {
			c.expression(i)
			return
		}
	}
}

// update reads UPDATE, which is repeatable when it sets constants.
func (c *command) update() {
	c.target(false)
	if c.fault != "" || !c.seek("SET") {
		c.fail(c.end)
		return
	}
	value := false
	for i := c.at + 1; i < c.end && c.key(i) != "WHERE"; i = c.behind(i) {
		switch t := c.tokens[i]; {
		case t.key == "=":
			value = true
		case t.key == ",":
			value = false
		case value && !isConstant(t):
			c.repeats = true
		}
	}
	c.expression(c.end)
}

// isConstant reports whether a token can be part of a constant.
func isConstant(t token) bool {
	switch t.kind {
	case kindString, kindNumber:
		return true
	case kindWord:
		return t.key == "TRUE" || t.key == "FALSE" || t.key == "NULL" || t.key == "DATE" || t.key == "TIMESTAMP" ||
			t.text[0] >= '0' && t.text[0] <= '9'
	}
	return t.key == "-" || t.key == "+"
}

// merge reads MERGE INTO.
func (c *command) merge() {
	c.accept("WITH", "SCHEMA", "EVOLUTION")
	c.accept("INTO")
	target := c.target(false)
	if c.fault != "" || !c.seek("USING") {
		c.fail(c.end)
		return
	}
	alias := c.tokens[c.at-1].text
	c.at = c.relation(c.at+1, c.end)
	if c.fault != "" || !c.seek("ON") {
		c.fail(c.end)
		return
	}
	condition := c.at + 1
	actions := c.end
	if c.seek("WHEN") {
		actions = c.at
	}
	c.repeats = !c.hasColumn(condition, actions) || c.computes(actions, alias, target)
	c.at = condition
	c.expression(c.end)
}

// hasColumn reports whether an expression names anything.
func (c *command) hasColumn(i, end int) bool {
	for ; i < end; i++ {
		t := c.tokens[i]
		if t.kind == kindQuoted || t.kind == kindWord && !isConstant(t) && !operators[t.key] {
			return true
		}
	}
	return false
}

// computes reports whether an UPDATE in a MERGE sets a column to something that
// names the target.
func (c *command) computes(i int, alias string, target Name) bool {
	value := false
	for ; i < c.end; i++ {
		switch t := c.tokens[i]; {
		case t.key == "=":
			value = true
		case t.key == "WHEN" || t.key == "," || t.key == "THEN":
			value = false
		case value && c.key(i+1) == "." && (t.kind == kindWord || t.kind == kindQuoted):
			if Fold(t.text) == Fold(alias) || len(target) > 0 && Fold(t.text) == Fold(target[len(target)-1]) {
				return true
			}
		}
	}
	return false
}

// load reads LOAD DATA, which moves the files away.
func (c *command) load() {
	c.repeats = true
	if !c.seek("INPATH") {
		c.fail(c.end)
		return
	}
	c.at++
	if path, ok := c.folder(); ok {
		c.read(Name{"", path})
	}
	if !c.seek("TABLE") {
		c.fail(c.end)
		return
	}
	c.at++
	c.target(false)
}
