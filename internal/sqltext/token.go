package sqltext

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// token is one token of a statement.
type token struct {
	kind kind
	// text is the content, without quotes.
	text string
	// key is an unquoted word in upper case, or a sign. Spark raises letters as
	// Unicode does, so that "ınsert" is a keyword.
	key string
	// mate is the place of the bracket that belongs to this one.
	mate int
	// double says that a string stands in double quotes, which the server can be
	// set to read as an identifier; escaped that it holds a backslash.
	double, escaped bool
}

// tokenize returns the tokens of a text, or what keeps it from being a statement
// that is understood.
func tokenize(text string) ([]token, string) {
	if !utf8.ValidString(text) {
		return nil, "it is no valid UTF-8"
	}
	l := lexer{text: text, numbers: true}
	var tokens []token
	var open []int
	for {
		l.skipBlank()
		start := l.at
		kind, content, ok := l.next()
		if l.unclosed != "" {
			return tokens, l.unclosed + " is not closed"
		}
		if !ok {
			break
		}
		t := token{kind: kind, text: content, mate: -1}
		fault := t.describe(text[start:l.at], text[l.at:])
		if fault == "" {
			open, fault = match(tokens, &t, open)
		}
		tokens = append(tokens, t)
		if fault != "" {
			return tokens, fault
		}
	}
	if len(open) > 0 {
		return tokens, "a bracket is not closed"
	}
	return tokens, ""
}

// known are the characters with which the signs of Spark begin, and "@", with
// which some data sources mark a version.
const known = ";(),.[]!=<>+-*/%~&|^:?@"

// describe fills in the rest of a token from its source and the text behind it.
// It returns why Spark does not know the token, or nothing.
func (t *token) describe(source, behind string) string {
	switch t.kind {
	case kindWord:
		t.key = strings.ToUpper(t.text)
		if strings.HasPrefix(behind, "://") {
			return fmt.Sprintf("the path %s:// stands without backquotes", t.text)
		}
	case kindString:
		t.double = source[0] == '"'
		t.escaped = strings.ContainsRune(source, '\\')
	case kindPunctuation:
		t.key = t.text
		if strings.IndexByte(known, t.text[0]) < 0 {
			return fmt.Sprintf("it holds the character %q outside of quotes", t.text)
		}
	}
	return ""
}

// closers are the brackets that must be closed.
var closers = map[string]string{"(": ")", "[": "]", "/*+": "*/"}

// match ties a closing bracket to the last one that is open.
func match(tokens []token, t *token, open []int) ([]int, string) {
	if t.kind != kindPunctuation {
		return open, ""
	}
	if closers[t.key] != "" {
		return append(open, len(tokens)), ""
	}
	if t.key != ")" && t.key != "]" && t.key != "*/" {
		return open, ""
	}
	if len(open) == 0 || closers[tokens[open[len(open)-1]].key] != t.key {
		return open, fmt.Sprintf("the bracket %s closes nothing", t.key)
	}
	last := open[len(open)-1]
	t.mate, tokens[last].mate = last, len(tokens)
	return open[:len(open)-1], ""
}
