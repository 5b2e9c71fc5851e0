package hocon

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const tripleQuote = `"""`

func isRange(err error) bool { return errors.Is(err, strconv.ErrRange) }

// quoted reads a string in double or triple quotes.
func (l *lexer) quoted(t token) (token, error) {
	t.kind = tokString
	if strings.HasPrefix(l.rest(), tripleQuote) {
		return l.tripleQuoted(t)
	}
	begin := l.off
	body := l.src[begin+1:]
	i := strings.IndexAny(body, "\"\\\n")
	if i >= 0 && body[i] == '"' && !hasControl(body[:i]) {
		t.text = body[:i]
		l.off = begin + 1 + i + 1
		return t, nil
	}
	return l.escaped(t)
}

func hasControl(text string) bool {
	return strings.IndexFunc(text, func(c rune) bool { return c < ' ' }) >= 0
}

// tripleQuoted reads to the last three of a run of quotes, so that the string
// may end with a quote. Nothing is an escape.
func (l *lexer) tripleQuoted(t token) (token, error) {
	body := l.src[l.off+len(tripleQuote):]
	end := strings.Index(body, tripleQuote)
	if end < 0 {
		return t, errorAt(t.pos, `string opened with """ is not closed`, `add """ at its end`)
	}
	for strings.HasPrefix(body[end+1:], tripleQuote) {
		end++
	}
	t.text = body[:end]
	l.off += len(tripleQuote) + end + len(tripleQuote)
	return t, nil
}

// escaped reads a string with escapes, or finds what is wrong with it.
func (l *lexer) escaped(t token) (token, error) {
	var b strings.Builder
	for i := l.off + 1; i < len(l.src); {
		c, size := utf8.DecodeRuneInString(l.src[i:])
		switch {
		case c == '"':
			t.text = b.String()
			l.off = i + 1
			return t, nil
		case c == '\n':
			return t, errUnclosed(t)
		case c < ' ':
			return t, errorAt(l.place(i), fmt.Sprintf("control character %U in a string", c),
				fmt.Sprintf("write it as %s", escapeOf(c)))
		case c == '\\':
			text, n, fault := unescape(l.src[i:])
			if fault != "" {
				return t, errorAt(l.place(i), fault, `write \\ for a backslash, or use """ for text without escapes`)
			}
			b.WriteString(text)
			i += n
			continue
		}
		b.WriteString(l.src[i : i+size])
		i += size
	}
	return t, errUnclosed(t)
}

func errUnclosed(t token) *Error {
	return errorAt(t.pos, "string is not closed on its line", `add the closing ", or use """ for text over several lines`)
}

func escapeOf(c rune) string {
	if c == '\t' {
		return `\t`
	}
	return fmt.Sprintf(`\u%04x`, c)
}

var escapes = map[byte]string{
	'"': `"`, '\\': `\`, '/': "/", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t",
}

// unescape reads the escape at the beginning of src: its text, its length, and
// what is wrong with it. Two halves of a surrogate pair make one character; a
// half alone becomes the replacement character.
func unescape(src string) (text string, n int, fault string) {
	if len(src) < 2 {
		return "", 0, "escape is cut off at the end of the file"
	}
	if text, ok := escapes[src[1]]; ok {
		return text, 2, ""
	}
	if src[1] != 'u' {
		c, _ := utf8.DecodeRuneInString(src[1:])
		return "", 0, fmt.Sprintf(`unknown escape \%c`, c)
	}
	first, ok := hex4(src)
	if !ok {
		return "", 0, `\u needs four hexadecimal digits`
	}
	if !utf16.IsSurrogate(first) {
		return string(first), 6, ""
	}
	if second, ok := hex4(src[6:]); ok {
		if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
			return string(pair), 12, ""
		}
	}
	return string(utf8.RuneError), 6, ""
}

// hex4 reads \uXXXX.
func hex4(src string) (rune, bool) {
	if len(src) < 6 || src[0] != '\\' || src[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(src[2:6], 16, 32)
	return rune(v), err == nil
}
