package quality

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Length wants texts of so many characters, or so many bytes of BINARY. Null has no
// length: it passes, unless Null says that it fails; no rows are well.
type Length struct {
	// Column is the column of texts or bytes; required.
	Column string `koanf:"column" required:"true" doc:"column of texts or bytes to look at"`
	// Min and Max bound the length and are allowed themselves; one of them is set.
	Min *int64 `koanf:"min" alias:"min_length" min:"0" doc:"least number of characters"`
	Max *int64 `koanf:"max" alias:"max_length" min:"0" doc:"largest number of characters"`
	// Null says what becomes of null.
	Null NullMode `koanf:"null" default:"pass" enum:"pass,fail" doc:"what becomes of null"`
}

// Kind implements [Check].
func (Length) Kind() string { return "length" }

// String implements [Check].
func (c Length) String() string {
	return describe(c.Kind(), between(c.Column, textOf(c.Min), textOf(c.Max)))
}

// Validate implements [Check].
func (c Length) Validate() error {
	f := &options.Faults{What: c.Kind()}
	f.Append(prefix(c, checkColumns("column", []string{c.Column})))
	checkCounts(f, c.Min, c.Max)
	f.Append(prefix(c, c.Null.check()))
	return f.Join()
}

func (Length) why() string { return "have a length out of range" }

func (c Length) bad(t *target) (expr, error) {
	col, err := t.column(c.Column)
	if err != nil {
		return expr{}, err
	}
	if familyOf(col.typ) != texts && col.typ.Kind != schema.KindBinary {
		return expr{}, fmt.Errorf("the column %s is %s, and a length wants a STRING or BINARY", c.Column, col.typ)
	}
	length := call("length", col.expr)
	var faults []expr
	if c.Min != nil {
		faults = append(faults, call("<", length, long(*c.Min)))
	}
	if c.Max != nil {
		faults = append(faults, call(">", length, long(*c.Max)))
	}
	return c.Null.judge(either(faults...)), nil
}

func (c Length) prepare(t *target) (*probe, error) { return rowProbe(t, c) }

// checkCounts wants one of two counts, in the right order.
func checkCounts(f *options.Faults, low, high *int64) {
	if low == nil && high == nil {
		f.Add("set min or max")
	}
	f.Version("min", low)
	f.Version("max", high)
	if low != nil && high != nil && *low > *high {
		f.Add("min %d is above max %d", *low, *high)
	}
}
