package value

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Row is a row of a query, or a STRUCT in one: values with names, in the order
// of the query. Two may have the same name. Rows of one query share their names.
type Row struct {
	names []string
	cells []any
}

// NewRow returns a row of the values. It keeps both slices; a name without a
// value has nil, a value without a name is left out.
func NewRow(names []string, values []any) Row {
	if missing := len(names) - len(values); missing > 0 {
		values = append(slices.Clip(values), make([]any, missing)...)
	}
	return Row{names: names, cells: values[:len(names)]}
}

// Len returns the number of values.
func (r Row) Len() int { return len(r.cells) }

// Names returns the names in order.
func (r Row) Names() []string { return slices.Clone(r.names) }

// At returns the value at an index counted from 0, nil for a NULL and where
// there is none.
func (r Row) At(i int) any {
	if i < 0 || i >= len(r.cells) {
		return nil
	}
	return r.cells[i]
}

// Value returns the value of a name and whether there is one; the first of
// several. Names are compared exactly.
func (r Row) Value(name string) (any, bool) {
	if i := slices.Index(r.names, name); i >= 0 {
		return r.cells[i], true
	}
	return nil, false
}

// All returns the names with their values, in order.
func (r Row) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i, name := range r.names {
			if !yield(name, r.cells[i]) {
				return
			}
		}
	}
}

// Map returns the values by name, of several with one name the first. A STRUCT
// in them stays a Row.
func (r Row) Map() map[string]any {
	out := make(map[string]any, len(r.cells))
	for i, name := range slices.Backward(r.names) {
		out[name] = r.cells[i]
	}
	return out
}

// String returns the row for a person, such as "{id: 1, name: Ann}".
func (r Row) String() string {
	parts := make([]string, len(r.cells))
	for i, name := range r.names {
		parts[i] = fmt.Sprintf("%s: %v", name, r.cells[i])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// MarshalJSON returns the row as a JSON object with its fields in order. A map
// whose keys are no texts has them as Go prints them.
func (r Row) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, name := range r.names {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		cell, err := json.Marshal(jsonValue(r.cells[i]))
		if err != nil {
			return nil, fmt.Errorf("the value of %s: %w", name, err)
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(cell)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// jsonValue gives maps of any keys such as encoding/json takes.
func jsonValue(v any) any {
	switch v := v.(type) {
	case map[any]any:
		out := make(map[string]any, len(v))
		for key, cell := range v {
			out[fmt.Sprint(key)] = jsonValue(cell)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, cell := range v {
			out[key] = jsonValue(cell)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = jsonValue(v[i])
		}
		return out
	}
	return v
}
