package options

import (
	"fmt"
	"slices"
	"strings"
)

// Unsubstituted refuses a text in which Spark would replace something before it
// reads it, also where it reads nothing but a name: no quotes help against that.
func Unsubstituted(name string) error {
	if strings.Contains(name, "${") {
		return fmt.Errorf("the name %q: Spark replaces ${…} in names before it reads them, also in quotes", name)
	}
	return nil
}

// Verbatim refuses a name that Spark would not read as it is: what [Unsubstituted]
// does, and comments, which it leaves out.
func Verbatim(name string) error {
	if err := Unsubstituted(name); err != nil {
		return err
	}
	quoted := false
	for i := range len(name) {
		if name[i] == '`' {
			quoted = !quoted
		}
		if rest := name[i:]; !quoted && (strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "/*")) {
			return fmt.Errorf("the name %q: Spark takes a part of it for a comment; write the name in backquotes", name)
		}
	}
	return nil
}

// filesFormats are what can stand before a path in the place of a table.
var filesFormats = []string{"avro", "binaryfile", "csv", "delta", "hudi", "iceberg", "json", "orc", "parquet", "text", "xml"}

// WrittenTable refuses the name of a table to write that [Verbatim] refuses, or
// that leads to the folder of something else: catalogs make folders of names and do
// not look at what they are. delta.`/path` is a path and may be one.
func WrittenTable(name string) error {
	if err := Verbatim(name); err != nil {
		return err
	}
	parts := nameParts(name)
	for i, part := range parts {
		last := i > 0 && i == len(parts)-1
		isPath := last && slices.Contains(filesFormats, strings.ToLower(parts[i-1]))
		isBranch := last && strings.HasPrefix(part, "branch_") && !strings.Contains(part, "..") // of Iceberg
		if part == "." || part == ".." || strings.Contains(part, "/") && !isPath && !isBranch {
			return fmt.Errorf("the name %q: a catalog that makes folders of names would take %q for the way to another one", name, part)
		}
	}
	return nil
}

// nameParts are the parts of a name without their quotes.
func nameParts(name string) []string {
	var parts []string
	var part strings.Builder
	quoted := false
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '`' && quoted && strings.HasPrefix(name[i+1:], "`"):
			part.WriteByte('`')
			i++
		case c == '`':
			quoted = !quoted
		case c == '.' && !quoted:
			parts = append(parts, strings.TrimSpace(part.String()))
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return append(parts, strings.TrimSpace(part.String()))
}
