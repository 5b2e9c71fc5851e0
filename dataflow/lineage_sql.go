package dataflow

import (
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// sqlLineage returns what one statement reads and writes. What is not understood
// is opaque.
func sqlLineage(text string) Lineage {
	st := sqltext.Parse(text)
	l := Lineage{Opaque: !st.Complete, Effect: sqlEffect(st)}
	for _, name := range st.Reads {
		l.Inputs = addDataset(l.Inputs, readDataset(name))
	}
	for _, target := range st.Writes {
		l.Outputs = addDataset(l.Outputs, writtenDataset(st.Verb, target))
	}
	if !st.Query && isQueryVerb(st.Verb) {
		l.Opaque = true
	}
	return l
}

// readDataset is what a name in a query stands for.
func readDataset(name sqltext.Name) Dataset {
	if path, ok := name.Path(); ok {
		return Dataset{DatasetPath, path}
	}
	return Dataset{DatasetRelation, name.String()}
}

// writtenDataset is what a statement writes. What is dropped or altered can be a
// view or a table.
func writtenDataset(verb string, target sqltext.Target) Dataset {
	path, ok := target.Name.Path()
	switch {
	case target.Name == nil:
		return Dataset{DatasetPath, target.Folder}
	case ok:
		return Dataset{DatasetPath, path}
	case target.View:
		return Dataset{DatasetView, target.Name.String()}
	case verb == "DROP", verb == "ALTER":
		return Dataset{DatasetRelation, target.Name.String()}
	default:
		return Dataset{DatasetTable, target.Name.String()}
	}
}

// isQueryVerb reports whether a statement that begins like that is a query,
// unless something else is wrong with it.
func isQueryVerb(verb string) bool {
	switch verb {
	case "SELECT", "VALUES", "TABLE", "FROM", "MAP", "REDUCE":
		return true
	}
	return false
}

// sqlEffect says what a second run of a statement does.
func sqlEffect(st sqltext.Statement) Effect {
	switch {
	case st.Query:
		return EffectNone
	case isQueryVerb(st.Verb) || !st.Complete:
		return EffectUnknown
	case ofSession(st):
		return EffectNone
	case st.Repeatable:
		return EffectIdempotent
	}
	return EffectRepeats
}

// ofSession reports whether a statement changes nothing outside of the session.
func ofSession(st sqltext.Statement) bool {
	switch st.Verb {
	case "SET", "RESET", "USE", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "LIST", "ADD", "REFRESH", "CACHE", "UNCACHE", "CLEAR":
		return true
	case "CREATE":
		return len(st.Writes) == 1 && st.Writes[0].View
	}
	return false
}

// filterLineage returns what the subqueries of a condition read.
func filterLineage(condition string) Lineage {
	if condition == "" {
		return Lineage{Effect: EffectNone}
	}
	return sqlLineage("SELECT 1 WHERE " + condition)
}

// relationDataset is what a view or table that somebody wrote stands for.
func relationDataset(name string) Dataset {
	if parsed := sqltext.ParseName(name); parsed != nil {
		return readDataset(parsed)
	}
	return Dataset{DatasetRelation, name}
}

// viewDataset is the temporary view that a flow registers.
func viewDataset(view string, global bool) Dataset {
	name := sqltext.Name{view}
	if global {
		name = sqltext.Name{"global_temp", view}
	}
	return Dataset{DatasetView, name.String()}
}
