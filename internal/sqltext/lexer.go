package sqltext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind says what a token is.
type kind uint8

const (
	// kindWord is an unquoted identifier, keyword or whole number.
	kindWord kind = iota
	// kindQuoted is an identifier in backquotes.
	kindQuoted
	// kindString is a string literal in single or double quotes.
	kindString
	// kindNumber is a number with a point or an exponent.
	kindNumber
	// kindPunctuation is one of the signs, or any other character.
	kindPunctuation
)

// signs are the tokens of several characters that make a difference here.
var signs = []string{"/*+", "<=>", "*/", "||", "|>", "=>", "->", "::"}

// lexer walks over a query. White space and comments never become tokens.
type lexer struct {
	text string
	at   int
	// numbers makes tokens of decimal numbers.
	numbers bool
	// unclosed is what the text ends in, "a quote" or "a comment", or empty.
	unclosed string
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
		return kindQuoted, l.quoted('`'), true
	case c == '\'' || c == '"':
		return kindString, l.quoted(c), true
	case (c == 'r' || c == 'R') && l.quoteAt(l.at+1):
		l.at++
		return kindString, l.raw(), true
	}
	if number := l.number(); number != "" {
		return kindNumber, number, true
	}
	if word := l.word(); word != "" {
		return kindWord, word, true
	}
	return kindPunctuation, l.sign(), true
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
		case opensComment(rest):
			l.blockComment()
		default:
			return
		}
	}
}

// opensComment reports whether the text begins with a comment in brackets. A
// hint, "/*+", is none.
func opensComment(text string) bool {
	return strings.HasPrefix(text, "/*") && !strings.HasPrefix(text, "/*+")
}

// lineComment moves over "-- ...", which ends with a line feed or a carriage
// return. A backslash before the line feed continues the comment on the next
// line.
func (l *lexer) lineComment() {
	for l.at < len(l.text) {
		end := strings.IndexAny(l.text[l.at:], "\r\n")
		if end < 0 {
			l.at = len(l.text)
			return
		}
		l.at += end + 1
		if end == 0 || l.text[l.at-1] == '\r' || l.text[l.at-2] != '\\' {
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
		case opensComment(rest):
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
	l.unclosed = "a comment"
}

// quoted reads the content of a quoted token that begins here. A doubled quote
// stands for one; in a string a backslash takes the next character literally.
func (l *lexer) quoted(quote byte) string {
	l.at++
	var out strings.Builder
	for l.at < len(l.text) {
		c := l.text[l.at]
		l.at++
		if c == '\\' && quote != '`' && l.at < len(l.text) {
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
	l.unclosed = "a quote"
	return out.String()
}

// raw reads a literal that knows neither escapes nor doubled quotes.
func (l *lexer) raw() string {
	quote := l.text[l.at]
	l.at++
	start := l.at
	end := strings.IndexByte(l.text[start:], quote)
	if end < 0 {
		l.unclosed, l.at = "a quote", len(l.text)
		return l.text[start:]
	}
	l.at += end + 1
	return l.text[start : start+end]
}

// word reads a run of letters, digits and underscores, or nothing.
func (l *lexer) word() string {
	start := l.at
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !isWordRune(r) {
			break
		}
		l.at += size
	}
	return l.text[start:l.at]
}

func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// sign reads one of the signs, or one character.
func (l *lexer) sign() string {
	_, size := utf8.DecodeRuneInString(l.text[l.at:])
	for _, sign := range signs {
		if strings.HasPrefix(l.text[l.at:], sign) {
			size = len(sign)
			break
		}
	}
	l.at += size
	return l.text[l.at-size : l.at]
}

func (l *lexer) quoteAt(at int) bool {
	return at < len(l.text) && (l.text[at] == '\'' || l.text[at] == '"')
}
