package config

import (
	"strconv"
	"strings"
)

// join appends a key to a key path. A key that would read like several is
// quoted.
func join(path, key string) string {
	if key == "" || strings.ContainsAny(key, ".[]\" \t\n") {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// index appends a position in a list to a key path.
func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// pattern is a key path with snake_case keys and without positions:
// components[3].retry-policy becomes components[].retry_policy.
func pattern(path string) string {
	var b strings.Builder
	inside := false
	for _, r := range normalKey(path) {
		switch {
		case r == '[':
			inside = true
			b.WriteRune(r)
		case r == ']':
			inside = false
			b.WriteRune(r)
		case !inside:
			b.WriteRune(r)
		}
	}
	return b.String()
}
