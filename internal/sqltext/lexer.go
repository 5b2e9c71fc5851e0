package sqltext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind says what a token is.
type kind uint8

const (
	// kindWord is an unquoted identifier, keyword or number.
	kindWord kind = iota
	// kindQuoted is an identifier in backquotes.
	kindQuoted
	// kindString is a string literal in single or double quotes.
	kindString
	// kindPunctuation is any other character.
	kindPunctuation
)

// lexer walks over a query. White space and comments never become tokens.
type lexer struct {
	text string
	at   int
}

// next returns the kind and the content of the next token: without quotes, and
// with escapes undone. It reports false at the end.
func (l *lexer) next() (kind, string, bool) {
	l.skipBlank()
	if l.at >= len(l.text) {
		return 0, "", false
	}
	switch c := l.text[l.at]; {
	case c == '`':
		return kindQuoted, l.quoted('`', false), true
	case c == '\'' || c == '"':
		return kindString, l.quoted(c, true), true
	case (c == 'r' || c == 'R') && l.quoteAt(l.at+1):
		l.at++
		return kindString, l.quoted(l.text[l.at], false), true
	}
	if word := l.word(); word != "" {
		return kindWord, word, true
	}
	_, size := utf8.DecodeRuneInString(l.text[l.at:])
	l.at += size
	return kindPunctuation, l.text[l.at-size : l.at], true
}

// skipBlank moves over white space and comments.
func (l *lexer) skipBlank() {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case unicode.IsSpace(r) || r == '\ufeff':
			l.at += size
		case strings.HasPrefix(rest, "--"):
			l.lineComment()
		case strings.HasPrefix(rest, "/*"):
			l.blockComment()
		default:
			return
		}
	}
}

// lineComment moves over "-- ...". A backslash before the line break continues
// the comment on the next line, as in Spark.
func (l *lexer) lineComment() {
	for l.at < len(l.text) {
		end := strings.IndexByte(l.text[l.at:], '\n')
		if end < 0 {
			l.at = len(l.text)
			return
		}
		l.at += end + 1
		if end == 0 || l.text[l.at-2] != '\\' {
			return
		}
	}
}

// blockComment moves over "/* ... */"; such comments nest.
func (l *lexer) blockComment() {
	depth := 0
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case strings.HasPrefix(rest, "/*"):
			depth++
			l.at += 2
		case strings.HasPrefix(rest, "*/"):
			depth--
			l.at += 2
			if depth == 0 {
				return
			}
		default:
			l.at++
		}
	}
}

// quoted reads the content of a quoted token that begins here. A doubled quote
// stands for one; a backslash takes the next character literally where the
// token knows escapes.
func (l *lexer) quoted(quote byte, escapes bool) string {
	l.at++
	var out strings.Builder
	for l.at < len(l.text) {
		c := l.text[l.at]
		l.at++
		if c == '\\' && escapes && l.at < len(l.text) {
			c = l.text[l.at]
			l.at++
			out.WriteByte(c)
			continue
		}
		if c == quote {
			if l.at >= len(l.text) || l.text[l.at] != quote {
				return out.String()
			}
			l.at++
		}
		out.WriteByte(c)
	}
	return out.String()
}

// word reads a run of letters, digits and underscores, or nothing.
func (l *lexer) word() string {
	start := l.at
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			break
		}
		l.at += size
	}
	return l.text[start:l.at]
}

func (l *lexer) quoteAt(at int) bool {
	return at < len(l.text) && (l.text[at] == '\'' || l.text[at] == '"')
}
