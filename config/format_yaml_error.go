package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// checkYAMLText refuses bytes that are not text and says where they are, which
// the YAML library does not.
func checkYAMLText(src []byte, name string) error {
	line, column := 1, 1
	for i := 0; i < len(src); {
		c, size := utf8.DecodeRune(src[i:])
		pos := tree.Pos{File: name, Line: line, Column: column}
		switch {
		case c == utf8.RuneError && size == 1:
			return singleError(pos, "not UTF-8 text", "save the file as UTF-8", nil)
		case c < ' ' && c != '\t' && c != '\n' && c != '\r', c == 0x7f:
			return singleError(pos, fmt.Sprintf("the control character %U is not allowed", c), "", nil)
		}
		i += size
		column++
		if c == '\n' {
			line, column = line+1, 1
		}
	}
	return nil
}

// yamlContextErrors are the beginnings of messages whose line the YAML library
// counts from 0.
var yamlContextErrors = []string{
	"did not find expected ',' or ",
	"did not find expected '-' indicator",
	"did not find expected key",
	"did not find expected node content",
	"did not find expected <document start>",
}

// yamlError gives the place of a syntax error, which the YAML library puts into
// the message, and leaves out when it is the first line.
func yamlError(err error, src []byte, name string) error {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if _, scanErr := fmt.Sscanf(msg, "line %d:", &line); scanErr == nil {
		_, msg, _ = strings.Cut(msg, ": ")
		for _, text := range yamlContextErrors {
			if strings.HasPrefix(msg, text) {
				line++
			}
		}
	}
	var anchor string
	if _, scanErr := fmt.Sscanf(msg, "unknown anchor '%s", &anchor); scanErr == nil {
		if at := bytes.Index(src, []byte("*"+strings.TrimSuffix(anchor, "'"))); at >= 0 {
			line = 1 + bytes.Count(src[:at], []byte("\n"))
		}
	}
	line = min(line, 1+bytes.Count(bytes.TrimRight(src, "\r\n"), []byte("\n")))
	return singleError(tree.Pos{File: name, Line: line}, "not YAML: "+msg, yamlHint(src, line), nil)
}

// yamlHint looks for the usual mistakes in the line of a syntax error.
func yamlHint(src []byte, line int) string {
	lines := strings.Split(string(src), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	text := strings.TrimSuffix(lines[line-1], "\r")
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	_, value, hasValue := strings.Cut(text, ": ")
	value = strings.TrimSpace(value)
	switch {
	case strings.Contains(indent, "\t"):
		return "YAML indents with spaces, and this line begins with a tab"
	case hasValue && value != "" && strings.ContainsAny(value[:1], "@%`{*&!|>"),
		hasValue && strings.Contains(value, ": "):
		return "put the value into quotes"
	}
	return ""
}
