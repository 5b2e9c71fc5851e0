package dataflow

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
)

// SchemaError says that data does not have the columns of a contract. Nothing was
// written then. It is not retryable.
type SchemaError struct {
	// Component is the name of the component whose contract it is; it may be empty.
	Component string
	// Subject is the data: "the rows", "the input orders", "the target shop.orders".
	Subject string
	// Differences are all that is wrong, those that are warnings included.
	Differences []schema.Difference
	// Hint says what to do; it may be empty.
	Hint string
}

// Error implements error:
// component "clean": the rows break the contract: id: is STRING, wanted BIGINT; ….
func (e *SchemaError) Error() string {
	var b strings.Builder
	if e.Component != "" {
		b.WriteString(component.Label(e.Component, "") + ": ")
	}
	b.WriteString(e.Subject + " " + e.verb() + " the contract: " + schema.Describe(e.Differences))
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// verb goes with the subject, of which only "the rows" are several.
func (e *SchemaError) verb() string {
	if e.Subject == theRows {
		return "break"
	}
	return "breaks"
}

// theRows are the subject of an output contract.
const theRows = "the rows"

// Retryable reports false: the columns are the same at the next attempt.
func (e *SchemaError) Retryable() bool { return false }
