package audit

import (
	"slices"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// IsSecretKey reports whether the value of a setting of this name is a secret; it is
// [secrets.IsKey].
func IsSecretKey(key string) bool { return secrets.IsKey(key) }

// keyRule is a key of the user's, matched on its words.
type keyRule [][]string

func newKeyRule(keys []string) keyRule {
	var rule keyRule
	for _, key := range keys {
		if words := secrets.KeyWords(key); len(words) > 0 {
			rule = append(rule, words)
		}
	}
	return rule
}

// within reports whether one of the keys stands as whole words in the name.
func (r keyRule) within(words []string) bool {
	return slices.ContainsFunc(r, func(rule []string) bool {
		for at := 0; at+len(rule) <= len(words); at++ {
			if slices.Equal(rule, words[at:at+len(rule)]) {
				return true
			}
		}
		return false
	})
}

// is reports whether the name is one of the keys.
func (r keyRule) is(words []string) bool {
	return slices.ContainsFunc(r, func(rule []string) bool { return slices.Equal(rule, words) })
}
