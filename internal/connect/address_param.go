package connect

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// knownParams are the parameters of a connection string that are no headers.
var knownParams = []string{"use_ssl", "token", "user_id", "user_agent", "session_id"}

func (a *Address) parseParams(text string) error {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		if part == "" {
			continue
		}
		key, value, ok := strings.Cut(part, "=")
		if !ok || key == "" {
			return errors.New("a parameter of the connection string is not key=value; parameters are separated by semicolons, and one in a value is written %3B")
		}
		if err := checkParamKey(key); err != nil {
			return err
		}
		name := strings.ToLower(key)
		if seen[name] {
			return fmt.Errorf("the parameter %q stands twice in the connection string", name)
		}
		seen[name] = true
		value, err := url.PathUnescape(value)
		if err != nil {
			return fmt.Errorf("the value of the parameter %q of the connection string has a wrong %%-escape", key)
		}
		if err := a.setParam(key, value); err != nil {
			return err
		}
	}
	if !a.Token.IsZero() && !a.PlainText {
		a.TLS = true
	}
	return nil
}

// checkParamKey refuses what can be neither a parameter nor a header, and what
// was meant as a parameter: as a header it would be sent and do nothing, or
// show a token to whoever listens. It quotes no key that is not a word, since
// that may be a token without its key.
func checkParamKey(key string) error {
	for _, r := range key {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", r) {
			return errors.New("a parameter of the connection string cannot be a header: the key takes letters, digits, - _ . only")
		}
	}
	lower := strings.ToLower(key)
	if slices.Contains(knownParams, key) {
		return nil
	}
	if slices.Contains(knownParams, lower) {
		return fmt.Errorf("the parameter %q of the connection string is written %q", key, lower)
	}
	switch strings.NewReplacer("-", "", "_", "", ".", "").Replace(lower) {
	case "usessl", "usetls", "ssl", "tls":
		return fmt.Errorf("the connection string has no parameter %q; TLS is use_ssl=true", key)
	case "token":
		return fmt.Errorf(`the parameter %q of the connection string is written "token"`, key)
	}
	if strings.HasPrefix(lower, "grpc-") {
		return fmt.Errorf("the parameter %q of the connection string cannot be a header: gRPC keeps names with grpc- for itself", key)
	}
	return nil
}

func (a *Address) setParam(key, value string) error {
	switch key {
	case "use_ssl":
		on, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New(`the parameter "use_ssl" of the connection string wants true or false`)
		}
		a.TLS, a.PlainText = on, !on
	case "token":
		if err := checkToken(value); err != nil {
			return fmt.Errorf(`the parameter "token" of the connection string %w`, err)
		}
		a.Token = secrets.NewValue(value)
	case "user_id":
		a.UserID = value
		return checkText(key, value)
	case "user_agent":
		a.UserAgent = value
		return checkText(key, value)
	case "session_id":
		const canonical = 36 // the other forms that the parser takes are none of Spark's
		if _, err := uuid.Parse(value); err != nil || len(value) != canonical {
			return errors.New(`the parameter "session_id" of the connection string wants a UUID, for example 3f2504e0-4f89-41d3-9a0c-0305e82c3301`)
		}
		a.SessionID = value
	default:
		return a.setHeader(key, value)
	}
	return nil
}

// maxParamText is the length of a user agent that Spark takes, in bytes.
const maxParamText = 2048

// checkText refuses what cannot travel in a message or would break a log.
func checkText(key, value string) error {
	switch {
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return fmt.Errorf("the value of the parameter %q of the connection string holds bytes that are no text", key)
	case len(value) > maxParamText:
		return fmt.Errorf("the value of the parameter %q of the connection string is longer than %d bytes", key, maxParamText)
	}
	return nil
}

// setHeader takes what gRPC takes as metadata, so that a wrong header is an
// error here and not at the first call.
func (a *Address) setHeader(key, value string) error {
	for _, r := range value {
		if r < 0x20 || r > 0x7e {
			return fmt.Errorf("the value of the header %q in the connection string holds a character that no header can carry", key)
		}
	}
	if a.Headers == nil {
		a.Headers = map[string]string{}
	}
	a.Headers[strings.ToLower(key)] = value
	return nil
}
