package schema

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape writes what the escape at the start of text stands for in Spark's SQL
// and returns the length of the escape. A backslash before any other character
// is dropped, but kept before % and _.
func unescape(out *strings.Builder, text string) int {
	if r, size, ok := numericEscape(text); ok {
		out.WriteRune(r)
		return size
	}
	if len(text) == 1 {
		return 1
	}
	r, size := utf8.DecodeRuneInString(text[1:])
	switch r {
	case '0':
		r = 0
	case 'b':
		r = '\b'
	case 'n':
		r = '\n'
	case 'r':
		r = '\r'
	case 't':
		r = '\t'
	case 'Z':
		r = 0x1a
	case '%', '_':
		out.WriteByte('\\')
	}
	out.WriteRune(r)
	return 1 + size
}

// numericEscape reads \uXXXX, two of them for a surrogate pair, \UXXXXXXXX, and
// three octal digits up to \177.
func numericEscape(text string) (rune, int, bool) {
	if r, ok := hexEscape(text, 'u', 4); ok {
		if utf16.IsSurrogate(r) {
			if low, ok := hexEscape(text[6:], 'u', 4); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					return pair, 12, true
				}
			}
			r = utf8.RuneError
		}
		return r, 6, true
	}
	if r, ok := hexEscape(text, 'U', 8); ok {
		if !utf8.ValidRune(r) {
			r = utf8.RuneError
		}
		return r, 10, true
	}
	if len(text) >= 4 && (text[1] == '0' || text[1] == '1') {
		if n, err := strconv.ParseUint(text[1:4], 8, 8); err == nil {
			return rune(n), 4, true
		}
	}
	return 0, 0, false
}

func hexEscape(text string, letter byte, digits int) (rune, bool) {
	if len(text) < 2+digits || text[0] != '\\' || text[1] != letter {
		return 0, false
	}
	n, err := strconv.ParseUint(text[2:2+digits], 16, 32)
	return rune(min(n, utf8.MaxRune+1)), err == nil
}
