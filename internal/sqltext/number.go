package sqltext

import (
	"strings"
	"unicode/utf8"
)

// number reads a number with a point or an exponent, or nothing. "1.x" and
// "1.5x" are none: they are a 1, a point and a word.
func (l *lexer) number() string {
	if !l.numbers {
		return ""
	}
	at := digits(l.text, l.at)
	point := at < len(l.text) && l.text[at] == '.'
	if point {
		at = digits(l.text, at+1)
	}
	if at == l.at || at == l.at+1 && point {
		return ""
	}
	exponent := exponentEnd(l.text, at)
	if !point && (exponent == at || !signed(l.text[at:exponent])) {
		return ""
	}
	at = suffixEnd(l.text, exponent)
	if point && at < len(l.text) {
		if r, _ := utf8.DecodeRuneInString(l.text[at:]); isWordRune(r) {
			return ""
		}
	}
	number := l.text[l.at:at]
	l.at = at
	return number
}

// digits returns where the digits that begin at a place end.
func digits(text string, at int) int {
	for at < len(text) && text[at] >= '0' && text[at] <= '9' {
		at++
	}
	return at
}

// exponentEnd returns where the exponent that begins at a place ends.
func exponentEnd(text string, at int) int {
	if at >= len(text) || text[at]|0x20 != 'e' {
		return at
	}
	first := at + 1
	if first < len(text) && (text[first] == '+' || text[first] == '-') {
		first++
	}
	if end := digits(text, first); end > first {
		return end
	}
	return at
}

func signed(exponent string) bool { return exponent[1] == '+' || exponent[1] == '-' }

// suffixEnd returns where the letters F, D or BD that begin at a place end.
func suffixEnd(text string, at int) int {
	rest := text[at:]
	switch {
	case len(rest) > 1 && strings.EqualFold(rest[:2], "bd"):
		return at + 2
	case len(rest) > 0 && (rest[0]|0x20 == 'f' || rest[0]|0x20 == 'd'):
		return at + 1
	}
	return at
}
