package quality

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// The ways in which a [Unique] counts.
const (
	UniqueExact       = "exact"
	UniqueApproximate = "approximate"
)

// Unique wants no two rows with the same values in all its columns. Null equals null
// and NaN equals NaN: two rows without a key are one too many. How many rows are bad
// is how many there are more than different keys; no rows are well.
//
// It costs a query of its own, which groups the rows by the columns. Of one column of
// whole numbers that lie dense, such as the ids of a table, it counts bits instead,
// which is exact too and about three times as fast.
type Unique struct {
	// Columns are the columns of the key; required.
	Columns Columns `koanf:"columns" alias:"column" required:"true" doc:"columns that make a row unique together"`
	// Method is exact, which the empty text means, or approximate, which estimates
	// the number of keys within some 3 % and costs no query: it finds only what is
	// beyond that.
	Method string `koanf:"method" default:"exact" enum:"exact,approximate" doc:"exact counts with a query of its own; approximate estimates within some 3 % without one"`
}

// Kind implements [Check].
func (Unique) Kind() string { return "unique" }

// String implements [Check].
func (c Unique) String() string { return describe(c.Kind(), c.Columns...) }

// Validate implements [Check].
func (c Unique) Validate() error {
	f := &options.Faults{What: c.Kind()}
	f.Append(prefix(c, checkColumns("columns", c.Columns)))
	f.OneOf("method", c.Method, UniqueExact, UniqueApproximate)
	return f.Join()
}

func (Unique) countsRows() bool { return true }

const repeated = "repeat another"

func (c Unique) prepare(t *target) (*probe, error) {
	cols, err := t.columns(c.Columns)
	if err != nil {
		return nil, err
	}
	for _, col := range cols {
		if col.typ.Kind == schema.KindVariant {
			return nil, fmt.Errorf("the column %s is VARIANT, and Spark groups by no VARIANT", col.name)
		}
	}
	switch _, whole := digitsOf(cols[0].typ); {
	case c.Method == UniqueApproximate:
		return c.estimate(t, cols), nil
	case len(cols) == 1 && whole && cols[0].typ.Kind != schema.KindDecimal:
		return c.countWhole(t, cols[0]), nil
	}
	p := t.probe(func(m metrics) (verdict, error) { return c.verdict(t, m, "group") })
	p.query = &query{key: uniqueKey(t, cols), run: func(ctx context.Context, e *evaluation, _ metrics) (found, error) {
		return e.group(ctx, t.where(), cols)
	}}
	return p, nil
}

func (c Unique) verdict(t *target, m metrics, method string) (verdict, error) {
	rows, keys := m.found.count("rows"), m.found.count("keys")
	v, err := t.countVerdict(rows, rows-keys, repeated)
	v.values = map[string]any{"distinct": keys, "method": method}
	return v, err
}

// uniqueKey is the same for the same columns in any order.
func uniqueKey(t *target, cols []operand) string {
	keys := []string{}
	for _, col := range cols {
		keys = append(keys, string(col.expr.data))
	}
	slices.Sort(keys)
	return "unique\x00" + t.rule.Where + "\x00" + strings.Join(keys, "\x00")
}

// group counts rows and keys.
func (e *evaluation) group(ctx context.Context, where expr, cols []operand) (found, error) {
	df, err := filtered(ctx, e.df, where)
	if err != nil {
		return nil, err
	}
	df, keys, err := renamed(ctx, df, "k", cols)
	if err != nil {
		return nil, err
	}
	df, err = df.GroupBy(keys...).Agg(ctx, column.WithAlias("n", call("count", integer(1)).column()))
	if err != nil {
		return nil, err
	}
	df, err = df.Agg(ctx, column.WithAlias("rows", call("coalesce", call("sum", named("n")), long(0)).column()),
		column.WithAlias("keys", call("count", integer(1)).column()))
	if err != nil {
		return nil, err
	}
	return e.oneRow(ctx, df)
}

// filtered keeps the rows for which a condition holds, all for none.
func filtered(ctx context.Context, df sql.DataFrame, where expr) (sql.DataFrame, error) {
	if where.none() {
		return df, nil
	}
	return df.Filter(ctx, where.column())
}

// renamed selects columns under names that nothing else has.
func renamed(ctx context.Context, df sql.DataFrame, prefix string, cols []operand) (sql.DataFrame, []column.Convertible, error) {
	var selected, names []column.Convertible
	for i, col := range cols {
		name := prefix + textOfInt(i)
		selected = append(selected, column.WithAlias(name, col.expr.column()))
		names = append(names, named(name).column())
	}
	df, err := df.Select(ctx, selected...)
	return df, names, err
}

// rsd is the relative standard deviation of an estimate, and tolerance what it is
// trusted to.
const (
	rsd       = 0.01
	tolerance = 3 * rsd
)

func (c Unique) estimate(t *target, cols []operand) *probe {
	args := make([]expr, len(cols))
	for i, col := range cols {
		args[i] = col.expr
	}
	// A struct is never null, so that a key of nulls is a key.
	count, keys := t.countRows(), t.aggregate("approx_count_distinct", call("struct", args...), double(rsd))
	return t.probe(func(m metrics) (verdict, error) {
		rows, distinct := m.count(count), m.count(keys)
		bad := max(0, rows-int64(float64(distinct)*(1+tolerance)))
		v, err := t.countVerdict(rows, bad, repeated+" (at least, it is an estimate)")
		v.values = map[string]any{"distinct": min(distinct, rows), "method": UniqueApproximate}
		return v, err
	})
}

// countWhole is for one column of whole numbers. What it measures with the others
// tells whether they lie dense.
func (c Unique) countWhole(t *target, col operand) *probe {
	rows, some := t.countRows(), t.aggregate("count", col.expr)
	least, most := t.aggregate("min", col.expr), t.aggregate("max", col.expr)
	last := t.lastPartition()
	p := t.probe(func(m metrics) (verdict, error) {
		method, _ := m.found["method"].(string)
		return c.verdict(t, m, method)
	})
	p.query = &query{key: uniqueKey(t, []operand{col}), run: func(ctx context.Context, e *evaluation, m metrics) (found, error) {
		n := m.count(some)
		if n == 0 {
			return found{"rows": m.count(rows), "keys": min(1, m.count(rows)), "method": "count"}, nil
		}
		tasks, _ := m.value(last).(int32)
		if !dense(m.value(least), m.value(most), n, int64(tasks)+1) {
			out, err := e.group(ctx, t.where(), []operand{col})
			return out.with("method", "group"), err
		}
		out, err := e.bits(ctx, t.where(), col)
		if err != nil {
			return nil, err
		}
		keys := out.count("keys")
		if m.count(rows) > n {
			keys++ // null
		}
		return found{"rows": m.count(rows), "keys": keys, "method": "bitmap"}, nil
	}}
	return p
}

// What bitmaps may cost: so many values of the range for each row, so many bytes
// over the network for each row, and a range that is always small.
const (
	valuesPerRow = 16
	bytesPerRow  = 32
	smallRange   = 1 << 20
)

// dense reports whether whole numbers lie dense enough for bitmaps: each task has
// one bit for each number of the range.
func dense(least, most any, rows, tasks int64) bool {
	low, err := number(least)
	high, other := number(most)
	if err != nil || other != nil {
		return false
	}
	width := new(big.Rat).Sub(high, low)
	if width.Cmp(big.NewRat(smallRange, 1)) <= 0 {
		return true
	}
	bytes := new(big.Rat).Mul(width, big.NewRat(tasks, 8))
	return width.Cmp(big.NewRat(valuesPerRow*rows, 1)) <= 0 && bytes.Cmp(big.NewRat(bytesPerRow*rows, 1)) <= 0
}

// bits counts the different numbers of a column, null left out.
func (e *evaluation) bits(ctx context.Context, where expr, col operand) (found, error) {
	df, err := filtered(ctx, e.df, both(where, call("isnotnull", col.expr)))
	if err != nil {
		return nil, err
	}
	df, keys, err := renamed(ctx, df, "k", []operand{{expr: call("bitmap_bucket_number", col.expr)}, {expr: call("bitmap_bit_position", col.expr)}})
	if err != nil {
		return nil, err
	}
	df, err = df.GroupBy(keys[0]).Agg(ctx, column.WithAlias("n", call("bitmap_count", call("bitmap_construct_agg", named("k1"))).column()))
	if err != nil {
		return nil, err
	}
	df, err = df.Agg(ctx, column.WithAlias("keys", call("coalesce", call("sum", named("n")), long(0)).column()))
	if err != nil {
		return nil, err
	}
	return e.oneRow(ctx, df)
}
