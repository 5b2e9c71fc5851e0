package sqltext

import "strings"

// Words returns, in the form of [Fold], what the query mentions: every
// identifier, with or without backquotes, and every whole string literal, as in
// IDENTIFIER('name'). Comments and parts of longer words or literals do not
// count.
func Words(query string) map[string]bool {
	words := make(map[string]bool)
	l := lexer{text: query}
	for {
		kind, text, ok := l.next()
		if !ok {
			return words
		}
		if kind != kindPunctuation {
			words[Fold(text)] = true
		}
	}
}

// Fold is the form in which [Words] holds a name.
func Fold(name string) string { return strings.ToLower(name) }

// FirstKeyword returns, in upper case, the word with which the query begins,
// after comments, white space and opening parentheses. It is empty when the
// query begins with anything else.
func FirstKeyword(query string) string {
	l := lexer{text: query}
	for {
		kind, text, ok := l.next()
		switch {
		case ok && kind == kindPunctuation && text == "(":
			continue
		case ok && kind == kindWord:
			return strings.ToUpper(text)
		}
		return ""
	}
}
