package quality

import (
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// Fit holds the rules against the schema of the rows that they will look at, with no
// server: columns that are not there, and types that a check does not take. It returns
// an error for each rule that cannot be evaluated; what a rule says in SQL is not
// looked at.
func (s Suite) Fit(def schema.Definition) []error {
	var faults []error
	for _, r := range s.Rules {
		if _, err := r.Check.prepare(newTarget(def, r, time.Time{})); err != nil {
			faults = append(faults, fmt.Errorf("rule %q: %w", r.name(), err))
		}
	}
	return faults
}
