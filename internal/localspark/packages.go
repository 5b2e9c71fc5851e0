package localspark

import (
	"maps"
	"slices"
	"strings"
)

// Packages returns the Maven coordinates of a connector set for a Spark version,
// as the property spark.jars.packages takes them, and the server settings that
// the set needs. It reports false when the set, or a version of it for that
// Spark, is not known.
func Packages(name, version string) (coordinates []string, conf map[string]string, ok bool) {
	set, known := connectors()[name]
	if !known {
		return nil, nil, false
	}
	artifacts, ok := set.artifacts[version]
	if !ok {
		return nil, nil, false
	}
	for _, a := range artifacts {
		if a.Classifier != "" {
			return nil, nil, false
		}
		if a.Part {
			continue
		}
		coordinates = append(coordinates, strings.Join([]string{a.Group, a.Name, a.Version}, ":"))
	}
	return coordinates, maps.Clone(set.conf), true
}

// WithConnectors adds sets to those of a list, as far as they are known for the
// version that would be started.
func WithConnectors(have []string, version string, more ...string) []string {
	table := connectors()
	out := slices.Clone(have)
	for _, name := range more {
		if _, known := table[name].artifacts[version]; known && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
