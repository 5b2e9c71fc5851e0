package secretstest

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// RequireHidden fails the test if one of the things shows a secret; see [Shows].
func RequireHidden(t testing.TB, secret string, things ...any) {
	t.Helper()
	for _, thing := range things {
		if how := Shows(thing, secret); how != "" {
			t.Fatalf("a %T shows a secret: %s", thing, how)
		}
	}
}

// Shows tells how a thing shows a secret when it is printed, or gives "" when it
// does not: as a text, by the verbs of package fmt, in JSON or gob, and for errors
// with all that they wrap. The secret may stand there as it is, in Base64, in
// hexadecimal, quoted, or as URLs have it.
func Shows(thing any, secret string) string {
	for how, text := range prints(thing) {
		for form, written := range forms(secret) {
			if strings.Contains(text, written) {
				return how + " has it as " + form
			}
		}
	}
	return ""
}

// prints are the ways in which something gets into a log.
func prints(thing any) map[string]string {
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out[verb] = fmt.Sprintf(verb, thing)
	}
	if data, err := json.Marshal(thing); err == nil {
		out["JSON"] = string(data)
	} else {
		out["the error of JSON"] = err.Error()
	}
	var data bytes.Buffer
	if err := gob.NewEncoder(&data).Encode(thing); err == nil {
		out["gob"] = data.String()
	} else {
		out["the error of gob"] = err.Error()
	}
	if err, ok := thing.(error); ok {
		for depth := 0; err != nil && depth < 20; depth++ {
			out[fmt.Sprintf("what it wraps, %d deep", depth)] = fmt.Sprintf("%v %+v %#v", err, err, err)
			err = errors.Unwrap(err)
		}
	}
	return out
}

// forms are the ways in which a secret may be written.
func forms(secret string) map[string]string {
	data := []byte(secret)
	quoted, _ := json.Marshal(secret) // a string always has a JSON form
	return map[string]string{
		"text": secret, "JSON": strings.Trim(string(quoted), `"`), "Go": strings.Trim(fmt.Sprintf("%q", secret), `"`),
		"Base64": base64.RawStdEncoding.EncodeToString(data), "Base64 for URLs": base64.RawURLEncoding.EncodeToString(data),
		"hexadecimal": hex.EncodeToString(data), "large hexadecimal": strings.ToUpper(hex.EncodeToString(data)),
		"a query": url.QueryEscape(secret), "a path": url.PathEscape(secret),
	}
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}
