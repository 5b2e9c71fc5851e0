package quality

import (
	"fmt"
	"math/big"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Sum wants the sum of a column of numbers within bounds, which are allowed
// themselves. Null is left out. No values have no sum: the check fails. NaN and
// infinity are within no bounds. A sum that its type does not hold cannot be
// evaluated.
type Sum struct {
	// Column is the column of numbers; required.
	Column string `koanf:"column" required:"true" doc:"column of numbers"`
	// Min and Max are the bounds, at least one: numbers, or texts of them.
	Min any `koanf:"min" alias:"min_value" doc:"least sum"`
	Max any `koanf:"max" alias:"max_value" doc:"largest sum"`
}

// Kind implements [Check].
func (Sum) Kind() string { return "sum" }

// String implements [Check].
func (c Sum) String() string { return c.whole().describe(c.Kind()) }

// Validate implements [Check].
func (c Sum) Validate() error { return c.whole().validate(c.Kind()) }

func (c Sum) whole() wholeColumn { return wholeColumn{c.Column, c.Min, c.Max} }

func (c Sum) prepare(t *target) (*probe, error) { return c.whole().prepare(t, c.Kind(), "try_sum") }

// wholeColumn is an aggregate of a column of numbers with bounds.
type wholeColumn struct {
	column   string
	min, max any
}

func (c wholeColumn) describe(kind string) string {
	return describe(kind, between(c.column, boundText(c.min), boundText(c.max)))
}

func (c wholeColumn) validate(kind string) error {
	f := &options.Faults{What: kind}
	if err := checkColumns("column", []string{c.column}); err != nil {
		f.Add("%w", err)
	}
	if c.min == nil && c.max == nil {
		f.Add("set min or max")
	}
	low, err := boundOf(c.min)
	f.Err("min", err)
	high, err := boundOf(c.max)
	f.Err("max", err)
	if low != nil && high != nil && low.Cmp(high) > 0 {
		f.Add("min %v is above max %v", c.min, c.max)
	}
	return f.Join()
}

// boundOf reads a bound, nil for none.
func boundOf(v any) (*big.Rat, error) {
	if v == nil {
		return nil, nil
	}
	return number(v)
}

func (c wholeColumn) prepare(t *target, name, function string) (*probe, error) {
	col, err := t.column(c.column)
	if err != nil {
		return nil, err
	}
	if familyOf(col.typ) != numbers {
		return nil, fmt.Errorf("the column %s is %s, and a %s wants numbers", c.column, col.typ, name)
	}
	count, values, result := t.countRows(), t.aggregate("count", col.expr), t.aggregate(function, col.expr)
	return t.probe(func(m metrics) (verdict, error) {
		rows, got := m.count(count), m.value(result)
		measured := map[string]any{name: got}
		switch {
		case got == nil && m.count(values) > 0:
			return verdict{}, fmt.Errorf("the %s does not fit its type", name)
		case got == nil:
			return failed(rows, measured, "there are no values in %s, and so no %s", plural(rows, "row"), name), nil
		}
		return c.judge(rows, name, got, measured), nil
	}), nil
}

func (c wholeColumn) judge(rows int64, name string, got any, measured map[string]any) verdict {
	n, ok := rational(got)
	if !ok {
		return failed(rows, measured, "the %s is %v", name, got)
	}
	if low, err := boundOf(c.min); err != nil || low != nil && n.Cmp(low) < 0 {
		return failed(rows, measured, "the %s is %v, and at least %v is wanted", name, got, c.min)
	}
	if high, err := boundOf(c.max); err != nil || high != nil && n.Cmp(high) > 0 {
		return failed(rows, measured, "the %s is %v, and at most %v is wanted", name, got, c.max)
	}
	return passed(rows, measured)
}
