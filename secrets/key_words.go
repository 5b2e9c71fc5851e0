package secrets

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	// secretWords make a name that of a secret wherever they stand in it.
	secretWords = wordSet("auth authorization bearer cookie cookies cred creds dapi jaas jwt otp pat pw pwd sas signature signatures sig connstr")
	// plainPass are words after "pass" that make it no password: pass_through.
	plainPass = wordSet("through thru rate rates count percent percentage ratio threshold filter band by on over if fail")
	// keyOwners are the words before "key" that make it one that opens something.
	keyOwners = wordSet("access account admin aes api app auth cipher client consumer crypto decryption deploy dsa ecdsa encryption gpg hmac host " +
		"ingest instrumentation jwt keystore license master pass pgp private pvt rsa secret service session shared signing ssh ssl storage " +
		"subscription symmetric tls webhook")
	// plainLast are last words of a name whose value tells of a secret, and is none.
	plainLast = wordSet("algorithm bits class column columns count enabled expires expiry field fields file format kind length limit location " +
		"manager mech mechanism method path provider required scheme size store timeout ttl type alias")
	// placeLast are last words of the name of a place, at which one is given what
	// opensPlace says: token_url. A sas_url has it in it.
	placeLast  = wordSet("endpoint endpoints host server uri url urls")
	opensPlace = wordSet("auth authorization credential credentials jwt token tokens")
)

var (
	// secretParts make a word secret that holds them.
	secretParts = []string{
		"passw", "passphrase", "passcode", "credential", "connectionstring", "privatekey", "accesskey", "accountkey", "apikey", "sharedkey", "secretkey",
		"encryptionkey", "masterkey", "signingkey",
	}
	// secretStems do, unless the word goes on in one of these ways.
	secretStems = []struct {
		text string
		not  []string
	}{
		{"secret", []string{"ar", "ion", "ive"}}, // secretary
		{"token", []string{"iz", "is"}},          // tokenizer
	}
	// secretSuffixes do at its end, but for plainWords.
	secretSuffixes = []string{"pass", "pwd", "signature", "jaas"}
	plainWords     = wordSet("bypass compass encompass surpass trespass overpass underpass multipass singlepass onepass twopass")
	// plainSuffixes are plainLast of words that are several ones.
	plainSuffixes = []string{
		"file", "path", "location", "type", "provider", "class", "format", "algorithm", "timeout", "url", "endpoint", "column", "columns", "field",
	}
)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// KeyWords takes the name of a setting apart into words in lower case: at everything
// that is no letter and no digit, and where a capital begins a word, as in APIKey.
func KeyWords(key string) []string {
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
