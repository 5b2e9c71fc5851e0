package quality

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/nearest"
)

// parts splits the name of a column at the dots outside of backquotes.
func parts(name string) ([]string, error) {
	if !utf8.ValidString(name) {
		return nil, fmt.Errorf("the column %q is no UTF-8", name)
	}
	var out []string
	for rest := name; ; {
		part, after, err := part(rest)
		if err != nil {
			return nil, fmt.Errorf("the column %q: %w", name, err)
		}
		if strings.TrimSpace(part) == "" {
			return nil, fmt.Errorf("the column %q: a part of the name is empty", name)
		}
		out = append(out, part)
		if after == "" {
			return out, nil
		}
		rest = after[1:]
	}
}

// part cuts the first part off; what is left is empty or begins with a dot.
func part(name string) (first, rest string, err error) {
	if !strings.HasPrefix(name, "`") {
		end := strings.IndexByte(name, '.')
		if end < 0 {
			return name, "", nil
		}
		return name[:end], name[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(name); i++ {
		switch {
		case name[i] != '`':
			b.WriteByte(name[i])
		case strings.HasPrefix(name[i+1:], "`"):
			b.WriteByte('`')
			i++
		case i+1 == len(name) || name[i+1] == '.':
			return b.String(), name[i+1:], nil
		default:
			return "", "", errors.New("a backquote ends in the middle of a name; double one that belongs to it")
		}
	}
	return "", "", errors.New("a backquote is not closed; double one that belongs to the name")
}

// checkColumns refuses names that cannot be any column's.
func checkColumns(key string, names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("set %s", key)
	}
	var faults []error
	seen := map[string]bool{}
	for _, name := range names {
		_, err := parts(name)
		faults = append(faults, err)
		if seen[name] {
			faults = append(faults, fmt.Errorf("%s: %s stands there twice", key, name))
		}
		seen[name] = true
	}
	return errors.Join(faults...)
}

// operand is a column of the frame.
type operand struct {
	expr expr
	typ  schema.DataType
	name string
	// nullable is false when it cannot be null.
	nullable bool
}

// resolve finds a column. What the frame does not have is told with the nearest
// name.
func resolve(def schema.Definition, name string) (operand, error) {
	path, err := parts(name)
	if err != nil {
		return operand{}, err
	}
	fields, out := def.Fields, operand{name: name}
	names := make([]string, len(path))
	for i, part := range path {
		if i > 0 && out.typ.Kind != schema.KindStruct {
			return operand{}, fmt.Errorf("the column %s: %s is %s, which has no fields%s", name, strings.Join(path[:i], "."), out.typ, dotted(def, name))
		}
		field, err := pick(fields, part)
		if err != nil {
			return operand{}, fmt.Errorf("the column %s: %w%s", name, err, dotted(def, name))
		}
		fields = field.Type.Fields
		out.typ, out.nullable = field.Type, out.nullable || field.Nullable
		names[i] = dataflow.QuoteName(field.Name)
	}
	out.expr = marshal(&wire.Expression{ExprType: &wire.Expression_UnresolvedAttribute_{
		UnresolvedAttribute: &wire.Expression_UnresolvedAttribute{UnparsedIdentifier: strings.Join(names, ".")},
	}})
	return out, nil
}

// pick finds a field, exactly or else regardless of case.
func pick(fields []schema.Field, name string) (schema.Field, error) {
	var exact, folded []schema.Field
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
		switch {
		case f.Name == name:
			exact = append(exact, f)
		case strings.EqualFold(f.Name, name):
			folded = append(folded, f)
		}
	}
	found := exact
	if len(found) == 0 {
		found = folded
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return schema.Field{}, fmt.Errorf("%s is ambiguous: several columns have that name", name)
	}
	if near := nearest.Word(name, names); near != "" {
		return schema.Field{}, fmt.Errorf("there is no %s; did you mean %s?", name, near)
	}
	return schema.Field{}, fmt.Errorf("there is no %s; there are %s", name, few(names))
}

// dotted hints at a column that has the name as a whole.
func dotted(def schema.Definition, name string) string {
	if !strings.Contains(name, ".") {
		return ""
	}
	for _, f := range def.Fields {
		if strings.EqualFold(f.Name, name) {
			return "; there is a column with that name as a whole: write it in backquotes, `" + f.Name + "`"
		}
	}
	return ""
}

const fewNames = 10

// few lists names, but not all of a wide table.
func few(names []string) string {
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > fewNames:
		return strings.Join(names[:fewNames], ", ") + fmt.Sprintf(" and %d more", len(names)-fewNames)
	}
	return strings.Join(names, ", ")
}
