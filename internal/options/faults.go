package options

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Faults collects what a Validate reports.
type Faults struct {
	// What is set is named first, for example "kafka".
	What string
	list []error
}

// Add reports a fault.
func (f *Faults) Add(format string, args ...any) {
	f.list = append(f.list, fmt.Errorf(f.What+": "+format, args...))
}

// Err reports a fault of a key that has a cause, unless that is nil.
func (f *Faults) Err(key string, err error) {
	if err != nil {
		f.Add("%s: %w", key, err)
	}
}

// Append takes over faults that stand for themselves.
func (f *Faults) Append(errs ...error) {
	for _, err := range errs {
		if err != nil {
			f.list = append(f.list, err)
		}
	}
}

// NotNegative checks a number.
func (f *Faults) NotNegative(key string, value int64) {
	if value < 0 {
		f.Add("%s is %d; it cannot be negative", key, value)
	}
}

// Version checks a number from 0 on; nil is none.
func (f *Faults) Version(key string, value *int64) {
	if value != nil {
		f.NotNegative(key, *value)
	}
}

// WholeMillis checks a length of time.
func (f *Faults) WholeMillis(key string, value time.Duration) {
	if value < 0 || value%time.Millisecond != 0 {
		f.Add("%s is %s; write a whole number of milliseconds from 0 on", key, value)
	}
}

// OneOf checks a word; the empty one stands for the default.
func (f *Faults) OneOf(key, value string, known ...string) {
	if value == "" {
		return
	}
	for _, word := range known {
		if strings.EqualFold(word, value) {
			return
		}
	}
	f.Add("%s is %q; write one of %s", key, value, strings.Join(known, ", "))
}

// Names refuses empty names in a list.
func (f *Faults) Names(key string, names []string) {
	for _, name := range names {
		if strings.TrimSpace(name) == "" {
			f.Add("%s: a column has no name", key)
			return
		}
	}
}

// AtMostOne checks settings that exclude each other; keys and values come in
// pairs. It returns the keys of those that are set.
func (f *Faults) AtMostOne(pairs ...string) (set []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			set = append(set, pairs[i])
		}
	}
	if len(set) > 1 {
		f.Add("%s exclude each other", strings.Join(set, " and "))
	}
	return set
}

// ExactlyOne is AtMostOne that wants one.
func (f *Faults) ExactlyOne(pairs ...string) {
	if set := f.AtMostOne(pairs...); len(set) > 0 {
		return
	}
	var names []string
	for i := 0; i < len(pairs); i += 2 {
		names = append(names, pairs[i])
	}
	f.Add("set %s", strings.Join(names, " or "))
}

// Clean reports whether there is no fault so far.
func (f *Faults) Clean() bool { return len(f.list) == 0 }

// Join returns all faults, nil when there is none.
func (f *Faults) Join() error { return errors.Join(f.list...) }
