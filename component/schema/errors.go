package schema

import "fmt"

// ParseError is a fault in the text of a schema or a type.
type ParseError struct {
	// Line and Column are the place, from 1; a column is a character.
	Line, Column int
	// Reason says what is wrong there.
	Reason string
}

// Error implements error.
func (e *ParseError) Error() string {
	if e.Line == 1 {
		return fmt.Sprintf("parse the schema: column %d: %s", e.Column, e.Reason)
	}
	return fmt.Sprintf("parse the schema: line %d, column %d: %s", e.Line, e.Column, e.Reason)
}
