package audit

import (
	"strings"
	"unicode/utf8"
)

// isNameRune reports whether a key can hold the rune.
func isNameRune(r rune) bool {
	return r == '_' || r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func isNameByte(b byte) bool { return isNameRune(rune(b)) }

// hidePairs hides the values of secret keys in a text: key=value, key: value,
// "key": "value", key 'value', --key value, in URLs, SQL, JSON, YAML, command
// lines and connection strings.
func hidePairs(text, mask string, secret func(key string) bool) string {
	var out strings.Builder
	last := 0
	for i := 0; i < len(text); {
		if !isNameByte(text[i]) {
			i++
			continue
		}
		begin := i
		for i < len(text) && isNameByte(text[i]) {
			i++
		}
		from, to := pairValue(text, begin, i, mask)
		if from == to || !secret(text[begin:i]) {
			continue
		}
		out.WriteString(text[last:from])
		out.WriteString(mask)
		last, i = to, to
	}
	if last == 0 {
		return text
	}
	return out.String() + text[last:]
}

// pairValue returns where the value of the key at text[begin:end] stands, or an
// empty range when there is none.
func pairValue(text string, begin, end int, mask string) (from, to int) {
	if begin > 0 && text[begin-1] == '<' && end < len(text) && text[end] == '>' {
		return end + 1, elementEnd(text, end+1)
	}
	at, equals, colon := separator(text, end)
	separated := equals || colon
	if strings.HasPrefix(text[at:], "//") && colon && !equals {
		return 0, 0 // a URL whose scheme looks like a key
	}
	if separated {
		at = skipSpace(text, at)
	}
	if at >= len(text) {
		return 0, 0
	}
	switch {
	case text[at] == '\\' && at+1 < len(text) && isQuote(text[at+1]):
		if separated {
			return at + 2, escapedEnd(text, at+2, text[at+1])
		}
		return 0, 0
	case isQuote(text[at]):
		if !separated && at == end {
			return 0, 0 // the quote that ends a word
		}
		return at + 1, quotedEnd(text, at+1, text[at])
	case !separated && at > end && strings.HasPrefix(text[begin:end], "--"):
		return at, wordEnd(text, behind(text, at, mask))
	case !separated:
		return 0, 0
	case equals && text[at] == '{':
		return at, bracedEnd(text, at)
	case equals:
		return at, bareEnd(text, behind(text, at, mask))
	}
	return afterScheme(text, at, mask)
}

// separator skips what stands between a key that ends at a place and its value.
func separator(text string, end int) (at int, equals, colon bool) {
	at = skipSpace(text, skipQuote(text, end))
	for at < len(text) && strings.IndexByte("=:>", text[at]) >= 0 {
		equals, colon = equals || text[at] == '=', colon || text[at] == ':'
		at++
	}
	return at, equals, colon
}

// behind skips the mask, where a value was hidden before.
func behind(text string, at int, mask string) int {
	if strings.HasPrefix(text[at:], mask) {
		return at + len(mask)
	}
	return at
}

// afterScheme is the value behind a colon: one word, or two of a header.
func afterScheme(text string, at int, mask string) (from, to int) {
	if text[at] == '{' || text[at] == '[' && !strings.HasPrefix(text[at:], mask) {
		return 0, 0 // what is inside has keys of its own
	}
	end := wordEnd(text, behind(text, at, mask))
	switch strings.ToLower(text[at:end]) {
	case "bearer", "basic", "digest", "token", "apikey", "negotiate":
		if next := skipSpace(text, end); next > end && next < len(text) {
			return next, wordEnd(text, behind(text, next, mask))
		}
	}
	return at, end
}

func isQuote(b byte) bool { return b == '"' || b == '\'' || b == '`' }

func skipQuote(text string, at int) int {
	if at+1 < len(text) && text[at] == '\\' && isQuote(text[at+1]) {
		return at + 2
	}
	if at < len(text) && isQuote(text[at]) {
		return at + 1
	}
	return at
}

func skipSpace(text string, at int) int {
	for at < len(text) && strings.IndexByte(" \t", text[at]) >= 0 {
		at++
	}
	return at
}

// quotedEnd is where a quoted value ends; the quote is escaped by a backslash or
// written twice.
func quotedEnd(text string, at int, quote byte) int {
	for at < len(text) {
		switch {
		case text[at] == '\\':
			at++
		case text[at] == quote && at+1 < len(text) && text[at+1] == quote:
			at++
		case text[at] == quote:
			return at
		}
		at++
	}
	return len(text)
}

// escapedEnd is where a value ends whose quotes are escaped themselves.
func escapedEnd(text string, at int, quote byte) int {
	if end := strings.Index(text[at:], `\`+string(quote)); end >= 0 {
		return at + end
	}
	return len(text)
}

// elementEnd is where the text of an XML element ends.
func elementEnd(text string, at int) int {
	if end := strings.IndexByte(text[at:], '<'); end >= 0 {
		return at + end
	}
	return len(text)
}

// bracedEnd is where {value} ends, with }} for a brace.
func bracedEnd(text string, at int) int {
	for at++; at < len(text); at++ {
		if text[at] != '}' {
			continue
		}
		if at+1 < len(text) && text[at+1] == '}' {
			at++
			continue
		}
		return at + 1
	}
	return len(text)
}

// wordEnd is where a word ends.
func wordEnd(text string, at int) int {
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if r <= ' ' || strings.ContainsRune("\"'`", r) && endsHere(text, at+1) {
			break
		}
		if (r == ',' || r == ';' || r == '}' || r == ']' || r == ')') && endsHere(text, at+1) {
			break
		}
		at += size
	}
	return at
}

// bareEnd is where a value without quotes ends: at a blank, or at a separator
// behind which the next pair begins.
func bareEnd(text string, at int) int {
	for at < len(text) {
		c := text[at]
		if c <= ' ' {
			break
		}
		if strings.IndexByte("&;,)", c) >= 0 && (endsHere(text, at+1) || pairBegins(text, at+1)) {
			break
		}
		if (isQuote(c) || strings.IndexByte("]}>", c) >= 0) && endsHere(text, at+1) {
			break
		}
		at++
	}
	return at
}

// endsHere reports whether what stands at a place can follow the end of a value.
func endsHere(text string, at int) bool {
	return at >= len(text) || text[at] <= ' ' || strings.IndexByte(",;)]}\"'`>(/|", text[at]) >= 0
}

// pairBegins reports whether key= stands at a place.
func pairBegins(text string, at int) bool {
	begin := skipSpace(text, at)
	end := begin
	for end < len(text) && (isNameByte(text[end]) || text[end] == ' ') {
		end++
	}
	return end > begin && end < len(text) && text[end] == '='
}
