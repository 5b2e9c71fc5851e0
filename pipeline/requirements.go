package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

// Requirement is a library that the server must have for some components of a
// pipeline.
type Requirement struct {
	dataflow.Requirement
	// Components are the names of those that need it, in the order of the pipeline.
	Components []string
}

// Requirements returns what the server must have beside Spark itself, sorted by
// name: what the components that would run say of themselves.
func (p *Pipeline) Requirements() []Requirement {
	var out []Requirement
	for i := range p.Steps {
		step := &p.Steps[i]
		if step.Disabled || step.Unused || step.Component == nil {
			continue
		}
		for _, r := range safeRequirements(step.Component) {
			at := slices.IndexFunc(out, func(have Requirement) bool { return have.Requirement == r })
			if at < 0 {
				at, out = len(out), append(out, Requirement{Requirement: r})
			}
			out[at].Components = append(out[at].Components, step.Name)
		}
	}
	slices.SortStableFunc(out, func(a, b Requirement) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Class, b.Class))
	})
	return out
}

// Remedy says how a server of the Spark version gets the library, in words for
// people.
func (r Requirement) Remedy(version string) string {
	coordinates, conf, ok := localspark.Packages(r.Name, version)
	if !ok {
		return fmt.Sprintf("put the jar with %s on the class path of the Spark server", r.Class)
	}
	settings := []string{"spark.jars.packages=" + strings.Join(coordinates, ",")}
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		settings = append(settings, key+"="+conf[key])
	}
	return "start the Spark server with " + strings.Join(settings, " and ")
}

// ownJars are the properties with which somebody sees to the jars of a server
// himself.
var ownJars = []string{"spark.jars", "spark.jars.packages", "spark.driver.extraClassPath"}

// connectors are the sets of jars of a server that is started for the pipeline:
// those that the file names, and those that the components need as far as they are
// known, unless the file sees to the jars itself.
func (p *Pipeline) connectors() []string {
	for _, key := range ownJars {
		if p.Spark.Conf[key] != "" {
			return p.Spark.Connectors
		}
	}
	var needed []string
	for _, r := range p.Requirements() {
		needed = append(needed, r.Name)
	}
	return localspark.WithConnectors(p.Spark.Connectors, localspark.DefaultVersion, needed...)
}

// safeRequirements are those of a component; code of users that panics says
// nothing.
func safeRequirements(part component.PipelineComponent) (found []dataflow.Requirement) {
	_ = guard(func() error {
		found = dataflow.RequirementsOf(part)
		return nil
	})
	return found
}
