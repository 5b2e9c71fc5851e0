package columnar

import (
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
)

// compile makes the writer for a column and a Go type. What cannot fit is told
// here, before the first row.
func compile(c cell) (writer, error) {
	switch nullable := c.typ.Kind() == reflect.Pointer || isNullWrapper(c.typ); {
	case nullable && c.arrow.ID() == arrow.NULL:
		return &voidWriter{}, nil
	case c.typ.Kind() == reflect.Pointer:
		return newPointer(c)
	case isNullWrapper(c.typ):
		return newNullable(c)
	case c.typ.Kind() == reflect.Interface && c.typ.NumMethod() == 0:
		c.nullOK = true
		open, err := natural(c.path, c.arrow)
		return newLeaf(c, open), err
	}
	w, err := compileType(c)
	if w == nil && err == nil {
		err = c.mismatch()
	}
	return w, err
}

// compileType goes by the Arrow type. It returns nil when the Go type is none
// for it.
func compileType(c cell) (writer, error) {
	switch t := c.arrow.(type) {
	case *arrow.NullType:
		if c.nullOK || c.typ.Kind() == reflect.Slice || c.typ.Kind() == reflect.Map {
			return &voidWriter{}, nil
		}
	case *arrow.BooleanType:
		return ifKind(c, reflect.Bool, openBool), nil
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type:
		if make := intWriters[c.typ.Kind()]; make != nil && !ownTypes[c.typ] {
			return make(c), nil
		}
	case *arrow.Float32Type:
		if c.typ.Kind() == reflect.Float32 {
			return newLeaf(c, openFloat32), nil
		}
		return ifKind(c, reflect.Float64, openFloat64), nil
	case *arrow.Float64Type:
		return ifKind(c, reflect.Float64, openFloat64), nil
	case *arrow.Decimal128Type:
		return decimalWriter(c), nil
	case *arrow.StringType, *arrow.LargeStringType:
		return textWriter(c), nil
	case *arrow.BinaryType, *arrow.LargeBinaryType:
		return binaryWriter(c), nil
	case *arrow.ListType:
		return newList(c, t)
	case *arrow.MapType:
		return newMap(c, t)
	case *arrow.StructType:
		return compileStruct(c, t)
	default:
		return timeWriter(c), nil
	}
	return nil, nil
}

func ifKind[G any](c cell, kind reflect.Kind, open func(arrow.Array) source[G]) writer {
	if c.typ.Kind() != kind {
		return nil
	}
	return newLeaf(c, open)
}

func compileStruct(c cell, t *arrow.StructType) (writer, error) {
	switch {
	case c.typ == variantType && (isVariant(t)):
		return newLeaf(c, openVariant), nil
	case isVariant(t):
		return nil, nil
	case c.typ == rowType:
		open, err := naturalRow(c.path, t)
		return newLeaf(c, open), err
	case c.typ.Kind() == reflect.Map && c.typ.Key().Kind() == reflect.String:
		return newNamed(c, t)
	case c.typ.Kind() == reflect.Struct && !isValueType(c.typ):
		return newStruct(c, t)
	}
	return nil, nil
}

// below is the path of a field in a struct.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// within says in which column an error is, unless it is about the whole row.
func within(path string, err error) error {
	if path == "" || err == nil {
		return err
	}
	return fmt.Errorf("column %q: %w", path, err)
}
