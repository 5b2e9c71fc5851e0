package hocon

import (
	"strconv"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokNewline
	tokSpace
	tokComma
	tokColon
	tokEquals
	tokPlusEquals
	tokOpenBrace
	tokCloseBrace
	tokOpenBracket
	tokCloseBracket
	tokReference // ${ or ${?
	tokString
	tokText
	tokNumber
	tokBool
	tokNull
)

// token is one lexical piece. The text of a string is unescaped, any other text
// is as written.
type token struct {
	kind tokenKind
	text string
	pos  tree.Pos
}

// simple reports whether the token is a text or a literal: what may stand in a
// key and what blanks are kept between.
func (t token) simple() bool { return t.kind >= tokString }

var punctuation = map[tokenKind]string{
	tokComma: `","`, tokColon: `":"`, tokEquals: `"="`, tokPlusEquals: `"+="`,
	tokOpenBrace: `"{"`, tokCloseBrace: `"}"`, tokOpenBracket: `"["`, tokCloseBracket: `"]"`,
	tokReference: `"${"`, tokEOF: "the end of the file", tokNewline: "the end of the line", tokSpace: "a blank",
}

// describe names the token in an error.
func (t token) describe() string {
	switch t.kind {
	case tokString:
		return "the string " + strconv.Quote(clip(t.text))
	case tokText, tokNumber, tokBool, tokNull:
		return strconv.Quote(clip(t.text))
	}
	return punctuation[t.kind]
}

// clip shortens text for a message.
func clip(text string) string {
	const limit = 30
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit]) + "..."
}
