package dataflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// NamedArg is an argument of a SQL statement for a marker ":name".
type NamedArg struct {
	Name  string
	Value any
}

// Named returns an argument for the marker ":name". Values may be nil, bool, all
// integers and floats, string, []byte, [time.Time] (a TIMESTAMP), [Date],
// [time.Duration] (a day-time interval), [Decimal], slices (ARRAY) and maps
// (MAP) of these, and pointers to them. The elements of a slice or map get one
// type, as Spark would choose it.
//
// Of the client's columns Spark takes those that are literals or calls of
// array, map and named_struct.
func Named(name string, value any) NamedArg { return NamedArg{Name: name, Value: value} }

// sqlArg is an argument before it is sent: a literal, a column or a call.
type sqlArg struct {
	typ    sqlType
	lit    *wire.Expression_Literal
	column []byte   // marshalled
	call   string   // "array" or "map"
	items  []sqlArg // of the call; keys and values by turns
}

// expression marshals a value as a spark.connect.Expression.
func expression(ctx context.Context, value any) ([]byte, error) {
	arg, err := newArg(ctx, value)
	if err != nil {
		return nil, err
	}
	return arg.marshal(arg.typ)
}

func newArg(ctx context.Context, value any) (sqlArg, error) {
	if col, ok := value.(column.Convertible); ok {
		if reflect.ValueOf(value).IsZero() {
			return sqlArg{}, errors.New("the column is empty")
		}
		expr, err := col.ToProto(ctx)
		if err != nil {
			return sqlArg{}, err
		}
		data, err := proto.Marshal(expr)
		return sqlArg{column: data}, err
	}
	lit, typ, err := literal(value)
	if err != nil || lit != nil {
		return sqlArg{typ: typ, lit: lit}, err
	}
	v := reflect.ValueOf(value)
	switch {
	case isList(v.Type()):
		return newArray(ctx, v)
	case v.Kind() == reflect.Map:
		return newMap(ctx, v)
	case v.Kind() == reflect.Pointer && v.IsNil():
		return newArg(ctx, nil)
	case v.Kind() == reflect.Pointer:
		return newArg(ctx, v.Elem().Interface())
	}
	return sqlArg{}, fmt.Errorf("a value of the Go type %s has no SQL form; pass a column expression", v.Type())
}

func newArray(ctx context.Context, v reflect.Value) (sqlArg, error) {
	arg := sqlArg{call: "array"}
	elem := goType(v.Type().Elem())
	for i := range v.Len() {
		if err := arg.add(ctx, v.Index(i), &elem); err != nil {
			return sqlArg{}, fmt.Errorf("element %d: %w", i, err)
		}
	}
	arg.typ = arrayOf(elem)
	return arg, nil
}

func newMap(ctx context.Context, v reflect.Value) (sqlArg, error) {
	arg := sqlArg{call: "map"}
	key, elem := goType(v.Type().Key()), goType(v.Type().Elem())
	for _, k := range sortedKeys(v) {
		if err := arg.add(ctx, k, &key); err != nil {
			return sqlArg{}, fmt.Errorf("a key: %w", err)
		}
		if err := arg.add(ctx, v.MapIndex(k), &elem); err != nil {
			return sqlArg{}, fmt.Errorf("entry %v: %w", k, err)
		}
	}
	arg.typ = mapOf(key, elem)
	return arg, nil
}

// add appends an item and widens the type of those like it.
func (a *sqlArg) add(ctx context.Context, item reflect.Value, typ *sqlType) error {
	arg, err := newArg(ctx, item.Interface())
	if err != nil {
		return err
	}
	wider, ok := unify(*typ, arg.typ)
	if !ok {
		return fmt.Errorf("a value of the type %s does not go together with %s before it", arg.typ, typ)
	}
	*typ = wider
	a.items = append(a.items, arg)
	return nil
}

// marshal gives the expression of the argument in a type.
func (a sqlArg) marshal(to sqlType) ([]byte, error) {
	switch {
	case a.column != nil:
		return a.column, nil
	case a.lit != nil:
		return marshalLiteral(convert(a.lit, to))
	case len(a.items) == 0 && to.complete():
		return marshalLiteral(emptyLiteral(to))
	}
	fn := &wire.Expression_UnresolvedFunction{FunctionName: a.call}
	for i, item := range a.items {
		typ := to.elem
		if a.call == "map" && i%2 == 0 {
			typ = to.key
		}
		data, err := item.marshal(*typ)
		if err != nil {
			return nil, err
		}
		fn.Arguments = append(fn.Arguments, data)
	}
	return proto.Marshal(&wire.Expression{ExprType: &wire.Expression_UnresolvedFunction_{UnresolvedFunction: fn}})
}

func marshalLiteral(lit *wire.Expression_Literal) ([]byte, error) {
	return proto.Marshal(&wire.Expression{ExprType: &wire.Expression_Literal_{Literal: lit}})
}

// sortedKeys gives the keys in one order, so that equal statements make equal
// plans.
func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		return cmp.Compare(fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface()))
	})
	return keys
}
