package hocon

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// reserved are the characters that end a text without quotes.
const reserved = "$\"{}[]:=,+#`^?!@*&\\"

const byteOrderMark = "\ufeff"

// lexer cuts a document into tokens.
type lexer struct {
	src string
	off int
	// mark is the place of markOff. It only moves forward, so that the columns
	// of a file that is one long line stay cheap.
	mark    tree.Pos
	markOff int
}

func newLexer(src []byte, name string) (*lexer, error) {
	l := &lexer{src: string(src), mark: tree.Pos{File: name, Line: 1, Column: 1}}
	if strings.HasPrefix(l.src, byteOrderMark) {
		l.off, l.markOff = len(byteOrderMark), len(byteOrderMark)
	}
	if utf8.ValidString(l.src) {
		return l, nil
	}
	for i, c := range l.src {
		if _, size := utf8.DecodeRuneInString(l.src[i:]); c == utf8.RuneError && size == 1 {
			return nil, errorAt(l.place(i), fmt.Sprintf("byte 0x%02x is not valid UTF-8", l.src[i]), "save the file as UTF-8")
		}
	}
	return l, nil
}

// place gives the position of an offset at or behind the last one asked for.
func (l *lexer) place(off int) tree.Pos {
	for l.markOff < off {
		c, size := utf8.DecodeRuneInString(l.src[l.markOff:])
		l.markOff += size
		l.mark.Column++
		if c == '\n' {
			l.mark.Line++
			l.mark.Column = 1
		}
	}
	return l.mark
}

func (l *lexer) rest() string { return l.src[l.off:] }

// next reads one token. Comments are skipped.
func (l *lexer) next() (token, error) {
	l.skipComment()
	t := token{pos: l.place(l.off)}
	rest := l.rest()
	if rest == "" {
		return t, nil
	}
	c, size := utf8.DecodeRuneInString(rest)
	switch {
	case c == '\n':
		t.kind = tokNewline
	case isSpace(c):
		t.kind, t.text = tokSpace, l.spaces()
		return t, nil
	case strings.ContainsRune(",:={}[]", c):
		t.kind = single[c]
	case strings.HasPrefix(rest, "+="):
		t.kind, size = tokPlusEquals, 2
	case strings.HasPrefix(rest, "${?"):
		t.kind, t.text, size = tokReference, "?", 3
	case strings.HasPrefix(rest, "${"):
		t.kind, size = tokReference, 2
	case c == '"':
		return l.quoted(t)
	case c == '-' || c >= '0' && c <= '9':
		return l.number(t)
	case strings.ContainsRune(reserved, c):
		return t, errReserved(t.pos, c)
	case c < ' ':
		return t, errorAt(t.pos, fmt.Sprintf("control character %U", c), "remove it")
	default:
		return l.text(t), nil
	}
	l.off += size
	return t, nil
}

var single = map[rune]tokenKind{
	',': tokComma, ':': tokColon, '=': tokEquals, '{': tokOpenBrace, '}': tokCloseBrace,
	'[': tokOpenBracket, ']': tokCloseBracket,
}

func errReserved(pos tree.Pos, c rune) *Error {
	hint := "put the text in double quotes"
	switch c {
	case '$':
		hint = "a substitution is written ${path}; put other text in double quotes"
	case '+':
		hint = "write += to add to an array, or put the text in double quotes"
	}
	e := errorAt(pos, fmt.Sprintf("character %q is not allowed outside quotes", c), hint)
	e.Found = strconv.QuoteRune(c)
	return e
}

// skipComment moves to the end of the line when a comment begins here.
func (l *lexer) skipComment() {
	rest := l.rest()
	if !strings.HasPrefix(rest, "#") && !strings.HasPrefix(rest, "//") {
		return
	}
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		l.off += i
		return
	}
	l.off = len(l.src)
}

// isSpace is true for blanks within a line, the byte order mark included.
func isSpace(c rune) bool {
	switch c {
	case '\n':
		return false
	case ' ', '\t', '\r', '\v', '\f', '\u00a0', '\ufeff', 0x1c, 0x1d, 0x1e, 0x1f:
		return true
	}
	return c > unicode.MaxASCII && unicode.In(c, unicode.Zs, unicode.Zl, unicode.Zp)
}

func (l *lexer) spaces() string {
	rest := l.rest()
	n := strings.IndexFunc(rest, func(c rune) bool { return !isSpace(c) })
	if n < 0 {
		n = len(rest)
	}
	l.off += n
	return rest[:n]
}

// number reads what begins like a number. What is none in the end is text.
func (l *lexer) number(t token) (token, error) {
	rest := l.rest()
	n := strings.IndexFunc(rest, func(c rune) bool { return !strings.ContainsRune("0123456789eE+-.", c) })
	if n < 0 {
		n = len(rest)
	}
	t.text = rest[:n]
	t.kind = tokNumber
	if !isNumber(t.text) {
		t.kind = tokText
		if i := strings.IndexByte(t.text, '+'); i >= 0 {
			return t, errReserved(l.place(l.off+i), '+')
		}
	}
	l.off += n
	return t, nil
}

// isNumber accepts what JSON accepts, and leading zeros and a final dot.
func isNumber(text string) bool {
	if strings.Trim(text, "+-.eE") == "" {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil || isRange(err)
}

func endsText(c rune) bool {
	return c <= ' ' || isSpace(c) || strings.ContainsRune(reserved, c)
}

// text reads a text without quotes. true, false and null at its beginning are
// tokens of their own; a concatenation puts them together again.
func (l *lexer) text(t token) token {
	rest := l.rest()
	n := len(rest)
	for i, c := range rest {
		if endsText(c) || c == '/' && strings.HasPrefix(rest[i:], "//") {
			n = i
			break
		}
	}
	t.kind, t.text = tokText, rest[:n]
	switch {
	case strings.HasPrefix(t.text, "true"), strings.HasPrefix(t.text, "null"):
		t.text = t.text[:4]
	case strings.HasPrefix(t.text, "false"):
		t.text = t.text[:5]
	}
	switch t.text {
	case "true", "false":
		t.kind = tokBool
	case "null":
		t.kind = tokNull
	}
	l.off += len(t.text)
	return t
}
