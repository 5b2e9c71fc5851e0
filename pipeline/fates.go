package pipeline

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
)

// fates remembers what became of the steps of a run, for those that depend on
// them.
type fates struct {
	pipeline *Pipeline
	graph    *graph
	// status is that of each step that has been dealt with.
	status []component.Status
	// root says why a step did not do its work, in the words of the step where it
	// began: `"clean" failed`. It is empty for steps whose dependents may run.
	root []string
	// stuck are the steps that cannot run because of disabled ones, whatever
	// happens in the run.
	stuck []bool
	// left are not empty for steps that are done, or not asked for: those that
	// depend on them run.
	left []string
}

func newFates(p *Pipeline, g *graph, left []string) *fates {
	f := &fates{
		pipeline: p, graph: g,
		status: make([]component.Status, len(p.Steps)),
		root:   make([]string, len(p.Steps)),
		stuck:  make([]bool, len(p.Steps)),
		left:   left,
	}
	for _, i := range g.order {
		if left[i] != "" {
			continue
		}
		f.stuck[i] = !p.Steps[i].enabled() && p.OnDisabled != DisabledRun
		for _, dep := range g.deps[i] {
			f.stuck[i] = f.stuck[i] || f.stuck[dep]
		}
	}
	return f
}

// planned reports whether a step runs if nothing fails.
func (f *fates) planned(i int) bool {
	return f.pipeline.Steps[i].enabled() && !f.stuck[i] && f.left[i] == ""
}

// blocked returns why a step cannot run, or "" when it can. All that it depends
// on has been settled before.
func (f *fates) blocked(i int) string {
	dep, ok := f.blocker(i)
	if !ok {
		return ""
	}
	name := f.pipeline.Steps[dep].Name
	switch f.status[dep] {
	case component.StatusFailed:
		return fmt.Sprintf("depends on %q, which failed", name)
	case component.StatusDisabled:
		if f.pipeline.OnDisabled == DisabledRun {
			return fmt.Sprintf("depends on %q, which is disabled and waits in vain because %s", name, f.root[dep])
		}
		return fmt.Sprintf("depends on %q, which is disabled", name)
	case component.StatusSucceeded, component.StatusSkipped, component.StatusCancelled:
	}
	return fmt.Sprintf("depends on %q, which was skipped because %s", name, f.root[dep])
}

// blocker returns the first dependency that did not do its work.
func (f *fates) blocker(i int) (int, bool) {
	for _, dep := range f.graph.deps[i] {
		if f.root[dep] != "" {
			return dep, true
		}
	}
	return 0, false
}

// settle remembers what became of a step.
func (f *fates) settle(i int, status component.Status) {
	f.status[i] = status
	if f.left[i] != "" {
		return
	}
	name := f.pipeline.Steps[i].Name
	switch status {
	case component.StatusFailed:
		f.root[i] = fmt.Sprintf("%q failed", name)
		return
	case component.StatusDisabled:
		if f.pipeline.OnDisabled != DisabledRun {
			f.root[i] = fmt.Sprintf("%q is disabled", name)
			return
		}
	case component.StatusSucceeded, component.StatusCancelled:
		return
	case component.StatusSkipped:
	}
	if dep, ok := f.blocker(i); ok {
		f.root[i] = f.root[dep]
	}
}
