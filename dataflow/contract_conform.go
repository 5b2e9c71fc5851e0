package dataflow

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// conform gives rows the columns of a table, in its order: others are left out, those
// that are missing become null if fill says so and are left out otherwise. Structs
// within get the fields that the table has, those that are missing as null. It sends
// nothing. Rows that have these columns already stay as they are.
func conform(ctx context.Context, spark *Session, rows sql.DataFrame, got, table schema.Definition, fill bool) (sql.DataFrame, error) {
	var columns []*wire.Expression
	same := len(got.Fields) == len(table.Fields)
	for i, want := range table.Fields {
		f, ok := got.Field(want.Name)
		text, changed := "", true
		switch {
		case ok:
			text, changed = conformed(QuoteName(f.Name), f.Nullable, f.Type, want.Type, 0)
		case !fill || hasDefault(want):
			same = false
			continue
		default:
			text = nullOf(want.Type)
		}
		if err := noSubstitution(text); err != nil {
			return nil, fmt.Errorf("leave out columns: %w", err)
		}
		same = same && !changed && i < len(got.Fields) && got.Fields[i].Name == f.Name
		columns = append(columns, named(text, want.Name))
	}
	if same {
		return rows, nil
	}
	if len(columns) == 0 {
		return nil, fmt.Errorf("leave out columns: none is left, since the table has none of %s", namesOf(got))
	}
	input, err := spark.Export(ctx, rows)
	if err != nil {
		return nil, err
	}
	return spark.relation(&wire.Relation{RelType: &wire.Relation_Project{Project: &wire.Project{Input: input, Expressions: columns}}})
}

// hasDefault reports whether the table itself fills a column.
func hasDefault(f schema.Field) bool { return strings.Contains(f.Metadata, `"CURRENT_DEFAULT"`) }

// named is an expression of SQL under a name.
func named(text, name string) *wire.Expression {
	return &wire.Expression{ExprType: &wire.Expression_Alias_{Alias: &wire.Expression_Alias{
		Expr: &wire.Expression{ExprType: &wire.Expression_ExpressionString_{
			ExpressionString: &wire.Expression_ExpressionString{Expression: text},
		}},
		Name: []string{name},
	}}}
}

// nullOf is the null of a type; one that stands for many has none of its own.
func nullOf(t schema.DataType) string {
	if !schema.New(schema.Nullable("", t)).Concrete() {
		return "NULL"
	}
	return "CAST(NULL AS " + t.String() + ")"
}

// conformed is an expression for what is in one of a type, with the fields of structs
// that another type has. It reports whether it is another expression.
func conformed(expr string, null bool, got, want schema.DataType, depth int) (string, bool) {
	if got.Kind != want.Kind {
		return expr, false
	}
	variable := fmt.Sprintf("sparkpipe_%d", depth)
	within := func(function, arguments, of string, g, w *schema.DataType) (string, bool) {
		if g == nil || w == nil {
			return expr, false
		}
		text, changed := conformed(of, true, *g, *w, depth+1)
		if !changed {
			return expr, false
		}
		return function + "(" + expr + ", " + arguments + " -> " + text + ")", true
	}
	switch got.Kind {
	case schema.KindStruct:
		return conformedStruct(expr, null, got, want, depth)
	case schema.KindArray:
		return within("transform", variable, variable, got.Elem, want.Elem)
	case schema.KindMap:
		key, value := variable+"_key", variable+"_value"
		text, keys := within("transform_keys", "("+key+", "+value+")", key, got.Key, want.Key)
		expr = text
		text, values := within("transform_values", "("+key+", "+value+")", value, got.Elem, want.Elem)
		return text, keys || values
	}
	return expr, false
}

func conformedStruct(expr string, null bool, got, want schema.DataType, depth int) (string, bool) {
	changed := len(got.Fields) != len(want.Fields)
	var parts []string
	for _, w := range want.Fields {
		name := textLiteral(w.Name)
		f, ok := got.Field(w.Name)
		if !ok {
			changed = true
			parts = append(parts, name, nullOf(w.Type))
			continue
		}
		text, other := conformed(expr+"."+QuoteName(f.Name), f.Nullable, f.Type, w.Type, depth)
		changed = changed || other
		parts = append(parts, name, text)
	}
	if !changed || len(parts) == 0 {
		return expr, false
	}
	text := "named_struct(" + strings.Join(parts, ", ") + ")"
	if null {
		text = "IF(" + expr + " IS NULL, NULL, " + text + ")"
	}
	return text, true
}

// textLiteral is a text as SQL has it.
func textLiteral(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
