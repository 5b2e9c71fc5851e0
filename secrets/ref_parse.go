package secrets

import "strings"

const (
	wholeStart    = "secret://"
	embeddedStart = "${secret:"
	embeddedEnd   = "}"

	// maxRef bounds a reference, in bytes.
	maxRef = 4096
)

// ParseRef reads a text that is one reference and nothing else, in either form:
//
//	secret://provider/path?version=3#key
//	${secret:provider://path?version=3#key}
//
// Version and key may be missing; stage=LABEL may stand where version does. What
// has a meaning in a reference is written with a percent sign and two
// hexadecimal digits, such as %23 for #. The provider aws_secrets_manager is
// called aws.
//
// The error is a [*SyntaxError]. It does not repeat the text.
func ParseRef(text string) (Ref, error) {
	switch {
	case strings.HasPrefix(text, wholeStart):
		return parseWhole(text)
	case !strings.HasPrefix(text, embeddedStart):
		return Ref{}, &SyntaxError{0, "is no reference; write secret://provider/path#key"}
	}
	ref, end, err := parseEmbedded(text, 0)
	if err == nil && end != len(text) {
		err = &SyntaxError{end, "more text after the reference"}
	}
	if err != nil {
		return Ref{}, err
	}
	return ref, nil
}

func parseWhole(text string) (Ref, error) {
	return parse(strings.TrimRight(text[len(wholeStart):], " \t\r\n"), len(wholeStart), "/")
}

// parseEmbedded reads the reference that starts at a place, and says where it
// ends.
func parseEmbedded(text string, start int) (ref Ref, end int, err error) {
	start += len(embeddedStart)
	length := strings.Index(text[start:], embeddedEnd)
	if length < 0 {
		return Ref{}, len(text), &SyntaxError{start - len(embeddedStart), "the reference has no closing brace: write ${secret:provider://path#key}, or $${secret: where no secret is meant"}
	}
	ref, err = parse(text[start:start+length], start, "://")
	return ref, start + length + len(embeddedEnd), err
}

// parse reads provider, separator, path, options and key. at is the place of the
// text, for errors.
func parse(text string, at int, separator string) (Ref, error) {
	if len(text) > maxRef {
		return Ref{}, &SyntaxError{at, "a reference has at most 4096 bytes"}
	}
	if i := strings.IndexAny(text, "{}"); i >= 0 {
		return Ref{}, &SyntaxError{at + i, "braces cannot stand in a reference; write %7B and %7D"}
	}
	provider, rest, found := strings.Cut(text, separator)
	switch {
	case !isName(provider):
		return Ref{}, &SyntaxError{at, "the provider is one word of lower-case letters, digits, _ and -: " + form(separator)}
	case !found:
		return Ref{}, &SyntaxError{at + len(text), "the path is missing: " + form(separator)}
	}
	ref := Ref{Provider: canonical(provider)}
	at += len(provider) + len(separator)
	path, key, hasKey := strings.Cut(rest, "#")
	if err := ref.parsePath(path, at); err != nil {
		return Ref{}, err
	}
	if !hasKey {
		return ref, nil
	}
	at += len(path) + 1
	key, at = trim(key, at)
	if key == "" {
		return Ref{}, &SyntaxError{at, "the key after # is empty"}
	}
	var err error
	if ref.Key, err = unescape(key, at); err != nil {
		return Ref{}, err
	}
	return ref, nil
}

func form(separator string) string {
	if separator == "/" {
		return "write secret://provider/path#key"
	}
	return "write ${secret:provider://path#key}"
}

// parsePath reads the path and the options after it.
func (r *Ref) parsePath(text string, at int) error {
	text, options, hasOptions := strings.Cut(text, "?")
	path, start := trim(text, at)
	if path == "" {
		return &SyntaxError{start, "the path is empty"}
	}
	var err error
	if r.Path, err = unescape(path, start); err != nil || !hasOptions {
		return err
	}
	at += len(text) + 1
	for option := range strings.SplitSeq(options, "&") {
		if err := r.parseOption(option, at); err != nil {
			return err
		}
		at += len(option) + 1
	}
	return nil
}

func (r *Ref) parseOption(option string, at int) error {
	name, value, _ := strings.Cut(option, "=")
	name, _ = trim(name, at)
	into := map[string]*string{"version": &r.Version, "stage": &r.Stage}[name]
	if into == nil {
		return &SyntaxError{at, "after ? come version=… or stage=…; write %3F for a question mark"}
	}
	value, start := trim(value, at+strings.IndexByte(option, '=')+1)
	switch {
	case value == "":
		return &SyntaxError{start, "the " + name + " is empty"}
	case r.Version != "" || r.Stage != "":
		return &SyntaxError{at, "a reference has one version or one stage"}
	}
	var err error
	*into, err = unescape(value, start)
	return err
}

// trim removes blanks around a text and says where what is left begins.
func trim(text string, at int) (rest string, start int) {
	left := strings.TrimLeft(text, " \t")
	return strings.TrimRight(left, " \t"), at + len(text) - len(left)
}
