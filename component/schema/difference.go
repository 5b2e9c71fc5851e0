package schema

import "strings"

// DifferenceKind says in what two schemas differ.
type DifferenceKind string

// The kinds of differences.
const (
	// DifferenceMissing is a wanted field that is not there.
	DifferenceMissing DifferenceKind = "missing"
	// DifferenceExtra is a field that is not wanted.
	DifferenceExtra DifferenceKind = "extra"
	// DifferenceType is another type.
	DifferenceType DifferenceKind = "type"
	// DifferenceNullability is a null that may not be, or the promise that there are
	// none where they are wanted.
	DifferenceNullability DifferenceKind = "nullability"
	// DifferenceOrder is another order of the columns, or of a struct's fields.
	DifferenceOrder DifferenceKind = "order"
	// DifferenceMetadata is other metadata.
	DifferenceMetadata DifferenceKind = "metadata"
)

// Severity says how grave a difference is.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Difference is one thing in which a schema is not the wanted one.
type Difference struct {
	// Path is the field: "address.zip", "tags[]" for the elements of an array,
	// "prices{key}" and "prices{value}" for those of a map. Names stand in backquotes
	// where DDL wants that. It is empty for the columns as a whole.
	Path string `json:"path"`
	// Kind says what differs.
	Kind DifferenceKind `json:"kind"`
	// Want and Got are what is wanted and what is there, as far as the kind has them:
	// fields, types, lists of names or metadata.
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
	// Severity is what the rules make of it.
	Severity Severity `json:"severity"`
	// Breaking reports whether whoever reads the wanted schema by its names can no
	// longer read this one, whatever the rules: a field is gone, has a type that
	// Spark does not cast to the wanted one by itself, or can be null and could not.
	Breaking bool `json:"breaking"`
	// Message says it in words, without the path.
	Message string `json:"message"`
}

// String returns the path and the message: "address.zip: is missing, wanted STRING".
func (d Difference) String() string {
	if d.Path == "" {
		return d.Message
	}
	return d.Path + ": " + d.Message
}

// Errors returns those differences that are errors, in order.
func Errors(differences []Difference) []Difference { return only(differences, SeverityError) }

// Warnings returns those differences that are warnings, in order.
func Warnings(differences []Difference) []Difference { return only(differences, SeverityWarning) }

func only(differences []Difference, severity Severity) []Difference {
	var out []Difference
	for _, d := range differences {
		if d.Severity == severity {
			out = append(out, d)
		}
	}
	return out
}

// Describe puts differences into one line, with semicolons between them.
func Describe(differences []Difference) string {
	parts := make([]string, len(differences))
	for i, d := range differences {
		parts[i] = d.String()
	}
	return strings.Join(parts, "; ")
}
