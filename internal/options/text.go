package options

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Literal writes a text as SQL.
func Literal(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// Instant reads a point in time as RFC 3339 or as milliseconds since 1970, and
// returns the milliseconds, nothing for nothing.
func Instant(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < 0 {
			return "", fmt.Errorf("%q is before 1970", text)
		}
		return text, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return "", fmt.Errorf("%q is no point in time; write milliseconds since 1970, or one such as 2024-05-01T00:00:00Z", text)
	}
	return strconv.FormatInt(at.UnixMilli(), 10), nil
}

// Moment checks a date or a point in time as Spark writes them: a date, perhaps
// with a time of day and a zone behind it. Without a zone it is that of the
// session.
func Moment(text string) error {
	if text == "" {
		return nil
	}
	for _, layout := range []string{
		time.DateOnly, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.RFC3339, "2006-01-02 15:04:05Z07:00",
	} {
		if _, err := time.Parse(layout, text); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%q is no point in time; write one such as 2024-05-01, 2024-05-01T12:00:00 or 2024-05-01T12:00:00Z", text)
}
