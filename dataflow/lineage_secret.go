package dataflow

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/secrets"
)

var (
	pathUser      = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.:-]*://)([^/]*)@`)
	pathParameter = regexp.MustCompile(`(?i)([?&;][^=&;?/]*(?:sig|token|secret|passw|pwd|key|credential)[^=&;?/]*=)[^&;]*`)
)

// shownPath is a path without the user information and the signatures that a URL
// can hold. The container of an Azure path, which stands in the place of a user,
// stays.
func shownPath(path string) string {
	if m := pathUser.FindStringSubmatch(path); m != nil {
		scheme := strings.ToLower(m[1])
		container := strings.HasPrefix(scheme, "abfs") || strings.HasPrefix(scheme, "wasb")
		if !container || strings.ContainsAny(m[2], ":@") {
			path = m[1] + secrets.Redacted + "@" + path[len(m[0]):]
		}
	}
	return pathParameter.ReplaceAllString(path, "${1}"+secrets.Redacted)
}

// shown is the dataset as it may be printed.
func (d Dataset) shown() Dataset {
	if d.Kind == DatasetPath {
		d.Name = shownPath(d.Name)
	}
	return d
}

// shown is the lineage with datasets that may be printed.
func (l Lineage) shown() Lineage {
	l.Inputs, l.Outputs = slices.Clone(l.Inputs), slices.Clone(l.Outputs)
	for _, list := range [][]Dataset{l.Inputs, l.Outputs} {
		for i, d := range list {
			list[i] = d.shown()
		}
	}
	return l
}
