package columnar

import (
	"fmt"
	"reflect"
	"strings"
)

// match finds the column of each field: -1 for an optional field without one. A
// tag wants the column of exactly that name; a field without a tag takes the
// column of exactly its name, else the one that differs in case and underscores
// only. A column is taken once; columns that no field wants are left alone.
func match(t reflect.Type, fields []field, columns []string) ([]int, error) {
	m := matcher{typ: t, fields: fields, columns: columns, owner: make([]int, len(columns)), out: make([]int, len(fields))}
	for i := range m.owner {
		m.owner[i] = -1
	}
	for i := range m.out {
		m.out[i] = -1
	}
	exactly := func(f field, column string) bool { return f.name == column }
	for _, tagged := range []bool{true, false} {
		if err := m.pass(exactly, func(f field) bool { return f.tagged == tagged }); err != nil {
			return nil, err
		}
	}
	loose := func(f field, column string) bool { return fold(f.name) == fold(column) }
	if err := m.pass(loose, func(f field) bool { return !f.tagged }); err != nil {
		return nil, err
	}
	return m.out, m.missing()
}

// matcher is the state of match.
type matcher struct {
	typ     reflect.Type
	fields  []field
	columns []string
	owner   []int // field of each column, or -1
	out     []int // column of each field, or -1
}

// pass gives columns that were free before it to fields that have none yet.
func (m *matcher) pass(same func(f field, column string) bool, wanted func(field) bool) error {
	free := make([]bool, len(m.columns))
	for c := range m.columns {
		free[c] = m.owner[c] < 0
	}
	for i, f := range m.fields {
		if m.out[i] >= 0 || !wanted(f) {
			continue
		}
		for c, column := range m.columns {
			if !free[c] || !same(f, column) {
				continue
			}
			if m.out[i] >= 0 {
				return fmt.Errorf("the field %s of %s fits the columns %q and %q; name one with a tag spark:\"name\" or rename one in the query",
					f.goName, m.typ, m.columns[m.out[i]], column)
			}
			if m.owner[c] >= 0 {
				return fmt.Errorf("the column %q fits the fields %s and %s of %s; name their columns with tags spark:\"name\"",
					column, m.fields[m.owner[c]].goName, f.goName, m.typ)
			}
			m.out[i], m.owner[c] = c, i
		}
	}
	return nil
}

func (m *matcher) missing() error {
	for i, f := range m.fields {
		if m.out[i] >= 0 || f.optional {
			continue
		}
		return fmt.Errorf("there is no column for the field %s of %s (%s); the columns are %s; select it, or tag the field spark:\"-\" or spark:\"%s,optional\"",
			f.goName, m.typ, f.name, list(m.columns), f.name)
	}
	return nil
}

// fold makes names equal that differ in case and underscores only.
func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// list names columns for a person, not all of very many.
func list(names []string) string {
	const most = 30
	if len(names) == 0 {
		return "none"
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
