package quality

// Mean wants the mean of a column of numbers within bounds, which are allowed
// themselves. Null is left out. No values have no mean: the check fails. NaN and
// infinity are within no bounds.
type Mean struct {
	// Column is the column of numbers; required.
	Column string `koanf:"column" required:"true" doc:"column of numbers"`
	// Min and Max are the bounds, at least one: numbers, or texts of them.
	Min any `koanf:"min" alias:"min_value" doc:"least mean"`
	Max any `koanf:"max" alias:"max_value" doc:"largest mean"`
}

// Kind implements [Check].
func (Mean) Kind() string { return "mean" }

// String implements [Check].
func (c Mean) String() string { return c.whole().describe(c.Kind()) }

// Validate implements [Check].
func (c Mean) Validate() error { return c.whole().validate(c.Kind()) }

func (c Mean) whole() wholeColumn { return wholeColumn{c.Column, c.Min, c.Max} }

func (c Mean) prepare(t *target) (*probe, error) { return c.whole().prepare(t, c.Kind(), "try_avg") }
