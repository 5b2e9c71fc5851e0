package secrets

import (
	"strings"
	"unicode/utf8"
)

// Ref says where a secret is kept. It is no secret itself and may be printed.
// Refs are comparable.
type Ref struct {
	// Provider is the name of the provider, such as "env", "vault" or "aws".
	Provider string
	// Path is the name of the secret at its provider. It is never empty.
	Path string
	// Key names one member of a secret that has several; empty for the whole of
	// it.
	Key string
	// Version asks for one version; empty for the current one.
	Version string
	// Stage asks for the version with that staging label, which AWS Secrets
	// Manager has; empty for the current one.
	Stage string
}

// String returns the reference as a text that [ParseRef] reads.
func (r Ref) String() string {
	var b strings.Builder
	b.WriteString(wholeStart)
	b.WriteString(r.Provider)
	b.WriteByte('/')
	escape(&b, r.Path, "#?")
	separator := byte('?')
	for _, option := range []struct{ name, value string }{{"version", r.Version}, {"stage", r.Stage}} {
		if option.value == "" {
			continue
		}
		b.WriteByte(separator)
		b.WriteString(option.name + "=")
		escape(&b, option.value, "#&")
		separator = '&'
	}
	if r.Key != "" {
		b.WriteByte('#')
		escape(&b, r.Key, "")
	}
	return b.String()
}

const hexDigits = "0123456789ABCDEF"

// escape writes text with percent signs for what has a meaning in a reference.
func escape(b *strings.Builder, text, special string) {
	for i := range len(text) {
		c := text[i]
		if c <= ' ' || c == 0x7f || c == '%' || c == '{' || c == '}' || strings.IndexByte(special, c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
			continue
		}
		b.WriteByte(c)
	}
}

// unescape undoes escape. at is the place of the text, for errors.
func unescape(text string, at int) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c, start := text[i], at+i
		if c == '%' {
			if i+2 >= len(text) || unhex(text[i+1]) < 0 || unhex(text[i+2]) < 0 {
				return "", &SyntaxError{start, "% wants two hexadecimal digits; write %25 for a percent sign"}
			}
			c = byte(unhex(text[i+1])<<4 | unhex(text[i+2]))
			i += 2
		}
		if isControl(c) {
			return "", &SyntaxError{start, "control characters cannot stand in a reference"}
		}
		b.WriteByte(c)
	}
	if !utf8.ValidString(b.String()) {
		return "", &SyntaxError{at, "a reference is text in UTF-8"}
	}
	return b.String(), nil
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func isControl(c byte) bool { return c < ' ' || c == 0x7f }

// canonical returns the one name of a provider that has two.
func canonical(name string) string {
	if name == kindAWSLong {
		return KindAWS
	}
	return name
}

// isName reports whether a provider may be called so.
func isName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if 'a' <= c && c <= 'z' || i > 0 && ('0' <= c && c <= '9' || c == '_' || c == '-') {
			continue
		}
		return false
	}
	return name != ""
}
