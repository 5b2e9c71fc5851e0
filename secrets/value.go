package secrets

import (
	"fmt"
	"unique"
)

// Redacted is what every way of printing a [Value] shows.
const Redacted = "[REDACTED]"

// Value is a text that must not be seen. Printing, formatting and marshalling
// it give [Redacted]; only [Value.Reveal] returns the text. The zero value is
// the empty secret. It is safe for concurrent use.
//
// Two values are equal under == when their texts are.
type Value struct {
	// A handle is a pointer: package fmt calls no method of an unexported field,
	// and of a Value in one it then prints an address instead of the text.
	text unique.Handle[string]
}

// NewValue returns text as a secret.
func NewValue(text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{text: unique.Make(text)}
}

// Reveal returns the text. Call it at the last line before use.
func (v Value) Reveal() string {
	if v.IsZero() {
		return ""
	}
	return v.text.Value()
}

// IsZero reports whether the secret is empty.
func (v Value) IsZero() bool { return v == Value{} }

// String implements [fmt.Stringer].
func (v Value) String() string {
	if v.IsZero() {
		return ""
	}
	return Redacted
}

// GoString implements [fmt.GoStringer].
func (v Value) GoString() string { return v.String() }

// Format implements [fmt.Formatter], so that no verb reaches the text.
func (v Value) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(v.String())) }

// MarshalText implements [encoding.TextMarshaler], which also serves JSON and
// YAML.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler], so that a configuration
// file can fill a secret.
func (v *Value) UnmarshalText(text []byte) error {
	*v = NewValue(string(text))
	return nil
}
