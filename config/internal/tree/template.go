package tree

import (
	"fmt"
	"strings"
	"unicode"
)

const secretPrefix = "secret:"

// ParseTemplate reads a string of a format that has no substitutions of its
// own, such as YAML. "${path}" alone is a substitution, "pre-${path}/x" a
// concatenation, "${?path}" is optional. "$${" stands for a literal "${", and
// "${secret:...}" is kept as it is. The error is an [*Error].
func ParseTemplate(text string, pos Pos) (Node, error) {
	if !strings.Contains(text, "${") {
		return NewScalar(String, text, pos), nil
	}
	t := &template{pos: pos}
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "${")
		t.literal.WriteString(before)
		switch {
		case !found:
			rest = ""
			continue
		case strings.HasSuffix(before, "$"):
			t.literal.WriteString("{")
			rest = after
			continue
		}
		inner, tail, closed := cutExpression(after)
		if !closed {
			return nil, &Error{Pos: pos, Msg: fmt.Sprintf(
				"%q has no closing brace: write ${path}, or $${ for a literal ${", "${"+clip(after))}
		}
		if err := t.expression(inner); err != nil {
			return nil, err
		}
		rest = tail
	}
	t.flush()
	return NewConcat(t.parts, pos), nil
}

// template collects the parts of a string.
type template struct {
	pos     Pos
	parts   []Node
	literal strings.Builder
}

// flush ends the literal text before a substitution.
func (t *template) flush() {
	if t.literal.Len() > 0 {
		t.parts = append(t.parts, NewScalar(String, t.literal.String(), t.pos))
		t.literal.Reset()
	}
}

// expression adds what stands between two braces.
func (t *template) expression(inner string) error {
	if strings.HasPrefix(inner, secretPrefix) {
		t.literal.WriteString("${" + inner + "}")
		return nil
	}
	t.flush()
	path, optional, err := parseExpression(inner, t.pos)
	if err != nil {
		return err
	}
	t.parts = append(t.parts, NewSubstitution(path, optional, t.pos))
	return nil
}

// cutExpression cuts text at the brace that ends the expression; braces in
// quotes do not count, except in a secret reference, which has no quotes.
func cutExpression(text string) (inner, tail string, found bool) {
	if strings.HasPrefix(text, secretPrefix) {
		return strings.Cut(text, "}")
	}
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '}' && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// parseExpression reads what stands between the braces of a substitution.
func parseExpression(inner string, pos Pos) (path []string, optional bool, err error) {
	expr, optional := strings.CutPrefix(inner, "?")
	path, fault := splitPath(strings.TrimSpace(expr))
	if fault == "" {
		return path, optional, nil
	}
	if strings.Contains(inner, ":-") || strings.Contains(inner, ":=") {
		fault += "; default values are written as a key of their own that is overridden by ${?NAME}"
	}
	return nil, false, &Error{Pos: pos, Msg: fmt.Sprintf("substitution %q: %s", "${"+clip(inner)+"}", fault)}
}

// splitPath splits a path at the dots outside quotes. The fault is empty or
// says what is wrong.
func splitPath(expr string) (path []string, fault string) {
	if expr == "" {
		return nil, "the path is empty"
	}
	var key strings.Builder
	quoted, wasQuoted := false, false
	end := func() bool {
		ok := key.Len() > 0 || wasQuoted
		path = append(path, key.String())
		key.Reset()
		wasQuoted = false
		return ok
	}
	for _, c := range expr {
		switch {
		case c == '"':
			quoted, wasQuoted = !quoted, true
		case quoted:
			key.WriteRune(c)
		case c == '.':
			if !end() {
				return nil, "the path has an empty key"
			}
		case strings.ContainsRune("${}[]:=,+#`^?!@*&\\", c), unicode.IsControl(c):
			return nil, fmt.Sprintf("%q is not allowed in a path outside quotes", c)
		default:
			key.WriteRune(c)
		}
	}
	if quoted {
		return nil, "a quote in the path is not closed"
	}
	if !end() {
		return nil, "the path has an empty key"
	}
	return path, ""
}

// clip shortens text for a message.
func clip(text string) string {
	const limit = 40
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit]) + "..."
}
