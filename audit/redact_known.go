package audit

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// known finds secrets that the program knows, in every form that they are usually
// printed in, by the first bytes of the forms.
type known struct {
	begins [256]bool
	forms  map[[minKnown]byte][]string // the longest first
}

// with returns a copy that also finds the forms of the texts.
func (k *known) with(texts ...string) *known {
	out := &known{forms: map[[minKnown]byte][]string{}}
	if k != nil {
		out.begins = k.begins
		for begin, forms := range k.forms {
			out.forms[begin] = slices.Clone(forms)
		}
	}
	for _, text := range texts {
		for _, form := range formsOf(text) {
			out.add(form)
		}
	}
	return out
}

func (k *known) add(form string) {
	begin := [minKnown]byte([]byte(form))
	forms := k.forms[begin]
	if slices.Contains(forms, form) {
		return
	}
	forms = append(forms, form)
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	k.begins[form[0]], k.forms[begin] = true, forms
}

// longest returns the length of the longest form at the beginning of text.
func (k *known) longest(text string) int {
	if len(text) < minKnown || !k.begins[text[0]] {
		return 0
	}
	for _, form := range k.forms[[minKnown]byte([]byte(text[:minKnown]))] {
		if strings.HasPrefix(text, form) {
			return len(form)
		}
	}
	return 0
}

// in reports whether a form stands in the text.
func (k *known) in(text string) bool {
	if k == nil {
		return false
	}
	for i := range len(text) {
		if k.longest(text[i:]) > 0 {
			return true
		}
	}
	return false
}

// hide puts mask in the place of all forms; those that touch or overlap count as
// one.
func (k *known) hide(text, mask string) string {
	if !k.in(text) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		end := i + k.longest(text[i:])
		if end == i {
			out.WriteByte(text[i])
			i++
			continue
		}
		for at := i + 1; at <= end && at < len(text); at++ {
			end = max(end, at+k.longest(text[at:]))
		}
		i = end
		out.WriteString(mask)
	}
	return out.String()
}

const (
	// minKnown is the length of the shortest secret that is looked for: shorter
	// ones stand in other words.
	minKnown = 4
	// minCore is the length of the shortest piece of Base64 that is looked for.
	minCore = 8
)

// formsOf are the ways in which a secret is printed.
func formsOf(text string) []string {
	if len(text) < minKnown {
		return nil
	}
	forms := []string{text, url.QueryEscape(text), url.PathEscape(text), lowerEscapes(url.QueryEscape(text)), lowerEscapes(url.PathEscape(text))}
	forms = append(forms, hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))))
	quoted := strconv.Quote(text)
	forms = append(forms, quoted[1:len(quoted)-1], strings.ReplaceAll(text, "'", "''"))
	if form, err := json.Marshal(text); err == nil {
		forms = append(forms, string(form[1:len(form)-1]))
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		forms = append(forms, encoding.EncodeToString([]byte(text)))
		for offset := range 3 {
			if core := base64Core(encoding, text, offset); len(core) >= minCore {
				forms = append(forms, core)
			}
		}
	}
	slices.Sort(forms)
	return slices.Compact(forms)
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
