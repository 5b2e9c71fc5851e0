package options

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// Set collects the options of a data source.
type Set map[string]string

// Text sets a text that is not empty.
func (o Set) Text(key, value string) {
	if value != "" {
		o[key] = value
	}
}

// Secret reveals a secret, at the last line before the plan.
func (o Set) Secret(key string, value secrets.Value) { o.Text(key, value.Reveal()) }

// Number sets a number that is not zero.
func (o Set) Number(key string, value int64) {
	if value != 0 {
		o[key] = strconv.FormatInt(value, 10)
	}
}

// Flag sets true.
func (o Set) Flag(key string, value bool) {
	if value {
		o[key] = "true"
	}
}

// Choice sets true or false, and nothing for nil.
func (o Set) Choice(key string, value *bool) {
	if value != nil {
		o[key] = strconv.FormatBool(*value)
	}
}

// Version sets a number from 0 on, and nothing for nil.
func (o Set) Version(key string, value *int64) {
	if value != nil {
		o[key] = strconv.FormatInt(*value, 10)
	}
}

// Millis writes a length of time as Spark's "10000ms".
func (o Set) Millis(key string, value time.Duration) {
	if value != 0 {
		o[key] = strconv.FormatInt(value.Milliseconds(), 10) + "ms"
	}
}

// Lookup returns the value of an option, whatever the case of its key.
func Lookup(set map[string]string, key string) (value string, ok bool) {
	if value, ok := set[key]; ok {
		return value, true
	}
	for _, have := range Keys(set) {
		if strings.EqualFold(have, key) {
			return set[have], true
		}
	}
	return "", false
}

// Keys are the keys of a map in order.
func Keys[V any](set map[string]V) []string { return slices.Sorted(maps.Keys(set)) }

// Merge gives our options and those of the user, which win. Spark reads keys
// regardless of case, so that "inferschema" replaces "inferSchema".
func Merge(ours, theirs map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, ours)
	for key := range theirs {
		maps.DeleteFunc(all, func(have, _ string) bool { return strings.EqualFold(have, key) })
	}
	maps.Copy(all, theirs)
	return all
}
