package localspark

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
)

// splitOptions splits at white space outside of quotes, as a shell would.
func splitOptions(text string) []string {
	var out []string
	var word strings.Builder
	var quote rune
	inWord := false
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inWord = r, true
		case quote == 0 && strings.ContainsRune(" \t\r\n", r):
			if inWord {
				out = append(out, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if inWord {
		out = append(out, word.String())
	}
	return out
}

// argsText writes an argument file of java: one quoted argument a line.
func argsText(args []string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	var b strings.Builder
	for _, arg := range args {
		fmt.Fprintf(&b, "\"%s\"\n", escape.Replace(arg))
	}
	return b.String()
}

// propertiesText writes a Java properties file.
func propertiesText(props map[string]string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(props)) {
		b.WriteString(escapeProperty(key, true) + "=" + escapeProperty(props[key], false) + "\n")
	}
	return b.String()
}

func escapeProperty(text string, key bool) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case strings.ContainsRune("=:#! ", r) && (key || i == 0):
			b.WriteString(`\` + string(r))
		case r < 0x20 || r > 0x7e:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
