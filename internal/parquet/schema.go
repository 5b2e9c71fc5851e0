package parquet

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// Numbers of the Parquet format.
const (
	typeBoolean   = 0
	typeInt32     = 1
	typeInt64     = 2
	typeFloat     = 4
	typeDouble    = 5
	typeByteArray = 6
	typeFixed     = 7

	required = 0
	optional = 1
	repeated = 2

	noConverted        = -1
	convertedUTF8      = 0
	convertedMap       = 1
	convertedList      = 3
	convertedDecimal   = 5
	convertedDate      = 6
	convertedTimeMicro = 10
	convertedInt8      = 15
	convertedInt16     = 16
)

// maxLevels bounds the nesting, so that a level fits into a byte.
const maxLevels = 250

// element is a node of the schema in the file, in the order of a walk from the
// root.
type element struct {
	name       string
	repetition int
	children   int
	leaf       bool
	physical   int
	length     int // of a typeFixed
	converted  int
	timestamp  bool // with a logical type
	utc        bool // of the timestamp
	precision  int
	scale      int
}

// step is a level on the way from a column of a batch to a leaf.
type step struct {
	kind     stepKind
	child    int  // of a struct
	optional bool // a null counts as a definition level
}

type stepKind uint8

const (
	stepLeaf stepKind = iota
	stepStruct
	stepList
	stepMapKey
	stepMapValue
)

// leafColumn is a column of the file.
type leafColumn struct {
	top            int // the column of the batch
	path           []string
	steps          []step // the last is the leaf
	element        element
	maxRep, maxDef uint8
}

// layout is the schema in both views.
type layout struct {
	elements []element
	leaves   []leafColumn
}

func newLayout(schema *arrow.Schema) (*layout, error) {
	l := &layout{elements: []element{{name: "spark_schema", repetition: required, children: schema.NumFields(), converted: noConverted}}}
	for i, f := range schema.Fields() {
		if err := l.add(f, leafColumn{top: i}); err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
	}
	return l, nil
}

// add adds a field and all below it. above is the way to the field.
func (l *layout) add(f arrow.Field, above leafColumn) error {
	rep := required
	if f.Nullable {
		rep = optional
		above.maxDef++
	}
	if above.maxDef > maxLevels || above.maxRep > maxLevels {
		return fmt.Errorf("the type is nested too deep for Parquet")
	}
	above.path = appended(above.path, f.Name)
	switch t := f.Type.(type) {
	case *arrow.StructType:
		return l.addStruct(t, f, rep, above)
	case *arrow.MapType:
		return l.addMap(t, f, rep, above)
	case *arrow.ListType:
		return l.addList(t.ElemField(), f, rep, above)
	case *arrow.LargeListType:
		return l.addList(t.ElemField(), f, rep, above)
	}
	e, err := leafElement(f.Type)
	if err != nil {
		return err
	}
	e.name, e.repetition = f.Name, rep
	l.elements = append(l.elements, e)
	above.steps = appended(above.steps, step{kind: stepLeaf, optional: f.Nullable})
	above.element = e
	l.leaves = append(l.leaves, above)
	return nil
}

func (l *layout) addStruct(t *arrow.StructType, f arrow.Field, rep int, above leafColumn) error {
	if t.NumFields() == 0 {
		return fmt.Errorf("a struct without fields has no form in Parquet")
	}
	l.elements = append(l.elements, element{name: f.Name, repetition: rep, children: t.NumFields(), converted: noConverted})
	for i, child := range t.Fields() {
		below := above
		below.steps = appended(above.steps, step{kind: stepStruct, child: i, optional: f.Nullable})
		if err := l.add(child, below); err != nil {
			return err
		}
	}
	return nil
}

func (l *layout) addList(elem arrow.Field, f arrow.Field, rep int, above leafColumn) error {
	l.elements = append(l.elements,
		element{name: f.Name, repetition: rep, children: 1, converted: convertedList},
		element{name: "list", repetition: repeated, children: 1, converted: noConverted})
	above.maxRep++
	above.maxDef++
	above.path = appended(above.path, "list")
	above.steps = appended(above.steps, step{kind: stepList, optional: f.Nullable})
	elem.Name = "element"
	return l.add(elem, above)
}

func (l *layout) addMap(t *arrow.MapType, f arrow.Field, rep int, above leafColumn) error {
	l.elements = append(l.elements,
		element{name: f.Name, repetition: rep, children: 1, converted: convertedMap},
		element{name: "key_value", repetition: repeated, children: 2, converted: noConverted})
	above.maxRep++
	above.maxDef++
	above.path = appended(above.path, "key_value")
	for _, part := range []struct {
		kind  stepKind
		name  string
		field arrow.Field
	}{{stepMapKey, "key", t.KeyField()}, {stepMapValue, "value", t.ItemField()}} {
		below := above
		below.steps = appended(above.steps, step{kind: part.kind, optional: f.Nullable})
		part.field.Name = part.name
		part.field.Nullable = part.field.Nullable && part.kind == stepMapValue
		if err := l.add(part.field, below); err != nil {
			return err
		}
	}
	return nil
}

// appended is append to a copy: what lies above is shared.
func appended[T any](list []T, item T) []T {
	return append(list[:len(list):len(list)], item)
}

// Supports reports whether columns of the type can be written.
func Supports(t arrow.DataType) bool {
	l := &layout{}
	return l.add(arrow.Field{Name: "c", Type: t, Nullable: true}, leafColumn{}) == nil
}

// plainLeaves are the types that need no parameters.
var plainLeaves = map[arrow.Type]element{
	arrow.BOOL:            {physical: typeBoolean, converted: noConverted},
	arrow.INT8:            {physical: typeInt32, converted: convertedInt8},
	arrow.INT16:           {physical: typeInt32, converted: convertedInt16},
	arrow.INT32:           {physical: typeInt32, converted: noConverted},
	arrow.INT64:           {physical: typeInt64, converted: noConverted},
	arrow.FLOAT32:         {physical: typeFloat, converted: noConverted},
	arrow.FLOAT64:         {physical: typeDouble, converted: noConverted},
	arrow.STRING:          {physical: typeByteArray, converted: convertedUTF8},
	arrow.LARGE_STRING:    {physical: typeByteArray, converted: convertedUTF8},
	arrow.BINARY:          {physical: typeByteArray, converted: noConverted},
	arrow.LARGE_BINARY:    {physical: typeByteArray, converted: noConverted},
	arrow.DATE32:          {physical: typeInt32, converted: convertedDate},
	arrow.INTERVAL_MONTHS: {physical: typeInt32, converted: noConverted},
}

// Digits up to which a DECIMAL is an INT32 or an INT64.
const (
	digitsInt32 = 9
	digitsInt64 = 18
)

func leafElement(t arrow.DataType) (element, error) {
	e, ok := plainLeaves[t.ID()]
	e.leaf = true
	switch t := t.(type) {
	case *arrow.TimestampType:
		if t.Unit == arrow.Microsecond {
			e.physical, e.timestamp, e.utc, e.converted, ok = typeInt64, true, t.TimeZone != "", noConverted, true
			if e.utc {
				e.converted = convertedTimeMicro
			}
		}
	case *arrow.DurationType:
		if t.Unit == arrow.Microsecond {
			e.physical, e.converted, ok = typeInt64, noConverted, true
		}
	case *arrow.Decimal128Type:
		e.converted, e.precision, e.scale, ok = convertedDecimal, int(t.Precision), int(t.Scale), true
		switch {
		case t.Precision <= digitsInt32:
			e.physical = typeInt32
		case t.Precision <= digitsInt64:
			e.physical = typeInt64
		default:
			e.physical, e.length = typeFixed, 16
		}
	}
	if !ok {
		return e, fmt.Errorf("the Arrow type %s has no form in Parquet here", t)
	}
	return e, nil
}
