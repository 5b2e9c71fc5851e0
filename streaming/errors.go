package streaming

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
)

// ErrNoQuery is returned when no query of the session has the id or name.
var ErrNoQuery = errors.New("there is no such streaming query")

// QueryError says that a query has failed on the server.
type QueryError struct {
	// Query is the name of the query, or "".
	Query string
	// ID is the id of the query and RunID that of the run.
	ID, RunID string
	// Err is what made it fail, with the class of that, for example
	// DIVIDE_BY_ZERO, where the server tells it, and STREAM_FAILED where it does not.
	// Its Causes are the whole chain.
	Err *component.SparkError
}

// Error implements error.
func (e *QueryError) Error() string {
	return fmt.Sprintf("the streaming query %s has failed: %v", label(e.Query, e.ID), e.Err)
}

// Unwrap returns what made the query fail.
func (e *QueryError) Unwrap() error {
	if e.Err == nil {
		return nil
	}
	return e.Err
}

// classStreamFailed is how the server says that a query has failed.
const classStreamFailed = "STREAM_FAILED"

// causesTimeout bounds the call that asks why a query has failed.
const causesTimeout = 5 * time.Second

// failure returns the error of a query that has failed, or nil when err says
// something else. It may ask the server for the cause.
func (q *Query) failure(ctx context.Context, err error) *QueryError {
	var already *QueryError
	if errors.As(err, &already) {
		return already
	}
	var spark *component.SparkError
	if !errors.As(err, &spark) || spark.Class != classStreamFailed {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), causesTimeout)
	defer cancel()
	causes, _ := spark.Causes(ctx)
	known := *spark
	known.Message, _, _ = strings.Cut(spark.Message, streamDetails)
	return q.failed(causes, known)
}

// failed makes an error of the chain of causes, or of what is known without it.
func (q *Query) failed(causes []component.SparkCause, known component.SparkError) *QueryError {
	e := &known
	for _, cause := range slices.Backward(causes) { // the innermost that has a class
		if cause.ErrorClass == "" || cause.ErrorClass == classStreamFailed {
			continue
		}
		e.Class, e.SQLState, e.JavaClass, e.Parameters = cause.ErrorClass, cause.SQLState, cause.Class, nil
		e.Message = plainMessage(cause)
		break
	}
	for _, cause := range causes {
		if hint := hints[cause.Class]; hint != "" {
			e.Message += "; " + hint
			break
		}
	}
	if len(causes) > 0 {
		e.Fetch = func(context.Context) ([]component.SparkCause, error) { return causes, nil }
	}
	return &QueryError{Query: q.name, ID: q.id, RunID: q.runID, Err: e}
}

// hints say what to do about causes that do not, by their Java class.
var hints = map[string]string{
	"org.apache.kafka.common.errors.UnknownTopicOrPartitionException": "a topic of the query does not exist: create the topic, or correct its name",
}

// streamDetails is where Spark hangs offsets and the whole plan on a message.
const streamDetails = "\n=== Streaming Query ==="

// plainMessage is the text of a cause without its class, state and plan.
func plainMessage(cause component.SparkCause) string {
	text, _, _ := strings.Cut(cause.Message, streamDetails)
	text = strings.TrimPrefix(text, "["+cause.ErrorClass+"] ")
	if cause.SQLState != "" {
		text = strings.Replace(text, " SQLSTATE: "+cause.SQLState, "", 1)
	}
	return strings.TrimSpace(text)
}

// label names a query to people.
func label(name, id string) string {
	if name == "" {
		return id
	}
	return fmt.Sprintf("%q (%s)", name, id)
}
