package audit

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// RedactOptions are the settings of [NewRedactor]. Nil means defaults.
type RedactOptions struct {
	// Keys are further keys whose values are secret. A key counts where all its
	// words stand in a name one after the other: "badge number" also means
	// employeeBadgeNumber.
	Keys []string
	// Patterns are regular expressions of further texts that are secret. Of one
	// with a group, what the first group matches is hidden.
	Patterns []string
	// Passthrough are keys whose values are shown although they read like secrets.
	// The whole name must be equal, but for its spelling. Known secrets and
	// patterns are hidden there too.
	Passthrough []string
	// Replacement stands where a secret stood: letters, digits and *#.-_[]<> with a
	// letter or a * in it, 64 at most. Default [secrets.Redacted].
	Replacement string

	_ struct{}
}

var replacementForm = regexp.MustCompile(`^[A-Za-z0-9*#._<>\[\]-]{1,64}$`)

// Validate returns all faults of the options, joined.
func (o *RedactOptions) Validate() error {
	var faults []error
	for _, list := range []struct {
		name string
		keys []string
	}{{"keys", o.Keys}, {"passthrough", o.Passthrough}} {
		for i, key := range list.keys {
			if len(secrets.KeyWords(key)) == 0 {
				faults = append(faults, fmt.Errorf("redact.%s[%d]: %q has no letter and no digit", list.name, i, key))
			}
		}
	}
	for i, text := range o.Patterns {
		what, err := regexp.Compile(text)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("redact.patterns[%d]: %w", i, err))
		case what.MatchString(""):
			faults = append(faults, fmt.Errorf("redact.patterns[%d]: %q matches the empty text", i, text))
		}
	}
	if o.Replacement != "" && !validReplacement(o.Replacement) {
		faults = append(faults, fmt.Errorf("redact.replacement: %q: want 1 to 64 of letters, digits and *#.-_[]<>, and not the form of a secret", o.Replacement))
	}
	return errors.Join(faults...)
}

// validReplacement refuses what would be redacted again.
func validReplacement(text string) bool {
	if !replacementForm.MatchString(text) || !strings.ContainsFunc(text, func(r rune) bool { return r == '*' || unicode.IsLetter(r) }) {
		return false
	}
	for _, p := range builtinPatterns {
		if p.what.MatchString(text) {
			return false
		}
	}
	return true
}

// Redactor hides secrets. The nil Redactor has the default options. It never
// returns a text with a secret in it that it was told of by [Redactor.Add], and
// what it returns it leaves as it is when it gets it again. It is safe for
// concurrent use.
type Redactor struct {
	mask        string
	keys        keyRule
	passthrough keyRule
	patterns    []pattern

	mu    sync.Mutex // held by who adds
	known atomic.Pointer[known]
}

// NewRedactor returns a redactor.
func NewRedactor(opts *RedactOptions) (*Redactor, error) {
	if opts == nil {
		opts = &RedactOptions{}
	}
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("new redactor: %w", err)
	}
	r := &Redactor{
		mask: cmp.Or(opts.Replacement, secrets.Redacted), keys: newKeyRule(opts.Keys), passthrough: newKeyRule(opts.Passthrough),
		patterns: builtinPatterns[:len(builtinPatterns):len(builtinPatterns)],
	}
	for _, text := range opts.Patterns {
		r.patterns = append(r.patterns, pattern{what: regexp.MustCompile(text)})
	}
	return r, nil
}

// Add tells of secrets that are hidden from now on wherever they stand: as they
// are, in Base64, in hexadecimal digits, percent-encoded and quoted. Secrets of
// fewer than 4 bytes are not looked for.
func (r *Redactor) Add(values ...secrets.Value) {
	if r == nil {
		return
	}
	var texts []string
	for _, value := range values {
		// What is part of the replacement would be found in it for ever.
		if text := value.Reveal(); !strings.Contains(r.mask, text) {
			texts = append(texts, text)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known.Store(r.known.Load().with(texts...))
}

// Secret reports whether the value of a setting of this name is hidden.
func (r *Redactor) Secret(key string) bool {
	if r == nil || len(r.keys)+len(r.passthrough) == 0 {
		return secrets.IsKey(key)
	}
	words := secrets.KeyWords(key)
	return !r.passthrough.is(words) && (secrets.IsKey(key) || r.keys.within(words))
}

// minPattern is the length of the shortest text in which one of the builtin patterns
// can be.
const minPattern = 12

// maxPasses bounds how often a text is gone through until nothing changes.
const maxPasses = 4

// Text returns the text without secrets.
func (r *Redactor) Text(text string) string { return r.settled(text, r.pass) }

// Known is [Redactor.Text] that does not look for pairs of keys and values; it is
// for texts that are names.
func (r *Redactor) Known(text string) string {
	return r.settled(text, func(text string) string { return r.byForm(text) })
}

// settled repeats pass until the text stays, so that it stays for ever.
func (r *Redactor) settled(text string, pass func(string) string) string {
	for range maxPasses {
		if text == "" || text == r.replacement() {
			return text
		}
		next := pass(text)
		if next == text {
			return text
		}
		text = next
	}
	return r.replacement()
}

func (r *Redactor) replacement() string {
	if r == nil {
		return secrets.Redacted
	}
	return r.mask
}

func (r *Redactor) pass(text string) string {
	return hidePairs(r.byForm(text), r.replacement(), r.Secret)
}

// byForm hides what is known and what has the form of a secret.
func (r *Redactor) byForm(text string) string {
	patterns := builtinPatterns
	if r != nil {
		text = r.known.Load().hide(text, r.mask)
		patterns = r.patterns
	}
	if len(text) < minPattern {
		patterns = patterns[len(builtinPatterns):]
	}
	for _, p := range patterns {
		text = p.hide(text, r.replacement())
	}
	if strings.Contains(text, "://") || strings.Contains(text, "@") {
		text = hideURLs(text, r.replacement())
	}
	return text
}
