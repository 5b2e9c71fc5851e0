package quality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/apache/spark-connect-go/v40/spark/sql/utils"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// ForeignKey wants a row of another table or view for the key of each row. A key of
// which some part is null refers to nothing and is good, as in SQL. No rows are well.
// It costs a query of its own, a join.
type ForeignKey struct {
	// Columns are the columns of the key; required.
	Columns Columns `koanf:"columns" alias:"column" required:"true" doc:"columns of the key"`
	// References is the table or view that has to have the keys, as Spark SQL writes
	// its name; required.
	References string `koanf:"references" required:"true" doc:"table or view that has to have the keys"`
	// ReferencedColumns are its columns, in the order of Columns; default those of
	// the same names.
	ReferencedColumns []string `koanf:"referenced_columns" alias:"referenced_column" doc:"columns of that table, in the same order; by default those of the same names"`
}

// Kind implements [Check].
func (ForeignKey) Kind() string { return "foreign_key" }

// String implements [Check].
func (c ForeignKey) String() string {
	return describe(c.Kind(), strings.Join(c.Columns, ", ")+" -> "+c.References)
}

// Validate implements [Check].
func (c ForeignKey) Validate() error {
	f := &options.Faults{What: c.Kind()}
	f.Append(prefix(c, checkColumns("columns", c.Columns)))
	if len(c.ReferencedColumns) > 0 {
		f.Append(prefix(c, checkColumns("referenced_columns", c.ReferencedColumns)))
		if len(c.ReferencedColumns) != len(c.Columns) {
			f.Add("there are %d columns and %d referenced_columns", len(c.Columns), len(c.ReferencedColumns))
		}
	}
	switch {
	case strings.TrimSpace(c.References) == "":
		f.Add("set references")
	case !utf8.ValidString(c.References):
		f.Add("references is no UTF-8")
	}
	return f.Join()
}

func (ForeignKey) countsRows() bool { return true }

func (c ForeignKey) prepare(t *target) (*probe, error) {
	cols, err := t.columns(c.Columns)
	if err != nil {
		return nil, err
	}
	count := t.countRows()
	p := t.probe(func(m metrics) (verdict, error) {
		return t.countVerdict(m.count(count), m.found.count("bad"), "refer to nothing in "+c.References)
	})
	key := "foreign_key\x00" + t.rule.Where + "\x00" + strings.Join(slices.Concat(c.Columns, []string{c.References}, c.ReferencedColumns), "\x00")
	p.query = &query{key: key, run: func(ctx context.Context, e *evaluation, _ metrics) (found, error) { return c.orphans(ctx, e, t, cols) }}
	return p, nil
}

// orphans counts the keys that are not there.
func (c ForeignKey) orphans(ctx context.Context, e *evaluation, t *target, cols []operand) (found, error) {
	table, err := dataflow.TableSource{Table: c.References}.Load(ctx, e.spark)
	if err != nil {
		return nil, &faultError{err}
	}
	def, err := dataflow.SchemaOf(ctx, table)
	if err != nil {
		return nil, err
	}
	there, err := c.referenced(def, cols)
	if err != nil {
		return nil, &faultError{err}
	}
	present, on := []expr{t.where()}, []expr{}
	for i, col := range cols {
		present = append(present, call("isnotnull", col.expr))
		on = append(on, call("==", named("k"+textOfInt(i)), named("r"+textOfInt(i))))
	}
	left, err := filtered(ctx, e.df, both(present...))
	if err != nil {
		return nil, err
	}
	left, _, err = renamed(ctx, left, "k", cols)
	if err != nil {
		return nil, err
	}
	right, _, err := renamed(ctx, table, "r", there)
	if err != nil {
		return nil, err
	}
	joined, err := left.Join(ctx, right, both(on...).column(), utils.JoinTypeLeftAnti)
	if err != nil {
		return nil, err
	}
	joined, err = joined.Agg(ctx, column.WithAlias("bad", call("count", integer(1)).column()))
	if err != nil {
		return nil, err
	}
	return e.oneRow(ctx, joined)
}

// referenced finds the columns of the other table, whose types have to compare.
func (c ForeignKey) referenced(def schema.Definition, cols []operand) ([]operand, error) {
	out := make([]operand, len(cols))
	for i, col := range cols {
		name := col.name
		if len(c.ReferencedColumns) > 0 {
			name = c.ReferencedColumns[i]
		}
		there, err := resolve(def, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.References, err)
		}
		if a, b := familyOf(col.typ), familyOf(there.typ); a != b || a == otherTypes && !sameType(col.typ, there.typ) {
			return nil, fmt.Errorf("the column %s is %s, and %s of %s is %s", col.name, col.typ, name, c.References, there.typ)
		}
		out[i] = there
	}
	return out, nil
}

// faultError is a fault of a check that shows when it is run.
type faultError struct{ err error }

func (e *faultError) Error() string { return e.err.Error() }
func (e *faultError) Unwrap() error { return e.err }

func isFault(err error) bool {
	var fault *faultError
	return errors.As(err, &fault)
}
