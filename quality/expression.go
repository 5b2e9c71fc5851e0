package quality

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// expr is an expression as it travels. Columns and values are nodes of it, so that
// no name and no value is ever read as SQL. The zero value is none.
type expr struct {
	data []byte
	err  error
}

func (e expr) none() bool { return e.data == nil && e.err == nil }

func marshal(e *wire.Expression) expr {
	data, err := proto.Marshal(e)
	return expr{data, err}
}

// call is a function or an operator by its name, such as "<".
func call(name string, args ...expr) expr {
	fn := &wire.Expression_UnresolvedFunction{FunctionName: name}
	for _, arg := range args {
		if arg.err != nil {
			return arg
		}
		fn.Arguments = append(fn.Arguments, arg.data)
	}
	return marshal(&wire.Expression{ExprType: &wire.Expression_UnresolvedFunction_{UnresolvedFunction: fn}})
}

// named is a column of the first level, by its whole name.
func named(name string) expr {
	return marshal(&wire.Expression{ExprType: &wire.Expression_UnresolvedAttribute_{
		UnresolvedAttribute: &wire.Expression_UnresolvedAttribute{UnparsedIdentifier: dataflow.QuoteName(name)},
	}})
}

// written is SQL that a user wrote. Spark parses it on its own, so it cannot reach
// beyond itself.
func written(sql string) expr {
	return marshal(&wire.Expression{ExprType: &wire.Expression_ExpressionString_{
		ExpressionString: &wire.Expression_ExpressionString{Expression: sql},
	}})
}

func literal(lit *wire.Expression_Literal) expr {
	return marshal(&wire.Expression{ExprType: &wire.Expression_Literal_{Literal: lit}})
}

func boolean(b bool) expr {
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Boolean{Boolean: b}})
}

func integer(n int32) expr {
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Integer{Integer: n}})
}

func long(n int64) expr {
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Long{Long: n}})
}

func float(f float32) expr {
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Float{Float: f}})
}

func double(f float64) expr {
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Double{Double: f}})
}

func text(s string) expr {
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_String_{String_: s}})
}

func not(e expr) expr { return call("not", e) }

// either is true where one of them is; false for none.
func either(all ...expr) expr { return chain("or", false, all) }

// both is true where all of them are; true for none.
func both(all ...expr) expr { return chain("and", true, all) }

func chain(operator string, neutral bool, all []expr) expr {
	var out expr
	for _, e := range all {
		switch {
		case e.none():
		case out.none():
			out = e
		default:
			out = call(operator, out, e)
		}
	}
	if out.none() {
		return boolean(neutral)
	}
	return out
}

// column gives the expression to the client.
func (e expr) column() column.Convertible {
	return convertible(functions.Col("a").ToProto, e)
}

// convertible makes a column of the client, whose type of expressions lies in its
// internal packages: inference names it for us.
func convertible[E proto.Message](_ func(context.Context) (E, error), e expr) column.Convertible {
	out, _ := any(foreign[E]{e}).(column.Convertible)
	return out
}

// foreign implements column.Convertible when E is the client's type.
type foreign[E proto.Message] struct{ expr expr }

// ToProto implements column.Convertible.
func (f foreign[E]) ToProto(context.Context) (E, error) {
	var none E
	if f.expr.err != nil {
		return none, f.expr.err
	}
	msg := none.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(f.expr.data, msg); err != nil {
		return none, err
	}
	out, _ := msg.(E)
	return out, nil
}
