package connect

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// redacted stands for a secret.
const redacted = secrets.Redacted

// withoutSecrets gives the error of the server without the values of those keys
// that are secret: the server repeats what it refuses.
func withoutSecrets(err error, conf map[string]string, keys []string) error {
	var spark *component.SparkError
	hide := secretPattern(conf, keys)
	if hide == nil || !errors.As(err, &spark) {
		return err
	}
	clean := *spark
	clean.Message = hide.ReplaceAllLiteralString(spark.Message, redacted)
	clean.Parameters = make(map[string]string, len(spark.Parameters))
	for name, value := range spark.Parameters {
		clean.Parameters[name] = hide.ReplaceAllLiteralString(value, redacted)
	}
	if spark.Fetch != nil {
		clean.Fetch = func(ctx context.Context) ([]component.SparkCause, error) {
			causes, err := spark.Fetch(ctx)
			causes = slices.Clone(causes)
			for i := range causes {
				causes[i].Message = hide.ReplaceAllLiteralString(causes[i].Message, redacted)
			}
			return causes, err
		}
	}
	return &clean
}

// isSecret is [secrets.IsKey] that also counts properties that only say "key": hiding
// one too many costs a word of an error here, and no column has such a name.
func isSecret(property string) bool {
	return secrets.IsKey(property) || strings.HasSuffix(strings.ToLower(property), ".key")
}

// secretPattern finds the secret values, in whatever case the server writes
// them; nil when there are none.
func secretPattern(conf map[string]string, keys []string) *regexp.Regexp {
	var values []string
	for _, key := range keys {
		if value := strings.TrimSpace(conf[key]); value != "" && isSecret(key) {
			values = append(values, regexp.QuoteMeta(value))
		}
	}
	if len(values) == 0 {
		return nil
	}
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) }) // one may be part of another
	pattern, err := regexp.Compile("(?i)" + strings.Join(values, "|"))
	if err != nil {
		return regexp.MustCompile(`(?s).+`) // not even valid UTF-8: hide all
	}
	return pattern
}
