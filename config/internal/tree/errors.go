package tree

import "strings"

// Error is one fault of a document.
type Error struct {
	// Pos is the place of the fault.
	Pos Pos
	// Path is the key path of the value, such as components[2].config, or empty.
	Path string
	// Msg says what is wrong and what to do.
	Msg string
}

// Error gives "file:line:column: path: message" without the parts that are not
// known.
func (e *Error) Error() string {
	var b strings.Builder
	for _, part := range []string{e.Pos.String(), e.Path} {
		if part != "" {
			b.WriteString(part)
			b.WriteString(": ")
		}
	}
	b.WriteString(e.Msg)
	return b.String()
}

// Errors are all faults of a document in the order in which they were found.
type Errors struct {
	List []*Error
}

// Error gives one fault a line.
func (e *Errors) Error() string {
	lines := make([]string, len(e.List))
	for i, fault := range e.List {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the faults to [errors.As] and [errors.Is].
func (e *Errors) Unwrap() []error {
	out := make([]error, len(e.List))
	for i, fault := range e.List {
		out[i] = fault
	}
	return out
}
