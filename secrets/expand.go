package secrets

import (
	"errors"
	"strings"
)

// Placed is a reference in a text.
type Placed struct {
	Ref Ref
	// Start and End are where it stands: text[Start:End].
	Start, End int
}

// FindRefs returns the references in a text in the order in which they stand. A
// text that begins with secret:// is one reference as a whole; in any other text
// every ${secret:…} is one, and $${secret: is the text ${secret: and none. The
// error joins a [*SyntaxError] for each that cannot be read.
func FindRefs(text string) ([]Placed, error) {
	refs, _, err := scan(text)
	return refs, err
}

// Expand returns the text with the values of resolve in place of its references
// (see [FindRefs]). Each reference is resolved once, however often it stands
// there. What comes out is not looked at again: a value that looks like a
// reference is a value. The error joins those of all references.
func Expand(text string, resolve func(Ref) (Value, error)) (Value, error) {
	refs, literals, err := scan(text)
	if err != nil {
		return Value{}, err
	}
	values := make(map[Ref]Value, len(refs))
	var faults []error
	for _, placed := range refs {
		if _, done := values[placed.Ref]; done {
			continue
		}
		value, err := resolve(placed.Ref)
		if err != nil {
			faults = append(faults, err)
		}
		values[placed.Ref] = value
	}
	if len(faults) > 0 {
		return Value{}, errors.Join(faults...)
	}
	if len(refs) == 1 && refs[0].Start == 0 && refs[0].End == len(text) {
		return values[refs[0].Ref], nil
	}
	var b strings.Builder
	for i, literal := range literals {
		b.WriteString(literal)
		if i < len(refs) {
			b.WriteString(values[refs[i].Ref].Reveal())
		}
	}
	return NewValue(b.String()), nil
}

// scan takes a text apart. There is one literal more than there are references:
// they take turns.
func scan(text string) (refs []Placed, literals []string, err error) {
	if strings.HasPrefix(text, wholeStart) {
		ref, err := parseWhole(text)
		if err != nil {
			return nil, nil, err
		}
		return []Placed{{ref, 0, len(text)}}, []string{"", ""}, nil
	}
	var literal strings.Builder
	var faults []error
	at := 0
	for {
		next := strings.Index(text[at:], embeddedStart)
		if next < 0 {
			break
		}
		next += at
		if next > at && text[next-1] == '$' {
			literal.WriteString(text[at:next-1] + embeddedStart)
			at = next + len(embeddedStart)
			continue
		}
		literal.WriteString(text[at:next])
		ref, end, err := parseEmbedded(text, next)
		if err != nil {
			faults = append(faults, err)
		}
		refs, literals = append(refs, Placed{ref, next, end}), append(literals, literal.String())
		literal.Reset()
		at = end
	}
	literal.WriteString(text[at:])
	if len(faults) > 0 {
		return nil, nil, errors.Join(faults...)
	}
	return refs, append(literals, literal.String()), nil
}
