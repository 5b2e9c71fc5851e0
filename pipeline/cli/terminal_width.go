package cli

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wide are the characters that take two columns, by Unicode's East Asian Width,
// and pictures.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115F, 1}, {0x2E80, 0x303E, 1}, {0x3041, 0x33FF, 1}, {0x3400, 0x4DBF, 1}, {0x4E00, 0x9FFF, 1},
		{0xA000, 0xA4CF, 1}, {0xA960, 0xA97F, 1}, {0xAC00, 0xD7A3, 1}, {0xF900, 0xFAFF, 1}, {0xFE30, 0xFE6F, 1},
		{0xFF00, 0xFF60, 1}, {0xFFE0, 0xFFE6, 1},
	},
	R32: []unicode.Range32{
		{0x16FE0, 0x18CFF, 1}, {0x1AFF0, 0x1B2FF, 1}, {0x1F300, 0x1F64F, 1}, {0x1F680, 0x1F6FF, 1}, {0x1F900, 0x1F9FF, 1},
		{0x20000, 0x3FFFD, 1},
	},
}

// runeWidth is how many columns of a terminal a character takes.
func runeWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) || unicode.IsControl(r):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// displayWidth is how many columns of a terminal a text takes. Colours take
// none.
func displayWidth(text string) int {
	width := 0
	for text != "" {
		if n := colourLen(text); n > 0 {
			text = text[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		width += runeWidth(r)
		text = text[n:]
	}
	return width
}

// colourLen is the length of the control sequence for a colour that text begins
// with.
func colourLen(text string) int {
	if !strings.HasPrefix(text, "\x1b[") {
		return 0
	}
	return strings.IndexByte(text, 'm') + 1
}

// truncate shortens a text without colours to a width.
func truncate(text string, width int) string {
	if displayWidth(text) <= width {
		return text
	}
	var b strings.Builder
	left := width - 1 // one for the dots
	for _, r := range text {
		if left -= runeWidth(r); left < 0 {
			break
		}
		b.WriteRune(r)
	}
	if width > 0 {
		b.WriteString("…")
	}
	return b.String()
}

// pad fills a text up to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-displayWidth(text)))
}

// printable replaces what would move the cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
