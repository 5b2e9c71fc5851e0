package columnar

import (
	"encoding"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

// field is a Go struct field that stands for a column.
type field struct {
	name   string       // of the column: that of the tag, else that of the Go field
	tagged bool         // the name comes from a tag
	goName string       // with the embedded structs on the way to it: "Base.ID"
	index  []int        // the way to it, for reflect.Value.FieldByIndex
	typ    reflect.Type // of the Go field
	fieldOptions
}

// fieldOptions stand after the name in a tag.
type fieldOptions struct {
	optional bool // the column may be missing in what is read
	// precision and scale are those of the option decimal(p,s); precision is 0
	// without one.
	precision, scale int
	// typ is the type of the column in Spark's DDL, nil where the Go type tells it.
	typ *schema.DataType
	// notNull says that a field which could be null never is.
	notNull bool
}

// maxDecimalDigits is the largest precision of a Spark DECIMAL.
const maxDecimalDigits = 38

// fieldCache keeps the outcome of fieldsOf by type: programs have few types and
// use them often.
var fieldCache sync.Map // reflect.Type -> fieldsResult

type fieldsResult struct {
	fields []field
	err    error
}

// fieldsOf gives the fields of the struct type t in the order of declaration.
// The rules are those of encoding/json: unexported fields are left out, embedded
// structs are flattened unless they have a tag, the shallowest of several fields
// of one name wins. Where encoding/json drops fields silently because none wins,
// this is an error. The slice must not be changed.
func fieldsOf(t reflect.Type) ([]field, error) {
	if got, ok := fieldCache.Load(t); ok {
		result := got.(fieldsResult)
		return result.fields, result.err
	}
	var result fieldsResult
	result.fields, result.err = scanFields(t)
	fieldCache.Store(t, result)
	return result.fields, result.err
}

// embedded is a struct whose fields belong to the struct around it.
type embedded struct {
	typ   reflect.Type
	index []int
	path  string
}

// scanFields walks the embedded structs breadth first, so that a type that
// embeds itself ends.
func scanFields(root reflect.Type) ([]field, error) {
	if root.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is not a struct", root)
	}
	var out []field
	taken := map[string]bool{}
	seen := map[reflect.Type]bool{root: true}
	for level := []embedded{{typ: root}}; len(level) > 0; {
		var found []field
		var next []embedded
		for _, e := range level {
			fields, below, err := scanStruct(root, e)
			if err != nil {
				return nil, err
			}
			found = append(found, fields...)
			for _, b := range below {
				if !seen[b.typ] {
					next = append(next, b)
				}
			}
		}
		found = slices.DeleteFunc(found, func(f field) bool { return taken[f.name] })
		visible, err := resolve(root, found)
		if err != nil {
			return nil, err
		}
		for _, f := range visible {
			taken[f.name] = true
		}
		for _, b := range next {
			seen[b.typ] = true
		}
		out = append(out, visible...)
		level = next
	}
	slices.SortFunc(out, func(a, b field) int { return slices.Compare(a.index, b.index) })
	return out, nil
}

// scanStruct gives the fields of one struct, and the structs that it embeds.
func scanStruct(root reflect.Type, e embedded) (fields []field, below []embedded, err error) {
	for i := range e.typ.NumField() {
		sf := e.typ.Field(i)
		name, opts, err := parseTag(sf.Tag.Get("spark"))
		if err != nil {
			return nil, nil, fmt.Errorf("the tag of %s.%s%s: %w", root, e.path, sf.Name, err)
		}
		if name == "-" {
			continue
		}
		index := append(slices.Clone(e.index), i)
		base := sf.Type
		if base.Kind() == reflect.Pointer {
			base = base.Elem()
		}
		if sf.Anonymous && name == "" && base.Kind() == reflect.Struct && !isValueType(base) && !isOpaqueText(base) {
			if !sf.IsExported() && sf.Type.Kind() == reflect.Pointer {
				return nil, nil, fmt.Errorf("%s%s of %s is a pointer to an unexported struct, which cannot be set; embed the struct itself",
					e.path, sf.Name, root)
			}
			below = append(below, embedded{typ: base, index: index, path: e.path + sf.Name + "."})
			continue
		}
		if !sf.IsExported() {
			continue
		}
		f := field{name: name, tagged: name != "", goName: e.path + sf.Name, index: index, typ: sf.Type, fieldOptions: opts}
		if f.name == "" {
			f.name = sf.Name
		}
		fields = append(fields, f)
	}
	return fields, below, nil
}

// resolve decides between fields of one name on one level: a tagged one wins
// over those that merely have the name.
func resolve(root reflect.Type, found []field) ([]field, error) {
	byName := map[string]int{}
	var out []field
	for _, f := range found {
		at, twice := byName[f.name]
		switch {
		case !twice:
			byName[f.name] = len(out)
			out = append(out, f)
		case out[at].tagged == f.tagged:
			return nil, fmt.Errorf("the fields %s and %s of %s have both the column name %q; give one of them another with a tag spark:\"name\"",
				out[at].goName, f.goName, root, f.name)
		case f.tagged:
			out[at] = f
		}
	}
	return out, nil
}

// parseTag takes a tag such as "price,decimal(10,2),optional" apart.
func parseTag(tag string) (name string, opts fieldOptions, err error) {
	name, rest, more := strings.Cut(tag, ",")
	name = strings.TrimSpace(name)
	for more {
		var option string
		option, rest, more = cutOption(rest)
		if err := opts.set(strings.TrimSpace(option)); err != nil {
			return "", fieldOptions{}, err
		}
	}
	return name, opts, nil
}

// cutOption cuts at the next comma that is not in brackets.
func cutOption(text string) (option, rest string, more bool) {
	depth := 0
	for i, r := range text {
		switch r {
		case '(', '<':
			depth++
		case ')', '>':
			depth--
		case ',':
			if depth <= 0 {
				return text[:i], text[i+1:], true
			}
		}
	}
	return text, "", false
}

func (o *fieldOptions) set(option string) error {
	switch args, isDecimal := strings.CutPrefix(option, "decimal("); {
	case option == "optional":
		o.optional = true
		return nil
	case isDecimal && strings.HasSuffix(args, ")"):
		precision, scale, _ := strings.Cut(strings.TrimSuffix(args, ")"), ",")
		p, errP := strconv.Atoi(strings.TrimSpace(precision))
		s, errS := strconv.Atoi(strings.TrimSpace(scale))
		if scale == "" {
			s, errS = 0, nil
		}
		if errP != nil || errS != nil || p < 1 || p > maxDecimalDigits || s < 0 || s > p {
			return fmt.Errorf("%q is no type; write decimal(precision,scale) with a precision of 1 to %d and a scale up to it", option, maxDecimalDigits)
		}
		o.precision, o.scale = p, s
		return nil
	case strings.EqualFold(strings.Join(strings.Fields(option), " "), "not null"):
		o.notNull = true
		return nil
	}
	typ, err := schema.ParseType(option)
	if err != nil {
		return fmt.Errorf("there is no option %q; there are optional and decimal(precision,scale), not null, and types of Spark's DDL such as char(3)", option)
	}
	o.typ = &typ
	return nil
}

// isValueType reports whether a struct type is one value and not a group of
// columns.
func isValueType(t reflect.Type) bool {
	return valueTypes[t] || isNullWrapper(t)
}

var valueTypes = map[reflect.Type]bool{
	reflect.TypeFor[time.Time]():              true,
	reflect.TypeFor[big.Int]():                true,
	reflect.TypeFor[big.Rat]():                true,
	reflect.TypeFor[value.Date]():             true,
	reflect.TypeFor[value.CalendarInterval](): true,
	reflect.TypeFor[value.Variant]():          true,
	reflect.TypeFor[value.Row]():              true,
}

// isOpaqueText reports whether a struct shows no fields and reads itself from a
// text, as netip.Addr does. One with fields may have its UnmarshalText from a
// struct that it embeds.
func isOpaqueText(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || !reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return false
	}
	for i := range t.NumField() {
		if t.Field(i).IsExported() || t.Field(i).Anonymous {
			return false
		}
	}
	return true
}

// isNullWrapper reports whether t is sql.Null[T] or one of its elder kin, such
// as sql.NullString: the value is its field 0 and Valid its field 1.
func isNullWrapper(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == "database/sql" && strings.HasPrefix(t.Name(), "Null") &&
		t.NumField() == 2 && t.Field(1).Name == "Valid"
}
