package sqltext

// create reads CREATE and REPLACE.
func (c *command) create() {
	c.accept("OR", "REPLACE")
	c.accept("OR", "REFRESH")
	global := c.accept("GLOBAL")
	temporary := c.accept("TEMPORARY") || c.accept("TEMP")
	c.accept("EXTERNAL")
	switch {
	case c.accept("VIEW"):
		c.accept("IF", "NOT", "EXISTS")
		c.createView(global, temporary)
	case c.accept("TABLE"):
		c.accept("IF", "NOT", "EXISTS")
		c.createTable()
	case c.accept("FUNCTION"), c.accept("DATABASE"), c.accept("SCHEMA"), c.accept("NAMESPACE"):
	default:
		c.incomplete = true
	}
}

// createView reads what follows CREATE VIEW.
func (c *command) createView(global, temporary bool) {
	name := c.target(temporary)
	if global && len(name) == 1 {
		c.writes[len(c.writes)-1].Name = Name{"global_temp", name[0]}
	}
	if c.fault != "" {
		return
	}
	if temporary && c.seek("AS", "USING") && c.key(c.at) == "USING" {
		c.viewOfFile()
		return
	}
	if !c.seek("AS") {
		c.fail(c.end)
		return
	}
	c.at++
	if !c.query(c.end) {
		c.fail(c.at)
	}
}

// viewOfFile reads USING csv OPTIONS (path '/a').
func (c *command) viewOfFile() {
	c.at++
	format, next := c.name(c.at, c.end)
	c.at = next
	c.incomplete = true
	if len(format) == 0 || !c.accept("OPTIONS") || c.key(c.at) != "(" {
		return
	}
	end := c.tokens[c.at].mate
	for c.at++; c.at < end; c.at++ {
		if Fold(c.tokens[c.at].text) != "path" || c.key(c.at-1) != "(" && c.key(c.at-1) != "," {
			continue
		}
		c.at++
		c.accept("=")
		if path, ok := c.folder(); ok && formats[Fold(format[0])] {
			c.read(Name{format[0], path})
			c.incomplete = false
		}
	}
}

// createTable reads what follows CREATE TABLE.
func (c *command) createTable() {
	c.target(false)
	if c.fault != "" {
		return
	}
	if c.accept("LIKE") {
		c.source()
		return
	}
	if first := c.key(c.at + 1); c.key(c.at) == "(" && first != "SELECT" && first != "WITH" && first != "(" {
		c.at = c.tokens[c.at].mate + 1 // the columns
	}
	location := -1
	for i := c.at; i < c.end; i = c.behind(i) {
		if c.key(i) == "LOCATION" && i+1 < c.end && c.tokens[i+1].kind == kindString {
			location = i + 1
		}
		if c.opensQuery(i, c.end) {
			break
		}
	}
	if c.query(c.end) && location >= 0 {
		c.writes = append(c.writes, Target{Folder: c.tokens[location].text})
	}
}

// drop reads DROP.
func (c *command) drop() {
	temporary := c.accept("TEMPORARY")
	switch {
	case c.accept("TABLE"), c.accept("VIEW"):
		c.accept("IF", "EXISTS")
		c.target(false)
	case c.accept("FUNCTION"), temporary && c.accept("VARIABLE"):
	default:
		c.incomplete = true // a schema takes its tables along
	}
}

// alter reads ALTER.
func (c *command) alter() {
	if !c.accept("TABLE") && !c.accept("VIEW") {
		c.incomplete = c.key(c.at) != "DATABASE" && c.key(c.at) != "SCHEMA" && c.key(c.at) != "NAMESPACE"
		return
	}
	c.target(false)
	switch {
	case c.fault != "":
	case c.accept("RENAME", "TO"):
		c.target(false)
	case c.key(c.at) == "AS" || c.opensQuery(c.at, c.end):
		c.query(c.end)
	}
}

// cache reads CACHE TABLE, which makes a temporary view when it has a query.
func (c *command) cache() {
	c.accept("LAZY")
	c.accept("TABLE")
	name, next := c.name(c.at, c.end)
	c.at = next
	switch {
	case c.fault != "" || name == nil:
	case c.query(c.end):
		c.writes = append(c.writes, Target{Name: name, View: true})
	default:
		c.note(name)
	}
}

// explain reads EXPLAIN and DESCRIBE: what the statement in them would read is
// read, and nothing is written.
func (c *command) explain() {
	for i := c.at; i < c.end && i < c.at+2; i++ {
		if c.opensQuery(i, c.end) {
			c.content(i, c.end)
			return
		}
	}
}
