package dataflow

import (
	"regexp"
	"strings"
)

// dialect is the kind of a database, which decides how statements are written.
type dialect string

// The databases for which sinks write statements of their own.
const (
	dialectPostgres dialect = "PostgreSQL"
	dialectMySQL    dialect = "MySQL"
	dialectMariaDB  dialect = "MariaDB"
	dialectSQLite   dialect = "SQLite"
	dialectH2       dialect = "H2"
	dialectOther    dialect = ""
)

// dialectOf tells the database by the URL. A URL of MySQL may lead to MariaDB.
func dialectOf(url string) dialect {
	for prefix, d := range map[string]dialect{
		"jdbc:postgresql:": dialectPostgres, "jdbc:mysql:": dialectMySQL, "jdbc:mariadb:": dialectMySQL,
		"jdbc:sqlite:": dialectSQLite, "jdbc:h2:": dialectH2,
	} {
		if _, ok := cutPrefixFold(url, prefix); ok {
			return d
		}
	}
	return dialectOther
}

// backquotes reports whether the database of a URL quotes names so.
func backquotes(url string) bool {
	for _, prefix := range []string{"jdbc:mysql:", "jdbc:mariadb:", "jdbc:databricks:", "jdbc:hive2:", "jdbc:spark:"} {
		if _, ok := cutPrefixFold(url, prefix); ok {
			return true
		}
	}
	return false
}

// quoter returns what quotes a name for the database of a URL.
func quoter(url string) func(string) string {
	quote := `"`
	if backquotes(url) {
		quote = "`"
	}
	return func(name string) string {
		return quote + strings.ReplaceAll(name, quote, quote+quote) + quote
	}
}

// quoteAll gives a list of names as statements have it.
func quoteAll(quote func(string) string, names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return strings.Join(quoted, ", ")
}

// dbName is the name of a table as a database reads it.
type dbName struct {
	// prefix is what stands before the last part, with its dot; last is that part.
	prefix, last string
	// parts are without quotes; schema is the one before the last, or empty.
	schema, table string
}

// dbNamePart is one part of a name: plain, or in one of the kinds of quotes.
var dbNamePart = regexp.MustCompile("^(?:[\\pL\\pN_$#@]+|\"(?:[^\"\\x00]|\"\")+\"|`(?:[^`\\x00]|``)+`|\\[[^\\[\\]\\x00]+\\])")

// parseDBName reads the name of a table. Spark puts the text as it is into its
// statements, so what is more than a name must not get there.
func parseDBName(text string) (dbName, bool) {
	var name dbName
	rest := strings.TrimSpace(text)
	for {
		part := dbNamePart.FindString(rest)
		if part == "" {
			return dbName{}, false
		}
		name.schema, name.table, name.last = name.table, unquoted(part), part
		rest = rest[len(part):]
		if rest == "" {
			return name, true
		}
		if rest[0] != '.' {
			return dbName{}, false
		}
		name.prefix += part + "."
		rest = rest[1:]
	}
}

// unquoted gives what a part of a name stands for.
func unquoted(part string) string {
	switch quote := part[:1]; quote {
	case `"`, "`":
		return strings.ReplaceAll(part[1:len(part)-1], quote+quote, quote)
	case "[":
		return part[1 : len(part)-1]
	}
	return part
}

// text is the whole name as it was written.
func (n dbName) text() string { return n.prefix + n.last }

// beside is the name of another table in the same schema.
func (n dbName) beside(table string) dbName {
	return dbName{prefix: n.prefix, last: table, schema: n.schema, table: table}
}
