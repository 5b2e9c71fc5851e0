package dataflow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// NewColumn is a column or a field of a struct that a table gets.
type NewColumn struct {
	// Path is its name, after those of the columns around it, where "element", "key"
	// and "value" stand for what is in arrays and maps.
	Path []string
	// Type is its type; it can be null, and so can all in it.
	Type schema.DataType
}

// String returns the column as ALTER TABLE has it: `address`.`zip` STRING.
func (c NewColumn) String() string { return QuoteName(c.Path...) + " " + c.Type.String() }

// ColumnAdder is implemented by sinks whose table can get columns.
type ColumnAdder interface {
	SinkTarget
	// AddColumns adds the columns to the table. It blocks until that is done.
	AddColumns(ctx context.Context, spark *Session, columns []NewColumn) error
}

var (
	_ ColumnAdder = DeltaSink{}
	_ ColumnAdder = IcebergSink{}
	_ ColumnAdder = TableSink{}
)

// AddColumns implements [ColumnAdder].
func (s DeltaSink) AddColumns(ctx context.Context, spark *Session, columns []NewColumn) error {
	if s.Table != "" {
		return alterTable(ctx, spark, s.Table, columns)
	}
	return alterTable(ctx, spark, QuoteName("delta", spark.outputPath(s.Path)), columns)
}

// AddColumns implements [ColumnAdder]. A branch has the columns of its table.
func (s IcebergSink) AddColumns(ctx context.Context, spark *Session, columns []NewColumn) error {
	return alterTable(ctx, spark, icebergTable(s.Catalog, s.Table), columns)
}

// AddColumns implements [ColumnAdder]. Spark's own tables take columns, and no fields
// of structs.
func (s TableSink) AddColumns(ctx context.Context, spark *Session, columns []NewColumn) error {
	return alterTable(ctx, spark, s.Table, columns)
}

func alterTable(ctx context.Context, spark *Session, table string, columns []NewColumn) error {
	name, err := requote(table)
	if err != nil {
		return err
	}
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = c.String()
	}
	statement := "ALTER TABLE " + name + " ADD COLUMNS (" + strings.Join(texts, ", ") + ")"
	if err := noSubstitution(statement); err != nil {
		return fmt.Errorf("add columns to %s: %w", table, err)
	}
	if _, _, err := spark.statement(ctx, statement, nil); err != nil {
		return fmt.Errorf("add the columns %s to %s: %w", strings.Join(texts, ", "), table, err)
	}
	return nil
}

// addColumns gives the target the columns that it lacks. The rows get the order and
// the fields of structs that the table has then: an insert and a merge want that.
func (e evolution) addColumns(ctx context.Context, spark *Session, rows sql.DataFrame) (sql.DataFrame, error) {
	columns := newColumns(nil, e.have.Fields, e.got.Fields)
	if adder, ok := e.sink.(ColumnAdder); ok && len(columns) > 0 && !growsItself(e.sink) {
		if err := adder.AddColumns(ctx, spark, columns); err != nil {
			return nil, err
		}
	}
	table := schema.Definition{Fields: grownFields(e.have.Fields, e.got.Fields)}
	return conform(ctx, spark, rows, e.got, table, e.fills())
}

// newColumns are the fields that a table lacks.
func newColumns(path []string, have, got []schema.Field) []NewColumn {
	var out []NewColumn
	for _, g := range got {
		at := append(slices.Clone(path), g.Name)
		h, ok := fieldOf(have, g.Name)
		if !ok {
			out = append(out, NewColumn{Path: at, Type: nullable(g.Type)})
			continue
		}
		at[len(at)-1] = h.Name
		out = append(out, newFields(at, h.Type, g.Type)...)
	}
	return out
}

// newFields are the fields that structs within a type lack.
func newFields(at []string, have, got schema.DataType) []NewColumn {
	if have.Kind != got.Kind {
		return nil
	}
	within := func(name string, h, g *schema.DataType) []NewColumn {
		if h == nil || g == nil {
			return nil
		}
		return newFields(append(slices.Clone(at), name), *h, *g)
	}
	switch have.Kind {
	case schema.KindStruct:
		return newColumns(at, have.Fields, got.Fields)
	case schema.KindArray:
		return within("element", have.Elem, got.Elem)
	case schema.KindMap:
		return append(within("key", have.Key, got.Key), within("value", have.Elem, got.Elem)...)
	}
	return nil
}

// grownFields are the fields of a table that got those that it lacked.
func grownFields(have, got []schema.Field) []schema.Field {
	out := slices.Clone(have)
	for i, h := range out {
		if g, ok := fieldOf(got, h.Name); ok {
			out[i].Type = grownType(h.Type, g.Type)
		}
	}
	for _, g := range got {
		if _, ok := fieldOf(have, g.Name); !ok {
			out = append(out, schema.Nullable(g.Name, nullable(g.Type)))
		}
	}
	return out
}

func grownType(have, got schema.DataType) schema.DataType {
	if have.Kind != got.Kind {
		return have
	}
	part := func(h, g *schema.DataType) *schema.DataType {
		if h == nil || g == nil {
			return h
		}
		t := grownType(*h, *g)
		return &t
	}
	have.Elem, have.Key = part(have.Elem, got.Elem), part(have.Key, got.Key)
	have.Fields = grownFields(have.Fields, got.Fields)
	return have
}

// fieldOf finds a field by its name as Spark does.
func fieldOf(fields []schema.Field, name string) (schema.Field, bool) {
	return schema.Definition{Fields: fields}.Field(name)
}
