package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const durationForms = `a duration such as "10s", "500ms" or "5 minutes"`

var durationUnits = map[string]time.Duration{
	"ns": time.Nanosecond, "nano": time.Nanosecond, "nanos": time.Nanosecond,
	"nanosecond": time.Nanosecond, "nanoseconds": time.Nanosecond,
	"us": time.Microsecond, "µs": time.Microsecond, "μs": time.Microsecond, "micro": time.Microsecond,
	"micros": time.Microsecond, "microsecond": time.Microsecond, "microseconds": time.Microsecond,
	"ms": time.Millisecond, "milli": time.Millisecond, "millis": time.Millisecond,
	"millisecond": time.Millisecond, "milliseconds": time.Millisecond,
	"s": time.Second, "sec": time.Second, "secs": time.Second,
	"second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute,
	"minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
}

var (
	errDurationText  = errors.New("not a duration")
	errDurationRange = errors.New("duration out of range")
)

// parseDuration reads "10s", "1.5 h" or "1h 30m": numbers with the duration
// units of HOCON. A day is 24 hours.
func parseDuration(text string) (time.Duration, error) {
	var total float64
	rest := strings.TrimSpace(text)
	if rest == "" {
		return 0, errDurationText
	}
	for rest != "" {
		number, after := splitAt(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		unit, after := splitAt(strings.TrimSpace(after), func(r rune) bool { return !unicode.IsLetter(r) })
		value, err := strconv.ParseFloat(number, 64)
		size, ok := durationUnits[unit]
		if err != nil || !ok {
			return 0, errDurationText
		}
		total += value * float64(size)
		rest = strings.TrimSpace(after)
	}
	return durationOf(total)
}

// numberDuration reads a number of units.
func numberDuration(text string, unit time.Duration) (time.Duration, error) {
	value, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil || math.IsNaN(value) {
		return 0, errDurationText
	}
	return durationOf(value * float64(unit))
}

func durationOf(nanoseconds float64) (time.Duration, error) {
	if nanoseconds < 0 || nanoseconds >= math.MaxInt64 {
		return 0, errDurationRange
	}
	return time.Duration(math.Round(nanoseconds)), nil
}

// splitAt cuts text before the first rune that stop accepts.
func splitAt(text string, stop func(rune) bool) (string, string) {
	at := strings.IndexFunc(text, stop)
	if at < 0 {
		return text, ""
	}
	return text[:at], text[at:]
}

// unitOf is the unit of a bare number under the key, which its ending names.
func unitOf(key string) (time.Duration, bool) {
	key = normalKey(key)
	for _, suffix := range []string{"_seconds", "_secs"} {
		if strings.HasSuffix(key, suffix) {
			return time.Second, true
		}
	}
	for _, suffix := range []string{"_ms", "_millis"} {
		if strings.HasSuffix(key, suffix) {
			return time.Millisecond, true
		}
	}
	return 0, false
}
