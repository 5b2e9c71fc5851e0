package quality

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// AcceptedValues wants one of a list of values. Numbers compare exactly; texts
// compare as Spark compares them, by default with regard to case. NaN is good when
// the list has it. Null passes, unless Null says that it fails; no rows are well.
type AcceptedValues struct {
	// Column is the column, of numbers, texts, dates, points in time or truth values;
	// required.
	Column string `koanf:"column" required:"true" doc:"column to look at"`
	// Values are the values, as the bounds of a [Range] are written; required.
	Values []any `koanf:"values" alias:"accepted" required:"true" doc:"values that are allowed"`
	// Null says what becomes of null.
	Null NullMode `koanf:"null" default:"pass" enum:"pass,fail" doc:"what becomes of null"`
}

// Kind implements [Check].
func (AcceptedValues) Kind() string { return "accepted_values" }

// String implements [Check]. It has no values: there may be many.
func (c AcceptedValues) String() string {
	return describe(c.Kind(), c.Column, plural(int64(len(c.Values)), "value"))
}

// Validate implements [Check].
func (c AcceptedValues) Validate() error {
	f := &options.Faults{What: c.Kind()}
	f.Append(prefix(c, checkColumns("column", []string{c.Column})))
	if len(c.Values) == 0 {
		f.Add("set values")
	}
	for i, v := range c.Values {
		if v == nil {
			f.Add("values: element %d is null; what becomes of null says the key null", i+1)
		}
	}
	f.Append(prefix(c, c.Null.check()))
	return f.Join()
}

func (AcceptedValues) why() string { return "have a value that is not accepted" }

func (c AcceptedValues) bad(t *target) (expr, error) {
	col, err := t.column(c.Column)
	if err != nil {
		return expr{}, err
	}
	args := []expr{col.expr}
	for i, v := range c.Values {
		e, err := constant(col.typ, v)
		if err != nil {
			return expr{}, fmt.Errorf("value %d for the column %s (%s): %w", i+1, c.Column, col.typ, err)
		}
		args = append(args, e)
	}
	return c.Null.judge(not(call("in", args...))), nil
}

func (c AcceptedValues) prepare(t *target) (*probe, error) { return rowProbe(t, c) }
