package secrets

import (
	"slices"
	"strings"
)

// IsKey reports whether a setting of this name holds a secret. It goes by the words
// of the name, so that password, jdbc_password, apiKey, fs.s3a.access.key,
// sasl.jaas.config and AWS_SECRET_ACCESS_KEY do, and author, monkey, tokenizer,
// primary_keys and password_file do not. It is the rule of this module for what is
// hidden by its name; where it is in doubt, it is a secret.
func IsKey(key string) bool {
	words := ofAzure(KeyWords(key))
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	if len(words) > 1 && plainLast[last] {
		return false
	}
	named := len(words) > 1 && placeLast[last]
	for i, word := range words {
		if isSecretWord(words, i) && (!named || !opensPlace[word]) {
			return true
		}
	}
	return false
}

// isSecretWord judges one word of a name by itself and by those beside it.
func isSecretWord(words []string, i int) bool {
	word, before, after := trimDigits(words[i]), "", ""
	if i > 0 {
		before = trimDigits(words[i-1])
	}
	if i+1 < len(words) {
		after = words[i+1]
	}
	switch word {
	case "key", "keys":
		return keyOwners[before]
	case "pass":
		return !plainPass[after]
	case "string", "strings", "str":
		return before == "connection" || before == "conn"
	}
	return secretWords[word] || holdsSecret(word)
}

// holdsSecret knows words that are several ones: dbpassword, accesskeyid.
func holdsSecret(word string) bool {
	if slices.ContainsFunc(plainSuffixes, func(end string) bool { return strings.HasSuffix(word, end) }) {
		return false
	}
	if slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(word, part) }) {
		return true
	}
	for _, stem := range secretStems {
		if at := strings.Index(word, stem.text); at >= 0 && !slices.ContainsFunc(stem.not, func(rest string) bool {
			return strings.HasPrefix(word[at+len(stem.text):], rest)
		}) {
			return true
		}
	}
	if slices.ContainsFunc(secretSuffixes, func(end string) bool { return strings.HasSuffix(word, end) }) {
		return !plainWords[word]
	}
	owner, isKey := strings.CutSuffix(strings.TrimSuffix(word, "s"), "key")
	if !isKey {
		return false
	}
	for known := range keyOwners {
		if strings.HasSuffix(owner, known) {
			return true
		}
	}
	return false
}

// ofAzure cuts the account from keys such as
// fs.azure.account.auth.type.ACCOUNT.dfs.core.windows.net.
func ofAzure(words []string) []string {
	at := len(words) - 4 // dfs.core.windows.net, or another cloud of the kind
	if at >= 2 && (words[at] == "dfs" || words[at] == "blob") && words[at+1] == "core" {
		return words[:at-1]
	}
	return words
}

func trimDigits(word string) string {
	if plain := strings.TrimRight(word, "0123456789"); plain != "" {
		return plain
	}
	return word
}
