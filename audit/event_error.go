package audit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

const (
	// MaxErrorText is the length of the longest text of an error in characters.
	MaxErrorText = 500
	// maxField is that of other texts.
	maxField = 4096
)

// NewError returns err as an event holds it: redacted, then cut. It returns nil
// for nil.
func NewError(err error, r *Redactor) *EventError {
	if err == nil {
		return nil
	}
	return rawError(err).redacted(r)
}

// rawError is an error that is not redacted yet.
func rawError(err error) *EventError {
	out := &EventError{Class: typeOf(err), Text: textOf(err)}
	var server *component.SparkError
	if errors.As(err, &server) {
		out.SQLState, out.OperationID = server.SQLState, server.OperationID
		if server.Class != "" {
			out.Class = server.Class
		}
	}
	return out
}

func (e *EventError) redacted(r *Redactor) *EventError {
	return &EventError{
		Class: r.Known(e.Class), SQLState: r.Known(e.SQLState), OperationID: r.Known(e.OperationID), Text: cut(r.Text(e.Text), MaxErrorText),
	}
}

// textOf is the text of an error, which may be one that panics.
func textOf(err error) (text string) {
	if fault := guard(func() error { text = err.Error(); return nil }); fault != nil {
		return fmt.Sprintf("%T", err)
	}
	return text
}

// typeOf is the first type in the chain of an error that says something: not one
// that only wraps a text.
func typeOf(err error) string {
	for next := err; next != nil; {
		name := strings.TrimPrefix(fmt.Sprintf("%T", next), "*")
		if !strings.HasPrefix(name, "errors.") && !strings.HasPrefix(name, "fmt.") {
			return name
		}
		switch wrapped := next.(type) { //nolint:errorlint // it walks the chain itself
		case interface{ Unwrap() error }:
			next = wrapped.Unwrap()
		case interface{ Unwrap() []error }:
			all := wrapped.Unwrap()
			if len(all) == 0 {
				return ""
			}
			next = all[0]
		default:
			next = nil
		}
	}
	return ""
}
