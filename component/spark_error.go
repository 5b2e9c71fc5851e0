package component

import (
	"context"
	"errors"
	"strings"
)

// SparkError is an error that the Spark server sent, with every field that it
// sent. It is the one form in which server errors reach users of this module:
//
//	var spark *component.SparkError
//	if errors.As(err, &spark) && spark.Class == "TABLE_OR_VIEW_NOT_FOUND" { ... }
//
// Branch on Class, SQLState or Code, never on Message: the texts differ
// between Spark versions.
type SparkError struct {
	// Code is the gRPC status code by name, for example "Internal" or
	// "Unavailable".
	Code string
	// Class is Spark's error class, for example "TABLE_OR_VIEW_NOT_FOUND" or
	// "PARSE_SYNTAX_ERROR"; empty when the server named none.
	Class string
	// SQLState is the five-character SQLSTATE, or empty.
	SQLState string
	// Message is the server's text, without the class and SQLSTATE around it
	// where they could be told apart.
	Message string
	// Parameters are the values that the server put into the message.
	Parameters map[string]string
	// JavaClass is the class of the exception on the server, or empty.
	JavaClass string
	// ErrorID identifies the error on the server, or is empty.
	ErrorID string
	// OperationID is the Spark operation that failed, or empty.
	OperationID string
	// Hint says what to do when the error has a known cause, or is empty.
	Hint string

	// Fetch asks the server for the chain of causes; nil when none can be had.
	// It is set by the connection and called by Causes.
	Fetch func(ctx context.Context) ([]SparkCause, error)
}

// SparkCause is one exception in the chain behind a [SparkError], the outermost
// first.
type SparkCause struct {
	// Class is the Java class of the exception.
	Class string
	// Message is its text.
	Message string
	// ErrorClass is Spark's error class, if it has one.
	ErrorClass string
	// SQLState is the SQLSTATE, if it has one.
	SQLState string
	// Stack holds the frames, innermost first, as "class.method(file:line)".
	Stack []string
}

// ErrNoDetails is returned by [SparkError.Causes] when the server offered no
// error id to ask for.
var ErrNoDetails = errors.New("the server keeps no details of this error")

// Error implements error: class, message, SQLSTATE, then the hint. The query plan
// that Spark hangs on messages of its analysis is left out; Message has it.
func (e *SparkError) Error() string {
	var b strings.Builder
	switch {
	case e.Class != "":
		b.WriteString("[" + e.Class + "] ")
	case e.Code != "":
		b.WriteString("[" + e.Code + "] ")
	}
	b.WriteString(strings.TrimSpace(withoutPlan(e.Message)))
	if e.SQLState != "" {
		b.WriteString(" (SQLSTATE " + e.SQLState + ")")
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Causes asks the server for the chain of exceptions behind e. It blocks for
// one round trip on the first call and remembers the answer. The server keeps
// the details only for a short time and hands them out once. It returns
// [ErrNoDetails] when there is nothing to ask for.
func (e *SparkError) Causes(ctx context.Context) ([]SparkCause, error) {
	if e.Fetch == nil {
		return nil, ErrNoDetails
	}
	return e.Fetch(ctx)
}

// withoutPlan cuts off the plan that Spark appends to a message as a tree of one
// node a line, after a semicolon.
func withoutPlan(message string) string {
	for from := 0; ; {
		i := strings.Index(message[from:], ";\n")
		if i < 0 {
			return message
		}
		from += i + len(";\n")
		if isPlan(message[from:]) {
			return message[:from-len(";\n")]
		}
	}
}

// isPlan reports whether text is a tree: a node, then only branches.
func isPlan(text string) bool {
	root, branches, _ := strings.Cut(strings.TrimRight(text, "\n"), "\n")
	if root == "" || (root[0] != '\'' && (root[0] < 'A' || root[0] > 'Z')) {
		return false
	}
	if branches == "" {
		return root[0] == '\''
	}
	for line := range strings.SplitSeq(branches, "\n") {
		if line = strings.TrimLeft(line, " :"); !strings.HasPrefix(line, "+- ") && !strings.HasPrefix(line, "- ") {
			return false
		}
	}
	return true
}
