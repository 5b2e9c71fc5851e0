package schema

import (
	"fmt"
	"strings"
)

// readRule sets a rule by its name, in any case.
func readRule[R ~uint8](rule *R, text []byte, names []string) error {
	for i, name := range names {
		if strings.EqualFold(name, string(text)) {
			*rule = R(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no such rule; there are %s", text, strings.Join(names, ", "))
}
