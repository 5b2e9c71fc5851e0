package disguise

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Shortest is the length in bytes of the shortest form that is worth looking for:
// shorter ones stand in other words.
const Shortest = 4

// minCore is the length of the shortest piece of Base64 that is looked for.
const minCore = 8

// Forms are the ways in which a secret is printed: as it is, in Base64 wherever it
// stands in a longer text, in hexadecimal, and as URLs, Go, JSON and SQL write it. There
// are none of one that is shorter than [Shortest]. They are sorted.
func Forms(text string) []string {
	if len(text) < Shortest {
		return nil
	}
	forms := []string{text, url.QueryEscape(text), url.PathEscape(text), lowerEscapes(url.QueryEscape(text)), lowerEscapes(url.PathEscape(text))}
	forms = append(forms, hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))))
	quoted := strconv.Quote(text)
	forms = append(forms, quoted[1:len(quoted)-1], strings.ReplaceAll(text, "'", "''"))
	forms = append(forms, (&url.URL{Path: text}).EscapedPath(), url.UserPassword("", text).String()[1:])
	if form, err := json.Marshal(text); err == nil {
		forms = append(forms, string(form[1:len(form)-1]))
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		forms = append(forms, encoding.EncodeToString([]byte(text)), encoding.WithPadding(base64.NoPadding).EncodeToString([]byte(text)))
		for offset := range 3 {
			if core := base64Core(encoding, text, offset); len(core) >= minCore {
				forms = append(forms, core)
			}
		}
	}
	slices.Sort(forms)
	return slices.DeleteFunc(slices.Compact(forms), func(form string) bool { return len(form) < Shortest })
}

// base64Core are the characters that text has in Base64 when so many bytes (0 to
// 2, modulo 3) stand before it, whatever these are and whatever follows.
func base64Core(encoding *base64.Encoding, text string, offset int) string {
	whole := encoding.WithPadding(base64.NoPadding).EncodeToString([]byte(strings.Repeat("\x00", offset) + text))
	from, to := (offset*8+5)/6, (offset+len(text))*8/6
	if from >= to {
		return ""
	}
	return whole[from:to]
}

// lowerEscapes writes %2F as %2f.
func lowerEscapes(text string) string {
	out := []byte(text)
	for i := 0; i+2 < len(out); i++ {
		if out[i] == '%' {
			copy(out[i+1:i+3], strings.ToLower(string(out[i+1:i+3])))
		}
	}
	return string(out)
}
