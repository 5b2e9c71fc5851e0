package dataflow

import (
	"maps"
	"strings"
)

// mergeOptions gives our options and those of the user, which win. Spark reads
// keys regardless of case, so that "inferschema" replaces "inferSchema".
func mergeOptions(ours, theirs map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, ours)
	for key := range theirs {
		maps.DeleteFunc(all, func(have, _ string) bool { return strings.EqualFold(have, key) })
	}
	maps.Copy(all, theirs)
	return all
}
