package streaming

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

// QueryFailure is a query that has failed for good.
type QueryFailure struct {
	// Query is the name under which it was supervised.
	Query string
	// Restarts is how often it was started again.
	Restarts int
	// Err is its last error.
	Err error
}

// Class returns the error class of Spark, or "".
func (f QueryFailure) Class() string {
	var spark *component.SparkError
	if errors.As(f.Err, &spark) {
		return spark.Class
	}
	return ""
}

// SupervisorError lists the queries that have failed for good, in the order in which
// they were given.
type SupervisorError struct{ Failures []QueryFailure }

// Error implements error.
func (e *SupervisorError) Error() string {
	var texts []string
	for _, f := range e.Failures {
		times := "no restart"
		if f.Restarts == 1 {
			times = "1 restart"
		} else if f.Restarts > 1 {
			times = fmt.Sprintf("%d restarts", f.Restarts)
		}
		texts = append(texts, fmt.Sprintf("streaming query %q, after %s: %v", f.Query, times, f.Err))
	}
	return strings.Join(texts, "\n")
}

// Unwrap returns the errors of the queries.
func (e *SupervisorError) Unwrap() []error {
	out := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		out[i] = f.Err
	}
	return out
}
