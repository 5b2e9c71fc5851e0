package options

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// Secrets are the secrets that options hold: the values of keys that speak of one,
// and the passwords and tokens in URLs, connection strings and lines of JAAS,
// wherever they are.
func Secrets(set map[string]string) []secrets.Value {
	var found []secrets.Value
	for _, key := range Keys(set) {
		value := set[key]
		if secrets.IsKey(key) && !isSwitch(value) {
			found = append(found, secrets.NewValue(value))
		}
		found = append(found, SecretsIn(value)...)
	}
	return found
}

// SecretsIn are the passwords and tokens in a URL, a connection string or a line
// of JAAS.
func SecretsIn(text string) []secrets.Value {
	var found []secrets.Value
	add := func(secret string) {
		if secret == "" {
			return
		}
		for _, form := range forms(secret) {
			found = append(found, secrets.NewValue(form))
		}
	}
	if user, password, ok := userInfo(text); ok {
		add(password)
		if password == "" {
			add(user)
		}
	}
	for _, parameter := range strings.FieldsFunc(text, func(r rune) bool { return r == '?' || r == '&' || r == ';' }) {
		if key, value, ok := strings.Cut(parameter, "="); ok && secrets.IsKey(strings.TrimSpace(key)) && !isSwitch(value) {
			add(strings.TrimSpace(value))
		}
	}
	for _, quoted := range jaasPassword.FindAllStringSubmatch(text, -1) {
		add(quoted[1])
		add(strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(quoted[1]))
	}
	return found
}

// forms are a text of a URL as it is and as it is meant.
func forms(text string) []string {
	all := []string{text}
	for _, unescape := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
		if plain, err := unescape(text); err == nil && plain != text {
			all = append(all, plain)
		}
	}
	return all
}

var (
	authority    = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+.-]*:)*//([^/?#;]*)@`)
	openPassword = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+.-]*:)*//([^/@:?#;]*:(?:[^/?#;]*[^/?#;0-9][^/?#;]*)?/[^?;]*)@`)
	oracleUser   = regexp.MustCompile(`(?i)^jdbc:oracle:[a-z]+:([^/@]*)/("[^"]*"|[^@]*)@`)
	jaasPassword = regexp.MustCompile(`(?i)passw\w*\s*=\s*"((?:[^"\\]|\\.)*)"`)
)

// userInfo is what stands before the host in a URL. A slash in a password ought to
// be escaped; one that is not is understood where no port can be meant. What
// stands there in the URL of a container of Azure is no user.
func userInfo(text string) (user, password string, ok bool) {
	m := oracleUser.FindStringSubmatch(text)
	if m != nil {
		return m[1], strings.Trim(m[2], `"`), true
	}
	if m = authority.FindStringSubmatch(text); m == nil {
		if m = openPassword.FindStringSubmatch(text); m == nil {
			return "", "", false
		}
	}
	user, password, has := strings.Cut(m[1], ":")
	if scheme := strings.ToLower(text); !has && (strings.HasPrefix(scheme, "abfs") || strings.HasPrefix(scheme, "wasb")) {
		return "", "", false
	}
	return user, password, user != "" || password != ""
}

// isSwitch reports whether a value is none that anybody would keep secret.
func isSwitch(value string) bool {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "", "true", "false", "none", "null":
		return true
	}
	return false
}
