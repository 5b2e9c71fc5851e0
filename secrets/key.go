package secrets

import (
	"slices"
	"strings"
)

// IsKey reports whether a setting is taken for a secret: its key speaks of a
// password, a secret, a token, a credential or a key.
func IsKey(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc([]string{"passw", "secret", "token", "credential", "key"}, func(word string) bool {
		return strings.Contains(key, word)
	})
}
