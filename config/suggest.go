package config

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/nearest"
)

// normalKey is the spelling in which keys are compared: kebab-case is an alias
// of snake_case.
func normalKey(key string) string { return strings.ReplaceAll(key, "-", "_") }

// suggest gives the hint for a word that is not one of the valid ones: the
// nearest, or all of them under the heading.
func suggest(word string, valid []string, heading string) string {
	if near := nearest.Word(word, valid); near != "" {
		return `did you mean "` + near + `"?`
	}
	if len(valid) == 0 {
		return ""
	}
	return heading + ": " + strings.Join(valid, ", ")
}
