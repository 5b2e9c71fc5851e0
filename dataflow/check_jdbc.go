package dataflow

import (
	"regexp"
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// plainTable is the name of a table as databases write it, and nothing else.
var plainTable = regexp.MustCompile("^[\\pL\\pN_$.\"`\\[\\]]+$")

// actingURL is a parameter of a JDBC URL with which connecting does something:
// it runs a script, or makes or drops the database.
var actingURL = regexp.MustCompile(`(?i)[;?&]\s*(\w*init\w*|create|drop|shutdown|deregister|runscript|restorefrom|createfrom)\s*=`)

// harmlessJDBC returns why Spark could change something in the database when it
// asks for the columns, or nil: it sends SELECT * FROM table WHERE 1=0, with the
// option prepareQuery in front.
func harmlessJDBC(read dataSource) error {
	for _, option := range []string{"prepareQuery", "sessionInitStatement", "connectionProvider"} {
		if strings.TrimSpace(read.options[strings.ToLower(option)]) != "" {
			return notAnalysed("the database would get its %s", option)
		}
	}
	if actingURL.MatchString(read.options["url"]) {
		return notAnalysed("its URL makes the database act when Spark connects")
	}
	if query := read.options["query"]; query != "" {
		return harmlessSQL(query)
	}
	table := strings.TrimSpace(read.options["dbtable"])
	if plainTable.MatchString(table) {
		return nil
	}
	end := strings.LastIndexByte(table, ')')
	if !strings.HasPrefix(table, "(") || end < 0 {
		return notAnalysed("its table is more than a name")
	}
	alias := strings.TrimSpace(table[end+1:])
	if word, after, _ := strings.Cut(alias, " "); strings.EqualFold(word, "as") {
		alias = strings.TrimSpace(after)
	}
	if alias != "" && !plainTable.MatchString(alias) {
		return notAnalysed("its table is more than a query in brackets")
	}
	return harmlessSQL(table[1:end])
}

// harmlessSQL returns why a text for a database is not provably a query, or nil.
func harmlessSQL(query string) error {
	stmt := sqltext.Parse(query)
	if !stmt.Query {
		return notAnalysed("the query for the database is none that is known to be harmless: %s", stmt.Reason)
	}
	words := sqltext.Words(query)
	for _, word := range acting {
		if words[word] {
			return notAnalysed("the query for the database is none that is known to be harmless: it holds the word %s", strings.ToUpper(word))
		}
	}
	return nil
}

// acting are words with which databases change something inside of a query.
var acting = []string{"into", "insert", "update", "delete", "merge", "drop", "truncate", "create", "alter", "call", "exec", "execute", "lock"}
