package quality

import (
	"fmt"
	"strconv"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// RowCount wants a number of rows.
type RowCount struct {
	// Min and Max bound the number; one of them is set. Nil is no bound.
	Min *int64 `koanf:"min" alias:"min_rows" min:"0" doc:"least number of rows"`
	Max *int64 `koanf:"max" alias:"max_rows" min:"0" doc:"largest number of rows"`
}

// Kind implements [Check].
func (RowCount) Kind() string { return "row_count" }

// String implements [Check].
func (c RowCount) String() string {
	return describe(c.Kind(), between("", textOf(c.Min), textOf(c.Max)))
}

// Validate implements [Check].
func (c RowCount) Validate() error {
	f := &options.Faults{What: c.Kind()}
	checkCounts(f, c.Min, c.Max)
	return f.Join()
}

func (c RowCount) prepare(t *target) (*probe, error) {
	count := t.countRows()
	return t.probe(func(m metrics) (verdict, error) {
		rows := m.count(count)
		switch {
		case c.Min != nil && rows < *c.Min:
			return failed(rows, nil, "there are %s, and at least %d are wanted", plural(rows, "row"), *c.Min), nil
		case c.Max != nil && rows > *c.Max:
			return failed(rows, nil, "there are %s, and at most %d are wanted", plural(rows, "row"), *c.Max), nil
		}
		return passed(rows, nil), nil
	}), nil
}

func textOf(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

func textOfInt(n int) string { return strconv.Itoa(n) }

// between writes bounds: "age 0..130", "0..", "..9".
func between(what, low, high string) string {
	if what != "" {
		what += " "
	}
	return fmt.Sprintf("%s%s..%s", what, low, high)
}
