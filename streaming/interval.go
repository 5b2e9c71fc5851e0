package streaming

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// intervalUnits are the units of Spark's intervals that have a fixed length.
var intervalUnits = map[string]time.Duration{
	"microsecond": time.Microsecond, "millisecond": time.Millisecond, "second": time.Second,
	"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
}

// ParseInterval reads a length of time as Go or as Spark writes it: "1m30s", or
// "1 minute 30 seconds", "interval 2 hours", in any case. Months and years have no
// fixed length and are refused, as are negative lengths.
func ParseInterval(text string) (time.Duration, error) {
	trimmed := strings.TrimSpace(text)
	d, err := time.ParseDuration(trimmed)
	if err != nil {
		d, err = sparkInterval(trimmed)
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("interval %q: %w", text, err)
	case d < 0:
		return 0, fmt.Errorf("interval %q: it is negative", text)
	}
	return d, nil
}

func sparkInterval(text string) (time.Duration, error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) > 0 && words[0] == "interval" {
		words = words[1:]
	}
	if len(words) == 0 || len(words)%2 != 0 {
		return 0, fmt.Errorf(`write one such as "10s" or "10 seconds"`)
	}
	var sum time.Duration
	for i := 0; i < len(words); i += 2 {
		part, err := sparkPart(words[i], words[i+1])
		if err != nil {
			return 0, err
		}
		if part > 0 && sum > math.MaxInt64-part {
			return 0, fmt.Errorf("it is too long")
		}
		sum += part
	}
	return sum, nil
}

func sparkPart(number, unit string) (time.Duration, error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf(`%q is no whole number; write one such as "10s" or "10 seconds"`, number)
	}
	length, ok := intervalUnits[strings.TrimSuffix(unit, "s")]
	switch {
	case strings.HasPrefix(unit, "month"), strings.HasPrefix(unit, "year"):
		return 0, fmt.Errorf("a %s has no fixed length", strings.TrimSuffix(unit, "s"))
	case !ok:
		return 0, fmt.Errorf("unknown unit %q; write milliseconds, seconds, minutes, hours, days or weeks", unit)
	case n < 0:
		return 0, fmt.Errorf("it is negative")
	case n > math.MaxInt64/int64(length):
		return 0, fmt.Errorf("it is too long")
	}
	return time.Duration(n) * length, nil
}

// sparkText writes a length of time as Spark reads it, in whole milliseconds.
func sparkText(d time.Duration) string {
	return strconv.FormatInt(d.Milliseconds(), 10) + " milliseconds"
}

// squash makes one word of a name in any of the usual spellings.
func squash(name string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(name))
}
