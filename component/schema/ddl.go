package schema

import (
	"encoding/json"
	"fmt"
	"strings"
)

// String returns the columns as Spark's DDL has them, for example
// "id BIGINT NOT NULL, name STRING COMMENT 'as printed'". [Parse] reads it back.
func (d Definition) String() string {
	var out strings.Builder
	for i, f := range d.Fields {
		if i > 0 {
			out.WriteString(", ")
		}
		f.write(&out, " ")
	}
	return out.String()
}

// String returns the column as Spark's DDL has it, for example "id BIGINT NOT
// NULL". Of the metadata only the comment has a place there.
func (f Field) String() string {
	var out strings.Builder
	f.write(&out, " ")
	return out.String()
}

// Comment returns the comment in the metadata, or nothing.
func (f Field) Comment() string {
	comment, _ := f.comment()
	return comment
}

func (f Field) comment() (string, bool) {
	if f.Metadata == "" {
		return "", false
	}
	var meta map[string]any
	if json.Unmarshal([]byte(f.Metadata), &meta) != nil {
		return "", false
	}
	comment, ok := meta["comment"].(string)
	return comment, ok
}

func (f Field) write(out *strings.Builder, separator string) {
	out.WriteString(QuoteName(f.Name))
	out.WriteString(separator)
	f.Type.write(out)
	if !f.Nullable {
		out.WriteString(" NOT NULL")
	}
	if comment, ok := f.comment(); ok {
		out.WriteString(" COMMENT '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(comment) + "'")
	}
}

// QuoteName returns the name as DDL has it: in backquotes unless it consists of
// ASCII letters, digits and underscores and does not start with a digit.
func QuoteName(name string) string {
	plain := name != ""
	for i := 0; i < len(name); i++ {
		plain = plain && isWordByte(name[i]) && (i > 0 || !isDigit(name[i]))
	}
	if plain {
		return name
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// String returns the type in Spark's SQL, for example "DECIMAL(10,2)",
// "MAP<STRING, ARRAY<INT>>" or "STRUCT<a: INT NOT NULL>". [ParseType] reads it
// back. A user-defined type is printed as the type of its values.
func (t DataType) String() string {
	var out strings.Builder
	t.write(&out)
	return out.String()
}

func (t DataType) write(out *strings.Builder) {
	if t.isAny() {
		out.WriteString(t.anyName())
		return
	}
	switch t.Kind {
	case KindUnknown:
		if t.Text != "" {
			out.WriteString(t.Text)
			return
		}
		out.WriteString(t.Kind.String())
	case KindDecimal:
		fmt.Fprintf(out, "DECIMAL(%d,%d)", t.Precision, t.Scale)
	case KindString, KindChar, KindVarChar:
		out.WriteString(t.Kind.String())
		if t.Kind != KindString {
			fmt.Fprintf(out, "(%d)", t.Length)
		}
		if t.Collation != "" {
			out.WriteString(" COLLATE " + QuoteName(t.Collation))
		}
	case KindYearMonthInterval, KindDayTimeInterval:
		out.WriteString("INTERVAL " + t.intervalFields())
	case KindArray:
		writeElems(out, "ARRAY<", t.Elem)
	case KindMap:
		writeElems(out, "MAP<", t.Key, t.Elem)
	case KindStruct:
		t.writeStruct(out)
	case KindUDT:
		writeElem(out, t.Elem)
	default:
		out.WriteString(t.Kind.String())
	}
}

func (t DataType) writeStruct(out *strings.Builder) {
	out.WriteString("STRUCT<")
	for i, f := range t.Fields {
		if i > 0 {
			out.WriteString(", ")
		}
		f.write(out, ": ")
	}
	out.WriteString(">")
}

func writeElems(out *strings.Builder, open string, elems ...*DataType) {
	out.WriteString(open)
	for i, elem := range elems {
		if i > 0 {
			out.WriteString(", ")
		}
		writeElem(out, elem)
	}
	out.WriteString(">")
}

func writeElem(out *strings.Builder, elem *DataType) {
	if elem == nil {
		elem = &DataType{}
	}
	elem.write(out)
}

// intervalFields gives "DAY TO SECOND", or "DAY" when there is but one field.
func (t DataType) intervalFields() string {
	names := intervalNames(t.Kind)
	name := func(f IntervalField) string {
		if f < 0 || int(f) >= len(names) {
			return fmt.Sprintf("UNKNOWN(%d)", int(f))
		}
		return names[f]
	}
	if t.Start == t.End {
		return name(t.Start)
	}
	return name(t.Start) + " TO " + name(t.End)
}

// intervalNames are the names of an interval's fields, at their codes.
func intervalNames(k Kind) []string {
	if k == KindYearMonthInterval {
		return []string{"YEAR", "MONTH"}
	}
	return []string{"DAY", "HOUR", "MINUTE", "SECOND"}
}
