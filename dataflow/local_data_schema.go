package dataflow

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// describe makes the schema that is sent. Every column can be null in it: what
// is read from a file always can, and the way to Spark must not show.
//
// Columns that must be cast in the end, or that have names which Spark cannot
// tell apart, are sent under names by their position.
func (l *loader) describe() error {
	l.sent = columnar.Sent(l.def)
	seen := make(map[string]bool, len(l.def.Fields))
	for _, f := range l.def.Fields {
		_, cast := columnar.CastOf(f.Type)
		folded := strings.ToLower(f.Name)
		l.finish = l.finish || cast || seen[folded]
		seen[folded] = true
	}
	if l.finish {
		for i := range l.sent.Fields {
			l.sent.Fields[i].Name = positionName(i)
		}
	}
	data, err := l.sent.JSON()
	l.ddl = string(data)
	return err
}

func positionName(i int) string { return fmt.Sprintf("c%d", i) }

// fileSchema is the schema of a staged file, in which Spark finds columns by
// name.
func (l *loader) fileSchema() *arrow.Schema {
	fields := l.schema.Fields()
	for i := range fields {
		fields[i].Name = l.sent.Fields[i].Name
	}
	return arrow.NewSchema(fields, nil)
}

// finished gives the columns their types and names. Spark takes no data that is
// CHAR or VARCHAR or an interval that lacks fields, but it casts to them. A
// session that does not keep CHAR and VARCHAR has STRING after that too.
func (l *loader) finished(ctx context.Context, frame sql.DataFrame) (sql.DataFrame, error) {
	if !l.finish {
		return frame, nil
	}
	input, err := l.session.Export(ctx, frame)
	if err != nil {
		return nil, err
	}
	columns := make([]*wire.Expression, len(l.def.Fields))
	for i, f := range l.def.Fields {
		columns[i] = finishedColumn(positionName(i), f)
	}
	return l.session.relation(&wire.Relation{RelType: &wire.Relation_Project{
		Project: &wire.Project{Input: input, Expressions: columns},
	}})
}

// finishedColumn is the column of a field under the name and, where the type is
// cast to, with the metadata that the cast drops.
func finishedColumn(column string, f schema.Field) *wire.Expression {
	alias := &wire.Expression_Alias{Name: []string{f.Name}}
	if typ, cast := columnar.CastOf(f.Type); cast {
		column = fmt.Sprintf("CAST(%s AS %s)", column, typ)
		if f.Metadata != "" {
			alias.Metadata = &f.Metadata
		}
	}
	alias.Expr = &wire.Expression{ExprType: &wire.Expression_ExpressionString_{
		ExpressionString: &wire.Expression_ExpressionString{Expression: column},
	}}
	return &wire.Expression{ExprType: &wire.Expression_Alias_{Alias: alias}}
}

// sameNames gives a name that two fields of one struct have, or have but for
// case, within the type.
func sameNames(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.StructType:
		seen := make(map[string]bool, t.NumFields())
		for _, f := range t.Fields() {
			folded := strings.ToLower(f.Name)
			if seen[folded] {
				return f.Name
			}
			seen[folded] = true
			if twice := sameNames(f.Type); twice != "" {
				return twice
			}
		}
	case *arrow.MapType:
		if twice := sameNames(t.KeyType()); twice != "" {
			return twice
		}
		return sameNames(t.ItemType())
	case *arrow.ListType:
		return sameNames(t.Elem())
	}
	return ""
}
