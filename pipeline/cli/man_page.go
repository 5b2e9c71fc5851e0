package cli

import (
	"fmt"
	"strings"
)

// page is a manual page under construction, in the language of man(7).
type page struct{ b strings.Builder }

// String is the page so far.
func (p *page) String() string { return p.b.String() }

// macro writes a request with its arguments in quotes.
func (p *page) macro(name string, args ...string) {
	p.b.WriteString("." + name)
	for _, arg := range args {
		p.b.WriteString(` "` + strings.ReplaceAll(escapeMan(arg), `"`, `\(dq`) + `"`)
	}
	p.b.WriteByte('\n')
}

// line writes one line of text.
func (p *page) line(text string) {
	text = escapeMan(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text // else it would be a request
	}
	p.b.WriteString(text + "\n")
}

// text writes a help text: paragraphs are filled anew, indented lines stay as
// they are.
func (p *page) text(text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			p.macro("PP")
		}
		literal := false
		for line := range strings.SplitSeq(paragraph, "\n") {
			if indented := strings.HasPrefix(line, "  "); indented != literal {
				literal = indented
				p.macro(map[bool]string{true: "nf", false: "fi"}[literal])
			}
			p.line(line)
		}
		if literal {
			p.macro("fi")
		}
	}
}

// option writes what a flag is. kind and value are those of pflag: the type of
// the flag, and its default.
func (p *page) option(name, short, kind, usage, value string) {
	head := `\fB\-\-` + escapeMan(name) + `\fR`
	if short != "" {
		head = `\fB\-` + escapeMan(short) + `\fR, ` + head
	}
	switch kind {
	case "bool":
	case "stringArray":
		head += ` \fIstring\fR`
	case "stringSlice":
		head += ` \fIstring\fR[,\fIstring\fR...]`
	default:
		head += ` \fI` + escapeMan(kind) + `\fR`
	}
	p.macro("TP")
	p.b.WriteString(head + "\n")
	if value != "" && value != "[]" && value != "false" && value != "0" {
		usage += fmt.Sprintf(" (default %s)", value)
	}
	p.line(strings.ToUpper(usage[:1]) + usage[1:] + ".")
}

// escapeMan keeps a text from being read as requests: backslashes, hyphens that
// are typed as such, and what is no ASCII.
func escapeMan(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\(rs`)
		case r == '-':
			b.WriteString(`\-`)
		case r == '`':
			b.WriteString(`\(ga`)
		case r == '\'':
			b.WriteString(`\(aq`)
		case r == '^':
			b.WriteString(`\(ha`)
		case r == '~':
			b.WriteString(`\(ti`)
		case r > 0x7e:
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
