package columnar

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

// bindLeaf compiles the function for a type without parts; nil when values of t
// cannot become it.
func (b binder) bindLeaf(t reflect.Type, to target) appendFunc {
	switch to.typ.Kind {
	case schema.KindNull:
		return nil // only nil is VOID, and that never comes here
	case schema.KindBoolean:
		return bindBool(t, to)
	case schema.KindByte, schema.KindShort, schema.KindInteger, schema.KindLong:
		return bindInteger(t, to)
	case schema.KindFloat, schema.KindDouble:
		return bindFloat(t, to)
	case schema.KindDecimal:
		return bindDecimal(t, to)
	case schema.KindString, schema.KindChar, schema.KindVarChar:
		return b.bindText(t, to)
	case schema.KindBinary:
		return b.bindBinary(t, to)
	case schema.KindVariant:
		return b.bindVariant(t, to)
	}
	return bindTime(t, to)
}

func bindBool(t reflect.Type, to target) appendFunc {
	if t.Kind() != reflect.Bool {
		return nil
	}
	out := to.builder.(*array.BooleanBuilder)
	return func(v reflect.Value) error {
		out.Append(v.Bool())
		return nil
	}
}

func (b binder) bindText(t reflect.Type, to target) appendFunc {
	out := textBuilder{StringBuilder: to.builder.(*array.StringBuilder)}
	if to.typ.Kind != schema.KindString {
		out.limit, out.typ = to.typ.Length, to.typ
	}
	switch _, own := sparkTypes[t]; {
	case isTextValue(t):
		return b.bindMarshaler(t, out)
	case own || t == decimalType:
		return nil
	case t.Kind() == reflect.String:
		return func(v reflect.Value) error {
			text := v.String()
			*b.size += len(text)
			return out.add(text)
		}
	case t.Kind() == reflect.Slice && isByteList(t):
		return func(v reflect.Value) error {
			if v.IsNil() {
				return to.null()
			}
			*b.size += v.Len()
			return out.add(string(v.Bytes()))
		}
	}
	return nil
}

// maxText is the largest text or binary: the offsets of a batch are 32 bits, and
// Spark's own limit is the same.
const maxText = 1<<31 - 1<<20

var errText = fmt.Errorf("it is longer than %d bytes, the most that Spark takes", maxText)

// textBuilder takes texts up to the length of a CHAR or VARCHAR, in characters.
type textBuilder struct {
	*array.StringBuilder
	limit int // 0 is none
	typ   schema.DataType
}

func (b textBuilder) add(text string) error {
	switch {
	case len(text) > maxText:
		return errText
	case b.limit > 0 && len(text) > b.limit && utf8.RuneCountInString(text) > b.limit:
		return fmt.Errorf("the text has %d characters, too many for %s", utf8.RuneCountInString(text), b.typ)
	}
	b.Append(text)
	return nil
}

func (b binder) bindMarshaler(t reflect.Type, out textBuilder) appendFunc {
	byPointer := !t.Implements(textMarshaler)
	return func(v reflect.Value) error {
		if byPointer {
			v = addressOf(v)
		}
		m, ok := v.Interface().(encoding.TextMarshaler)
		if !ok {
			return fmt.Errorf("the Go type %s does not give its text", t)
		}
		text, err := m.MarshalText()
		if err != nil {
			return err
		}
		*b.size += len(text)
		return out.add(string(text))
	}
}

// addressOf gives a pointer to the value, or to a copy of one that has no
// address.
func addressOf(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v.Addr()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p
}

func (b binder) bindBinary(t reflect.Type, to target) appendFunc {
	out := to.builder.(*array.BinaryBuilder)
	if _, own := sparkTypes[t]; to.key && t.Kind() == reflect.String && !own && t != decimalType { // the key of a map cannot be a []byte
		return func(v reflect.Value) error {
			*b.size += v.Len()
			if v.Len() > maxText {
				return errText
			}
			out.AppendString(v.String())
			return nil
		}
	}
	if !isByteList(t) {
		return nil
	}
	isSlice := t.Kind() == reflect.Slice
	return func(v reflect.Value) error {
		if isSlice && v.IsNil() {
			return to.null()
		}
		if !isSlice {
			v = addressOf(v).Elem() // Bytes wants an array that has an address
		}
		data := v.Bytes()
		*b.size += len(data)
		if len(data) > maxText {
			return errText
		}
		out.Append(data)
		return nil
	}
}

func (b binder) bindVariant(t reflect.Type, to target) appendFunc {
	if t != reflect.TypeFor[value.Variant]() {
		return nil
	}
	sb := to.builder.(*array.StructBuilder)
	values, metadata := sb.FieldBuilder(0).(*array.BinaryBuilder), sb.FieldBuilder(1).(*array.BinaryBuilder)
	return func(v reflect.Value) error {
		data, names := v.FieldByName("Value").Bytes(), v.FieldByName("Metadata").Bytes()
		if len(data) == 0 || len(names) == 0 {
			return errors.New("the variant is empty; for a null use a pointer, sql.Null[value.Variant] or nil")
		}
		*b.size += len(data) + len(names)
		sb.Append(true)
		values.Append(data)
		metadata.Append(names)
		return nil
	}
}
