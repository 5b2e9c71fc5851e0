package streaming

import (
	"maps"
	"slices"
	"strings"
)

// isKey compares the keys of options as Spark does, whatever their case.
func isKey(want string) func(string) bool {
	return func(key string) bool { return strings.EqualFold(key, want) }
}

func keys(options map[string]string) []string { return slices.Sorted(maps.Keys(options)) }

// option returns the value of an option, whatever the case of its key.
func option(options map[string]string, key string) string {
	value, _ := lookup(options, key)
	return value
}

// lookup is option that tells an empty value from none.
func lookup(options map[string]string, key string) (value string, ok bool) {
	for _, have := range keys(options) {
		if strings.EqualFold(have, key) {
			return options[have], true
		}
	}
	return "", false
}
