package artifact

import (
	"regexp"
	"strings"

	"github.com/sparkpipe/sparkpipe/secrets"
)

var (
	userInfo  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.:-]*://)([^/]*)@`)
	parameter = regexp.MustCompile(`(?i)([?&;][^=&;?/]*(?:sig|token|secret|passw|pwd|key|credential)[^=&;?/]*=)[^&;]*`)
)

// withoutSecrets returns a path without the user information and the signatures
// that a URL can hold. The container of an Azure path, which stands in the place
// of a user, stays.
func withoutSecrets(path string) string {
	if m := userInfo.FindStringSubmatch(path); m != nil {
		scheme := strings.ToLower(m[1])
		container := strings.HasPrefix(scheme, "abfs") || strings.HasPrefix(scheme, "wasb")
		if !container || strings.ContainsAny(m[2], ":@") {
			path = m[1] + secrets.Redacted + "@" + path[len(m[0]):]
		}
	}
	return parameter.ReplaceAllString(path, "${1}"+secrets.Redacted)
}
