package audit

import (
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/disguise"
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
		for _, form := range disguise.Forms(text) {
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

// minKnown is the length of the shortest secret that is looked for.
const minKnown = disguise.Shortest
