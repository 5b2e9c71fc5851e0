package quality

import (
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// RowCondition returns a condition that is true for the rows that a rule lets
// through and false for exactly those that its check counts as bad; it is never
// null. Rows that the Where of the rule leaves out are let through. ok is false for
// rules that tell nothing of single rows, see [Rule.RowByRow]; def is the schema of
// the frame that the condition is applied to. It costs no round trip.
func RowCondition(r Rule, def schema.Definition, opts *Options) (good column.Convertible, ok bool, err error) {
	if err := r.Validate(); err != nil {
		return nil, false, err
	}
	c, ok := r.Check.(rowCheck)
	if !ok || !r.RowByRow() {
		return nil, false, nil
	}
	t := newTarget(def, r, opts.withDefaults().now())
	bad, err := c.bad(t)
	if err != nil {
		return nil, false, fmt.Errorf("rule %q: %w", r.name(), err)
	}
	return not(call("coalesce", both(t.where(), bad), boolean(false))).column(), true, nil
}
