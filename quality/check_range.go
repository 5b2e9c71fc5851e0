package quality

import (
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Range wants values within bounds: numbers, texts (as Spark sorts them), dates or
// points in time. Numbers compare exactly, whatever their types. NaN is outside of
// every range. Null passes, unless Null says that it fails; no rows are well.
type Range struct {
	// Column is the column; required.
	Column string `koanf:"column" required:"true" doc:"column to look at"`
	// Min and Max are the bounds, at least one: a number, a text, a
	// [dataflow.Date], a [time.Time] or a [dataflow.Decimal]. A text is read as the
	// type of the column says: "12.50", "2024-05-01", "2024-05-01 12:00:00" in the
	// time zone of the session, "2024-05-01T12:00:00Z". Numbers of more than 15
	// digits are best written as texts.
	Min any `koanf:"min" alias:"min_value" doc:"least value: a number, a text, a date or a point in time"`
	Max any `koanf:"max" alias:"max_value" doc:"largest value"`
	// Inclusive says which bounds are allowed themselves: both, which the empty text
	// means, min, max or neither.
	Inclusive string `koanf:"inclusive" default:"both" enum:"both|true,min,max,neither|false" doc:"which bounds are allowed themselves"`
	// Null says what becomes of null.
	Null NullMode `koanf:"null" default:"pass" enum:"pass,fail" doc:"what becomes of null"`
}

// Kind implements [Check].
func (Range) Kind() string { return "range" }

// String implements [Check].
func (c Range) String() string {
	return describe(c.Kind(), between(c.Column, boundText(c.Min), boundText(c.Max)))
}

// Validate implements [Check].
func (c Range) Validate() error {
	f := &options.Faults{What: c.Kind()}
	f.Append(prefix(c, checkColumns("column", []string{c.Column})))
	f.OneOf("inclusive", c.Inclusive, "both", "min", "max", "neither")
	f.Append(prefix(c, c.Null.check()))
	checkBounds(f, c.Min, c.Max)
	return f.Join()
}

// checkBounds wants one of two bounds, in the right order if they are numbers.
func checkBounds(f *options.Faults, low, high any) {
	if low == nil && high == nil {
		f.Add("set min or max")
	}
	_, lowText := low.(string)
	_, highText := high.(string)
	for i, bound := range []any{low, high} {
		if special, ok := specialFloat(bound); ok {
			f.Add("%s is %v, which is no bound", [...]string{"min", "max"}[i], special)
		}
	}
	if lowText || highText || low == nil || high == nil {
		return // only the column tells what a text is
	}
	least, err := number(low)
	most, other := number(high)
	if err == nil && other == nil && least.Cmp(most) > 0 {
		f.Add("min %v is above max %v", low, high)
	}
}

func (Range) why() string { return "are out of range" }

func (c Range) bad(t *target) (expr, error) {
	col, err := t.column(c.Column)
	if err != nil {
		return expr{}, err
	}
	var faults []expr
	if isFloat(col.typ) {
		faults = append(faults, call("isnan", col.expr))
	}
	below, above := "<", ">"
	if c.Inclusive == "max" || c.Inclusive == "neither" {
		below = "<="
	}
	if c.Inclusive == "min" || c.Inclusive == "neither" {
		above = ">="
	}
	for _, bound := range []struct {
		key, operator string
		value         any
	}{{"min", below, c.Min}, {"max", above, c.Max}} {
		if bound.value == nil {
			continue
		}
		e, err := outside(col, bound.operator, bound.value)
		if err != nil {
			return expr{}, fmt.Errorf("%s of the column %s (%s): %w", bound.key, c.Column, col.typ, err)
		}
		faults = append(faults, e)
	}
	return c.Null.judge(either(faults...)), nil
}

// outside is the condition that a column lies beyond a bound.
func outside(col operand, operator string, bound any) (expr, error) {
	if familyOf(col.typ) == numbers {
		n, err := number(bound)
		if err != nil {
			return expr{}, err
		}
		return beyond(col, operator, n), nil
	}
	e, err := orderedConstant(col.typ, bound)
	if err != nil {
		return expr{}, err
	}
	return call(operator, col.expr, e), nil
}

func (c Range) prepare(t *target) (*probe, error) { return rowProbe(t, c) }

// boundText shows a bound.
func boundText(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// describe writes a check: not_null(id, name).
func describe(kind string, args ...string) string {
	return kind + "(" + strings.Join(args, ", ") + ")"
}
