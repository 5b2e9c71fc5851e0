package dataflow

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// MergeClause says what becomes of some of the rows of a [Merge]. It is made by
// [WhenMatched], [WhenNotMatched] and [WhenNotMatchedBySource].
type MergeClause struct {
	when      string // WHEN … as in SQL
	condition string // empty for none
	action    string
	columns   map[string]string // of UPDATE SET and INSERT
}

const (
	whenMatched     = "WHEN MATCHED"
	whenNotMatched  = "WHEN NOT MATCHED"
	whenNotBySource = "WHEN NOT MATCHED BY SOURCE"

	mergeDelete    = "DELETE"
	mergeUpdate    = "UPDATE SET"
	mergeUpdateAll = "UPDATE SET *"
	mergeInsert    = "INSERT"
	mergeInsertAll = "INSERT *"
)

// MatchedRows are rows of the table for which the source has one.
type MatchedRows struct{ condition string }

// WhenMatched is about rows of the table for which the source has one, and for
// which the condition holds too; empty is all of them.
func WhenMatched(condition string) MatchedRows { return MatchedRows{condition} }

// UpdateAll sets every column of the row to that of the source of the same name.
func (r MatchedRows) UpdateAll() MergeClause {
	return newClause(whenMatched, r.condition, mergeUpdateAll, nil)
}

// Update sets columns of the row to values, which are SQL. A column is a name as
// [Catalog] reads it, "a.b" for a field of a struct.
func (r MatchedRows) Update(set map[string]string) MergeClause {
	return newClause(whenMatched, r.condition, mergeUpdate, set)
}

// Delete removes the row.
func (r MatchedRows) Delete() MergeClause {
	return newClause(whenMatched, r.condition, mergeDelete, nil)
}

// SourceRows are rows of the source for which the table has none.
type SourceRows struct{ condition string }

// WhenNotMatched is about rows of the source for which the table has none, and
// for which the condition holds too; empty is all of them.
func WhenNotMatched(condition string) SourceRows { return SourceRows{condition} }

// InsertAll adds the row with every column of the source.
func (r SourceRows) InsertAll() MergeClause {
	return newClause(whenNotMatched, r.condition, mergeInsertAll, nil)
}

// Insert adds a row of values, which are SQL, by column; other columns are NULL
// or have their default.
func (r SourceRows) Insert(values map[string]string) MergeClause {
	return newClause(whenNotMatched, r.condition, mergeInsert, values)
}

// TargetRows are rows of the table for which the source has none.
type TargetRows struct{ condition string }

// WhenNotMatchedBySource is about rows of the table for which the source has
// none, and for which the condition holds too; empty is all of them.
func WhenNotMatchedBySource(condition string) TargetRows { return TargetRows{condition} }

// Update sets columns of the row to values, which are SQL over the table alone.
func (r TargetRows) Update(set map[string]string) MergeClause {
	return newClause(whenNotBySource, r.condition, mergeUpdate, set)
}

// Delete removes the row.
func (r TargetRows) Delete() MergeClause {
	return newClause(whenNotBySource, r.condition, mergeDelete, nil)
}

func newClause(when, condition, action string, columns map[string]string) MergeClause {
	return MergeClause{when: when, condition: strings.TrimSpace(condition), action: action, columns: columns}
}

// check finds what the parser of Spark would refuse with less to say.
func (c MergeClause) check() error {
	switch {
	case c.when == "":
		return errors.New("it is empty; make it with WhenMatched, WhenNotMatched or WhenNotMatchedBySource")
	case (c.action == mergeUpdate || c.action == mergeInsert) && len(c.columns) == 0:
		return fmt.Errorf("%s names no columns", strings.ToLower(c.action))
	}
	for _, name := range slices.Sorted(maps.Keys(c.columns)) {
		if _, err := splitName(name); err != nil {
			return fmt.Errorf("a column: %w", err)
		}
		if strings.TrimSpace(c.columns[name]) == "" {
			return fmt.Errorf("the column %s has no value; write NULL for none", name)
		}
	}
	return nil
}

// sql gives the clause, with columns in the order of their names.
func (c MergeClause) sql() (string, error) {
	condition := ""
	if c.condition != "" {
		condition = " AND (" + c.condition + "\n)"
	}
	head := c.when + condition + " THEN " + c.action
	var names, values, pairs []string
	for _, column := range slices.Sorted(maps.Keys(c.columns)) {
		name, err := requote(column)
		if err != nil {
			return "", err
		}
		names, values = append(names, name), append(values, c.columns[column]+"\n")
		pairs = append(pairs, name+" = "+c.columns[column]+"\n")
	}
	switch c.action {
	case mergeUpdate:
		return head + " " + strings.Join(pairs, ", "), nil
	case mergeInsert:
		return head + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")", nil
	}
	return head, nil
}
