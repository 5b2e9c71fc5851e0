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
