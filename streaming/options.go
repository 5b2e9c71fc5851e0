package streaming

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// isKey compares the keys of options as Spark does, whatever their case.
func isKey(want string) func(string) bool {
	return func(key string) bool { return strings.EqualFold(key, want) }
}

// option returns the value of an option, whatever the case of its key.
func option(set map[string]string, key string) string {
	value, _ := options.Lookup(set, key)
	return value
}
