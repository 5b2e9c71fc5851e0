package schema

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	// tokenWord is an unquoted name or keyword.
	tokenWord
	// tokenName is a name in backquotes, without these.
	tokenName
	// tokenNumber is a run of digits, tokenOther any other number.
	tokenNumber
	tokenOther
	// tokenString is the content of a string literal.
	tokenString
	tokenPunctuation
)

type token struct {
	kind tokenKind
	text string
	at   int // byte offset
}

// String is the token as an error message names it.
func (t token) String() string {
	switch t.kind {
	case tokenEnd:
		return "the end"
	case tokenName:
		return "`" + t.text + "`"
	case tokenString:
		return "a string"
	}
	return `"` + t.text + `"`
}

// is reports whether the token is that keyword or punctuation.
func (t token) is(word string) bool {
	return (t.kind == tokenWord || t.kind == tokenPunctuation) && strings.EqualFold(t.text, word)
}

// separates reports whether the token is punctuation of DDL.
func (t token) separates() bool {
	switch t.text {
	case ":", ",", "<", ">", "(", ")":
		return t.kind == tokenPunctuation
	}
	return false
}

// lexer cuts DDL into tokens, the last of which is tokenEnd.
type lexer struct {
	text   string
	at     int
	tokens []token
}

func lex(text string) ([]token, error) {
	l := &lexer{text: text}
	if !utf8.ValidString(text) {
		for i, r := range text {
			if _, size := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && size == 1 {
				return nil, faultAt(text, i, "the text is not UTF-8")
			}
		}
	}
	for {
		if err := l.skipBlank(); err != nil {
			return nil, err
		}
		if l.at >= len(text) {
			return append(l.tokens, token{kind: tokenEnd, at: l.at}), nil
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
}

func (l *lexer) next() error {
	start := l.at
	switch c := l.text[start]; {
	case c == '`':
		name, ok := l.backquoted()
		if !ok {
			return faultAt(l.text, start, "the backquote is not closed")
		}
		l.add(tokenName, name, start)
	case c == '\'' || c == '"':
		return l.literal(start, false)
	case (c == 'r' || c == 'R') && start+1 < len(l.text) && (l.text[start+1] == '\'' || l.text[start+1] == '"'):
		l.at++
		return l.literal(start, true)
	case isWordByte(c):
		for l.at < len(l.text) && isWordByte(l.text[l.at]) {
			l.at++
		}
		word := l.text[start:l.at]
		l.add(wordKind(word), word, start)
	default:
		_, size := utf8.DecodeRuneInString(l.text[start:])
		l.at += size
		l.add(tokenPunctuation, l.text[start:l.at], start)
	}
	return nil
}

func (l *lexer) add(kind tokenKind, text string, at int) {
	l.tokens = append(l.tokens, token{kind: kind, text: text, at: at})
}

// wordKind tells numbers from names: Spark reads 12L, 1e5 and 2BD as numbers and
// 12ab as a name.
func wordKind(word string) tokenKind {
	rest := strings.TrimLeft(word, "0123456789")
	switch rest {
	case word:
		return tokenWord
	case "":
		return tokenNumber
	}
	rest = strings.ToUpper(rest)
	if rest == "L" || rest == "S" || rest == "Y" {
		return tokenOther
	}
	if digits, ok := strings.CutPrefix(rest, "E"); ok {
		if tail := strings.TrimLeft(digits, "0123456789"); tail != digits {
			rest = tail
		}
	}
	if rest == "" || rest == "F" || rest == "D" || rest == "BD" {
		return tokenOther
	}
	return tokenWord
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWordByte(c byte) bool {
	return c == '_' || isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// backquoted reads a name in backquotes, in which a doubled one stands for one.
func (l *lexer) backquoted() (string, bool) {
	var out strings.Builder
	for l.at++; l.at < len(l.text); l.at++ {
		if l.text[l.at] == '`' {
			if l.at++; l.at >= len(l.text) || l.text[l.at] != '`' {
				return out.String(), true
			}
		}
		out.WriteByte(l.text[l.at])
	}
	return "", false
}

// literal reads a string literal. Neighbouring ones make one string, and a
// doubled quote stands for one; Spark 4.0 takes neither, later versions do.
func (l *lexer) literal(start int, raw bool) error {
	quote := l.text[l.at]
	l.at++
	var out strings.Builder
	for l.at < len(l.text) {
		c := l.text[l.at]
		switch {
		case c == quote && !raw && l.at+1 < len(l.text) && l.text[l.at+1] == quote:
			l.at += 2
			out.WriteByte(quote)
		case c == quote:
			l.at++
			if last := len(l.tokens) - 1; last >= 0 && l.tokens[last].kind == tokenString {
				l.tokens[last].text += out.String()
				return nil
			}
			l.add(tokenString, out.String(), start)
			return nil
		case c == '\\' && !raw:
			l.at += unescape(&out, l.text[l.at:])
		default:
			out.WriteByte(c)
			l.at++
		}
	}
	return faultAt(l.text, start, "the string is not closed")
}

// skipBlank moves over white space and comments.
func (l *lexer) skipBlank() error {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case isBlank(r):
			l.at += size
		case strings.HasPrefix(rest, "--"):
			l.lineComment()
		case strings.HasPrefix(rest, "/*") && !strings.HasPrefix(rest, "/*+"):
			if !l.blockComment() {
				return faultAt(l.text, len(l.text)-len(rest), "the comment is not closed")
			}
		default:
			return nil
		}
	}
	return nil
}

// isBlank reports whether Spark's parser takes the character for white space.
func isBlank(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\v', '\f', '\r', '\u00a0', '\u1680', '\u2028', '\u202f', '\u205f', '\u3000':
		return true
	}
	return '\u2000' <= r && r <= '\u200a'
}

// lineComment moves over "-- ...", which a backslash before the line break
// continues.
func (l *lexer) lineComment() {
	for ; l.at < len(l.text); l.at++ {
		if c := l.text[l.at]; c == '\r' || c == '\n' && l.text[l.at-1] != '\\' {
			return
		}
	}
}

// blockComment moves over "/* ... */"; such comments nest.
func (l *lexer) blockComment() bool {
	depth := 0
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case strings.HasPrefix(rest, "/*"):
			depth++
			l.at += 2
		case strings.HasPrefix(rest, "*/"):
			l.at += 2
			if depth--; depth == 0 {
				return true
			}
		default:
			l.at++
		}
	}
	return false
}

// faultAt makes the error of a place in the text.
func faultAt(text string, at int, format string, args ...any) *ParseError {
	before := text[:at]
	line := strings.LastIndexByte(before, '\n') + 1
	return &ParseError{
		Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[line:]) + 1,
		Reason: fmt.Sprintf(format, args...),
	}
}
