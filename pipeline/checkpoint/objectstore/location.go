package objectstore

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxPrefix keeps keys below the 1024 bytes that services allow.
const maxPrefix = 700

// defaultRegion is what services that are not Amazon's sign with.
const defaultRegion = "us-east-1"

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

var parameters = []string{"endpoint", "lease", "path_style", "profile", "region"}

// place is a location that was read.
type place struct {
	bucket, prefix string
	endpoint       *url.URL // nil means Amazon
	region         string
	pathStyle      bool
	profile        string
	lease          time.Duration
}

// parse reads a location. Its errors never repeat the location: a place for
// credentials may be anywhere in it by mistake.
func parse(location string) (*place, error) {
	u, err := url.Parse(location)
	if err != nil {
		return nil, errors.New("it is not a URL; want s3://bucket/prefix")
	}
	if u.Scheme != "s3" && u.Scheme != "s3a" {
		return nil, errors.New("want s3://bucket/prefix")
	}
	if u.User != nil {
		return nil, errors.New("it has credentials, which do not belong into a location; use AWS_ACCESS_KEY_ID and " +
			"AWS_SECRET_ACCESS_KEY or ~/.aws/credentials")
	}
	if !bucketName.MatchString(u.Host) || strings.Contains(u.Host, "..") {
		return nil, fmt.Errorf("the bucket %q: want 3 to 63 lower-case letters, digits, \"-\" and \".\"", u.Host)
	}
	if u.Fragment != "" {
		return nil, errors.New("it has a \"#\"; write %23 in a prefix")
	}
	p := &place{bucket: u.Host}
	if p.prefix, err = cleanPrefix(u.Path); err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("what follows the \"?\" cannot be read; want name=value, joined by \"&\"")
	}
	for name, values := range query {
		if !slices.Contains(parameters, name) {
			return nil, fmt.Errorf("there is no parameter %q; known are %s", name, strings.Join(parameters, ", "))
		}
		if len(values) > 1 {
			return nil, fmt.Errorf("the parameter %s is there %d times", name, len(values))
		}
	}
	return p, p.fill(query)
}

func cleanPrefix(path string) (string, error) {
	prefix := strings.Trim(path, "/")
	if len(prefix) > maxPrefix {
		return "", fmt.Errorf("the prefix has %d bytes and may have %d", len(prefix), maxPrefix)
	}
	if strings.ContainsFunc(prefix, unicode.IsControl) || strings.ContainsRune(prefix, unicode.ReplacementChar) {
		return "", fmt.Errorf("the prefix %q has a control character", prefix)
	}
	if prefix == "" {
		return "", nil
	}
	for _, part := range strings.Split(prefix, "/") {
		if part == "" || part == "." || part == ".." {
			return "", fmt.Errorf("the prefix %q: want names joined by single \"/\", and none of them \".\" or \"..\"", prefix)
		}
	}
	return prefix, nil
}

// fill takes the parameters, and from the environment what they leave open.
func (p *place) fill(query url.Values) error {
	p.profile = query.Get("profile")
	p.region = cmp.Or(query.Get("region"), os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	if strings.ContainsFunc(p.region, func(r rune) bool { return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return fmt.Errorf("the region %q: want a name such as eu-central-1", p.region)
	}
	for _, from := range []struct{ name, value string }{
		{"the parameter endpoint", query.Get("endpoint")},
		{"AWS_ENDPOINT_URL_S3", os.Getenv("AWS_ENDPOINT_URL_S3")},
		{"AWS_ENDPOINT_URL", os.Getenv("AWS_ENDPOINT_URL")},
	} {
		if from.value == "" {
			continue
		}
		endpoint, err := parseEndpoint(from.value)
		if err != nil {
			return fmt.Errorf("%s: %w", from.name, err)
		}
		p.endpoint, p.region = endpoint, cmp.Or(p.region, defaultRegion)
		break
	}
	p.pathStyle = p.endpoint != nil
	if text := query.Get("path_style"); text != "" {
		style, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("the parameter path_style is %q; want true or false", text)
		}
		p.pathStyle = style
	}
	if text := query.Get("lease"); text != "" {
		lease, err := time.ParseDuration(text)
		if err != nil || lease <= 0 {
			return fmt.Errorf("the parameter lease is %q; want a time such as 30s or 1m", text)
		}
		p.lease = lease
	}
	return nil
}

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, errors.New("want a URL such as https://host:9000")
	case u.User != nil:
		return nil, errors.New("it has credentials, which do not belong into a URL")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("want a host and a port only, such as https://host:9000; the bucket goes into the location")
	}
	return u, nil
}

// String implements [fmt.Stringer]: the place as errors name it.
func (p *place) String() string {
	if p.prefix == "" {
		return "s3://" + p.bucket
	}
	return "s3://" + p.bucket + "/" + p.prefix
}
