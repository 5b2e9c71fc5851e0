package dataflow

import (
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// mergeOptions gives our options and those of the user, which win.
func mergeOptions(ours, theirs map[string]string) map[string]string {
	return options.Merge(ours, theirs)
}
