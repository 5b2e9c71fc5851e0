package audit

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// secretWords make a key secret wherever they stand in it.
var secretWords = wordSet("auth authorization bearer cookie cookies cred credential credentials creds dapi jwt otp passcode passphrase " +
	"passwd password passwords pgpass pwd sas secret secrets signature sig token tokens userpass dbpass")

// secretEndings make a word secret that ends with them, as keys do that are
// written in one word.
var secretEndings = []string{
	"password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "credential", "credentials",
}

// keyOwners are the words before "key" that make a key one that opens something.
var keyOwners = wordSet("access account aes api app auth client consumer decryption encryption hmac host license master private pvt " +
	"secret service session shared signing ssh ssl storage subscription symmetric tls")

// plainEndings are last words of a key whose value tells of a secret, and is
// none.
var plainEndings = wordSet("file path type kind mech mechanism method scheme enabled required provider manager ttl timeout expiry expires count " +
	"limit length column columns")

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// IsSecretKey reports whether the value of a setting of this name is a secret. It
// looks at the words of the name, so that password, jdbc_password, apiKey and
// AWS_SECRET_ACCESS_KEY are, and author, keyspace, primary_keys and password_file
// are not.
func IsSecretKey(key string) bool { return secretIn(keyWords(key)) }

func secretIn(words []string) bool {
	if len(words) == 0 || len(words) > 1 && plainEndings[words[len(words)-1]] {
		return false
	}
	if words[len(words)-1] == "pass" {
		return true
	}
	for i, word := range words {
		if secretWords[word] || endsSecret(word) || i > 0 && isKeyWord(word) && keyOwners[words[i-1]] {
			return true
		}
	}
	return false
}

func isKeyWord(word string) bool { return word == "key" || word == "keys" }

// endsSecret knows words that are several ones: dbpassword, accesskey.
func endsSecret(word string) bool {
	for _, ending := range secretEndings {
		if strings.HasSuffix(word, ending) {
			return true
		}
	}
	if owner, isKey := strings.CutSuffix(strings.TrimSuffix(word, "s"), "key"); isKey {
		for known := range keyOwners {
			if strings.HasSuffix(owner, known) {
				return true
			}
		}
	}
	return false
}

// keyWords takes a name apart into words in lower case: at everything that is no
// letter and no digit, and where a capital begins a word.
func keyWords(key string) []string {
	words := make([]string, 0, 4)
	begin, before := 0, rune(0)
	end := func(at int) {
		if at > begin {
			words = append(words, strings.ToLower(key[begin:at]))
		}
	}
	for i, r := range key {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end(i)
			begin = i + utf8.RuneLen(r)
			if r == utf8.RuneError { // also a byte that is none of UTF-8
				_, size := utf8.DecodeRuneInString(key[i:])
				begin = i + size
			}
		case i > begin && unicode.IsUpper(r) && (!unicode.IsUpper(before) || smallFollows(key, i)):
			end(i)
			begin = i
		}
		before = r
	}
	end(len(key))
	return words
}

// smallFollows tells of a capital that it is the last of several before a small
// letter, as the K of APIKey.
func smallFollows(key string, at int) bool {
	_, size := utf8.DecodeRuneInString(key[at:])
	next, _ := utf8.DecodeRuneInString(key[at+size:])
	return unicode.IsLower(next)
}

// keyRule is a key of the user's, matched on its words.
type keyRule [][]string

func newKeyRule(keys []string) keyRule {
	var rule keyRule
	for _, key := range keys {
		if words := keyWords(key); len(words) > 0 {
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
