package sqlopen

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Parse reads a URL with one of the schemes. Where a character of a password was not
// escaped, and the rest of it would be taken for a host or a database, it is refused.
func Parse(text string, schemes ...string) (*url.URL, error) {
	want := schemes[0] + "://user@host/database"
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("it is not a URL; want %s, with %%xx for other characters in a password", want)
	case !slices.Contains(schemes, u.Scheme) || u.Opaque != "":
		return nil, fmt.Errorf("want %s", want)
	case u.Fragment != "" || strings.Contains(text, "#"):
		return nil, errors.New(`it has a "#"; write %23 in a password`)
	case strings.Contains(u.EscapedPath(), "@") || strings.Contains(u.RawQuery, "@"):
		return nil, errors.New(`it has a "@" behind the host; write %2F for "/", %3F for "?" and %40 for "@" in a user or a password`)
	}
	if _, err := Query(u); err != nil {
		return nil, err
	}
	return u, nil
}

// Query reads the parameters of a URL.
func Query(u *url.URL) (url.Values, error) {
	query, err := url.ParseQuery(u.RawQuery)
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if err != nil || pair != "" && !strings.Contains(pair, "=") {
			return nil, errors.New(`what follows the "?" cannot be read; want name=value, joined by "&"`)
		}
	}
	return query, nil
}

// Place is the URL without the user and the parameters.
func Place(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path }
