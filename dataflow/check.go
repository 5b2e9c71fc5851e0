package dataflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
)

// Checker is implemented by flows that can be checked against a server before
// they run. Check may analyse queries and say what it finds out; it must execute
// nothing. What it returns is the fault of the flow, unless it is a
// [*NotAnalysedError], which only says that nobody knows.
//
// The flows of this package are Checkers. A component that is none is left out
// of a check, with a note.
type Checker interface {
	Check(ctx context.Context, scope *CheckScope) error
}

// SourceChecker is implemented by sources that take part in a check. CheckLoad
// gives a DataFrame of the schema that Load gives, for analysis alone: it costs
// no action and need not hold the data.
type SourceChecker interface {
	CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error)
}

// TransformChecker is implemented by transforms that take part in a check.
// CheckTransform is Transform for analysis alone; one that only builds a plan
// returns what Transform does.
type TransformChecker interface {
	CheckTransform(ctx context.Context, scope *CheckScope, in sql.DataFrame) (sql.DataFrame, error)
}

// SinkChecker is implemented by sinks that take part in a check. CheckWrite is
// told the columns that would be written and writes nothing.
type SinkChecker interface {
	CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error
}

// CheckSeverity says how much a finding matters.
type CheckSeverity uint8

// The severities, the gravest first.
const (
	// CheckError is a fault: a run would fail.
	CheckError CheckSeverity = iota
	// CheckWarning is likely a fault.
	CheckWarning
	// CheckNote says what was not looked at, and why.
	CheckNote
)

var severityNames = [...]string{"error", "warning", "note"}

// String returns "error", "warning" or "note".
func (s CheckSeverity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return fmt.Sprintf("CheckSeverity(%d)", uint8(s))
}

// MarshalText implements [encoding.TextMarshaler].
func (s CheckSeverity) MarshalText() ([]byte, error) {
	if int(s) >= len(severityNames) {
		return nil, fmt.Errorf("%s is no severity", s)
	}
	return []byte(severityNames[s]), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *CheckSeverity) UnmarshalText(text []byte) error {
	for i, name := range severityNames {
		if name == string(text) {
			*s = CheckSeverity(i)
			return nil
		}
	}
	return fmt.Errorf("unknown severity %q; there are error, warning and note", text)
}

// CheckFinding is one thing that the check of a component found.
type CheckFinding struct {
	Severity CheckSeverity
	// Err is what was found: it holds a [*component.SparkError] where the server
	// found it, a [*ContractError] where a rule of Spark was applied here, and a
	// [*NotAnalysedError] where nothing was analysed.
	Err error
}

// CheckedData is something that a component makes, as the check sees it.
type CheckedData struct {
	Dataset Dataset
	// Schema are its columns, nil when they are not known.
	Schema *schema.Definition
}

// CheckResult is what the check of one component found.
type CheckResult struct {
	// Findings are in the order in which they were found.
	Findings []CheckFinding
	// Outputs is what the component makes.
	Outputs []CheckedData
	// Rows are the columns of the rows that it delivers to its view or its sink, nil
	// when they are not known.
	Rows *schema.Definition
	// Analysed reports whether all of the component was looked at.
	Analysed bool
}

// NotAnalysedError says why a check did not look at something. It is no fault.
type NotAnalysedError struct {
	// Reason is a clause, for example "it is a DROP statement".
	Reason string
	// Suspect says that a fault is likely: the text begins like a query and is not
	// provably one, because a bracket is not closed for example. It is a warning.
	Suspect bool
}

// Error implements error: not analysed: reason.
func (e *NotAnalysedError) Error() string { return "not analysed: " + e.Reason }

func notAnalysed(format string, args ...any) error {
	return &NotAnalysedError{Reason: fmt.Sprintf(format, args...)}
}

// ContractError is a rule of Spark that a write would break. It is found without
// writing.
type ContractError struct {
	// Class is the error class with which Spark 4 refuses the write.
	Class string
	// Target is what would be written, Column the column that does not fit, or
	// empty.
	Target, Column string
	// Message says what is wrong.
	Message string
}

// Error implements error: [CLASS] write to target: message.
func (e *ContractError) Error() string {
	return fmt.Sprintf("[%s] write to %s: %s", e.Class, e.Target, e.Message)
}

// cannotCheck reports whether an error says that the check itself could not go
// on, rather than what is wrong with a component.
func cannotCheck(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, ErrSessionLost) || errors.Is(err, ErrClosed) || errors.Is(err, ErrOutcomeUnknown) {
		return true
	}
	var spark *component.SparkError
	if !errors.As(err, &spark) {
		return false
	}
	switch spark.Code {
	case "Unavailable", "Unauthenticated", "PermissionDenied", "DeadlineExceeded", "Canceled", "Unimplemented":
		return true
	}
	return false
}

// classOf gives the error class of Spark in an error, or nothing.
func classOf(err error) string {
	var spark *component.SparkError
	if errors.As(err, &spark) {
		return spark.Class
	}
	var broken *ContractError
	if errors.As(err, &broken) {
		return broken.Class
	}
	return ""
}
