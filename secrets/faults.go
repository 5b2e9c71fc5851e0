package secrets

import (
	"errors"
	"fmt"
)

// faults collects what a Validate reports.
type faults []error

// check reports a fault unless all is well.
func (f *faults) check(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

// add takes over the faults of a block, one or those that errors.Join has joined.
// The key is named first.
func (f *faults) add(key string, err error) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			f.add(key, err)
		}
		return
	}
	*f = append(*f, fmt.Errorf("%s: %w", key, err))
}

func (f *faults) err() error { return errors.Join(*f...) }
