package resilience

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

// matcher is one word of retry_on or never_retry_on.
type matcher struct {
	kind matcherKind
	text string
}

type matcherKind int

const (
	matchAll matcherKind = iota
	matchTransient
	matchClass
	matchState
	matchCode
	matchJava
)

var (
	classWord = regexp.MustCompile(`^[A-Z][A-Z0-9_]{2,}(\.[A-Z0-9_]+)*$`)
	// A SQLSTATE has a digit; the classes that are letters only are named.
	stateWord = regexp.MustCompile(`^([0-9][0-9A-Z]|[A-Z][0-9]|HV|HY|HZ|KD|XX|[0-9A-Z]{5})$`)
	javaWord  = regexp.MustCompile(`^(([a-z_][A-Za-z0-9_]*\.)+[A-Z][A-Za-z0-9_$]*|[A-Z][A-Za-z0-9_$]*(Exception|Error))$`)

	allWords = []string{"all", "exception", "baseexception", "throwable", "java.lang.exception", "java.lang.throwable"}
	// transientWords are what Python calls a connection that fails, as files of the
	// predecessor have it.
	transientWords = []string{
		"transient", "oserror", "ioerror", "environmenterror", "connectionerror", "connectionabortederror",
		"connectionrefusederror", "connectionreseterror", "brokenpipeerror", "timeouterror",
	}

	codes = append(slices.Concat(permanentCodes, transientCodes), "cancelled", "unknown", "internal", "dataloss")
)

// parseMatchers reads the words of one key.
func parseMatchers(key string, words []string) ([]matcher, error) {
	var faults []error
	out := make([]matcher, 0, len(words))
	for _, word := range words {
		m, err := parseMatcher(word)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", key, err))
		}
		out = append(out, m)
	}
	return out, errors.Join(faults...)
}

func parseMatcher(word string) (matcher, error) {
	text := strings.TrimSpace(word)
	switch {
	case slices.Contains(allWords, strings.ToLower(text)):
		return matcher{kind: matchAll}, nil
	case slices.Contains(transientWords, strings.ToLower(text)):
		return matcher{kind: matchTransient}, nil
	case slices.Contains(codes, codeKey(text)):
		return matcher{kind: matchCode, text: codeKey(text)}, nil
	case stateWord.MatchString(text) && (len(text) == 2 || strings.ContainsAny(text, "0123456789")):
		return matcher{kind: matchState, text: text}, nil
	case classWord.MatchString(text):
		return matcher{kind: matchClass, text: text}, nil
	case javaWord.MatchString(text):
		return matcher{kind: matchJava, text: text}, nil
	}
	return matcher{}, fmt.Errorf(
		"%q matches no error; write an error class of Spark (INVALID_HANDLE), a SQLSTATE (40001) or its first two characters (40), "+
			"a gRPC code (Unavailable), an exception of Java (SocketTimeoutException) or Python (ConnectionError), transient or all", word)
}

func (m matcher) match(err error) bool {
	switch m.kind {
	case matchAll:
		return classify(err) < permanent
	case matchTransient:
		return classify(err) == transient
	}
	return within(err, func(node error) bool {
		spark, ok := any(node).(*component.SparkError)
		return ok && spark != nil && m.matchSpark(spark)
	})
}

func (m matcher) matchSpark(e *component.SparkError) bool {
	switch m.kind {
	case matchClass:
		return hasClass(e.Class, m.text)
	case matchState:
		return e.SQLState == m.text || len(m.text) == 2 && len(e.SQLState) == 5 && e.SQLState[:2] == m.text
	case matchCode:
		return codeKey(e.Code) == m.text
	case matchJava:
		return e.JavaClass == m.text || !strings.Contains(m.text, ".") && strings.HasSuffix(e.JavaClass, "."+m.text)
	}
	return false
}

// hasClass reports whether class is want or one of its sub classes.
func hasClass(class, want string) bool {
	return class == want || strings.HasPrefix(class, want+".")
}

// codeKey is the one form of DeadlineExceeded, DEADLINE_EXCEEDED and
// deadline-exceeded.
func codeKey(code string) string {
	key := strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(code))
	if key == "cancelled" {
		return "canceled"
	}
	return key
}
