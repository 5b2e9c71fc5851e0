package secrets

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sparkpipe/sparkpipe/internal/disguise"
)

// MaskedLength is the length of the shortest secret that a [Mask] hides, in bytes.
// Shorter ones stand in many texts by chance.
const MaskedLength = disguise.Shortest

// Mask hides secrets that it was told of in texts that others have made, such as
// the error of a server that repeats an option. The zero value hides nothing and
// is ready to use. It is safe for concurrent use.
type Mask struct {
	mu    sync.Mutex
	known map[string]bool
	// replacer is nil while there is nothing to hide.
	replacer atomic.Pointer[strings.Replacer]
}

// Add has the mask hide a secret as it is, in Base64, be it within a longer text,
// in hexadecimal, and as URLs, Go, JSON and SQL write it. One shorter than [MaskedLength] is not hidden.
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
	for _, form := range append(disguise.Forms(text), disguise.Forms(strings.TrimSpace(text))...) {
		m.known[form] = true
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
