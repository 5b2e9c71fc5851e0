package secrets

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// MaskedLength is the length of the shortest secret that a [Mask] hides, in bytes.
// Shorter ones stand in many texts by chance.
const MaskedLength = 4

// Mask hides secrets that it was told of in texts that others have made, such as
// the error of a server that repeats an option. The zero value hides nothing and
// is ready to use. It is safe for concurrent use.
type Mask struct {
	mu    sync.Mutex
	known map[string]bool
	// replacer is nil while there is nothing to hide.
	replacer atomic.Pointer[strings.Replacer]
}

// Add has the mask hide a secret as it is, in Base64, in hexadecimal, and as URLs
// and JSON write it. One shorter than [MaskedLength] is not hidden.
func (m *Mask) Add(v Value) {
	text := v.Reveal()
	if len(text) < MaskedLength {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known[text] {
		return
	}
	if m.known == nil {
		m.known = map[string]bool{}
	}
	for _, form := range append(forms(text), forms(strings.TrimSpace(text))...) {
		if len(form) >= MaskedLength {
			m.known[form] = true
		}
	}
	m.known[text] = true
	all := make([]string, 0, len(m.known))
	for form := range m.known {
		all = append(all, form)
	}
	// A replacer takes the first that fits, so the longest comes first.
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(all))
	for _, form := range all {
		pairs = append(pairs, form, Redacted)
	}
	m.replacer.Store(strings.NewReplacer(pairs...))
}

// Text returns the text with [Redacted] for every secret in it.
func (m *Mask) Text(text string) string {
	if m == nil {
		return text
	}
	replacer := m.replacer.Load()
	if replacer == nil {
		return text
	}
	return replacer.Replace(text)
}

// Empty reports whether the mask hides nothing.
func (m *Mask) Empty() bool { return m == nil || m.replacer.Load() == nil }

// forms are the ways in which a text may be written.
func forms(text string) []string {
	data := []byte(text)
	quoted, _ := json.Marshal(text) // a string always has a JSON form
	plain := string(quoted[1 : len(quoted)-1])
	list := []string{
		text, plain, hex.EncodeToString(data), strings.ToUpper(hex.EncodeToString(data)),
		url.QueryEscape(text), url.PathEscape(text), (&url.URL{Path: text}).EscapedPath(), url.UserPassword("", text).String()[1:],
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		list = append(list, encoding.EncodeToString(data), encoding.WithPadding(base64.NoPadding).EncodeToString(data))
	}
	return list
}
