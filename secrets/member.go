package secrets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Member returns one member of a document, which is a JSON object. The member
// with exactly that name wins, whatever is in the name; else a name with dots
// goes into objects: a.b is b of a. A text is returned as it is, anything else as
// its JSON, numbers digit by digit as they are written. The empty key is the
// whole document, which then need not be JSON.
//
// The error wraps [ErrNotFound] or, when the document is no object or the member
// is null, [ErrInvalid]. It does not repeat the document.
func Member(document Value, key string) (Value, error) {
	if key == "" {
		return document, nil
	}
	object, ok := decodeObject([]byte(document.Reveal()))
	if !ok {
		return Value{}, fmt.Errorf("%w: the secret is no JSON object and has no member %q", ErrInvalid, key)
	}
	raw, ok := member(object, key)
	if !ok {
		return Value{}, fmt.Errorf("%w: the secret has no member %q", ErrNotFound, key)
	}
	if raw[0] != '"' {
		if string(raw) == "null" {
			return Value{}, fmt.Errorf("%w: the member %q is null", ErrInvalid, key)
		}
		return NewValue(string(raw)), nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return Value{}, fmt.Errorf("%w: the member %q is no text", ErrInvalid, key)
	}
	return NewValue(text), nil
}

type object = map[string]json.RawMessage

func decodeObject(data []byte) (object, bool) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\uFEFF")))
	if len(data) == 0 || data[0] != '{' {
		return nil, false
	}
	var o object
	return o, json.Unmarshal(data, &o) == nil
}

// member finds the exact name first, then goes down by the longest part of it
// that is the name of an object.
func member(o object, key string) (json.RawMessage, bool) {
	if raw, ok := o[key]; ok {
		return raw, true
	}
	for i := strings.LastIndexByte(key, '.'); i >= 0; i = strings.LastIndexByte(key[:i], '.') {
		inner, ok := decodeObject(o[key[:i]])
		if !ok {
			continue
		}
		if raw, ok := member(inner, key[i+1:]); ok {
			return raw, true
		}
	}
	return nil, false
}
