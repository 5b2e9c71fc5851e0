package pipeline

import (
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/nearest"
)

// Selection is a part of a pipeline: the steps that meet everything that it asks
// for. Views that they read are made too, where the step that makes one can do
// that without an effect. All other steps count as done: they are skipped, and
// those that depend on them run.
type Selection struct {
	// Only are the names of the steps to run; empty means all.
	Only []string
	// From keeps the steps of these names and all that depend on them, over any
	// number of steps; Until keeps those of these names and all that they depend on.
	From, Until []string
}

// notSelected is why a step that was left out did not run.
const notSelected = "not selected"

// choose leaves out what is not selected.
func (r *run) choose(g *graph) error {
	s := r.runner.selection
	if s == nil {
		return nil
	}
	chosen, err := s.chosen(r.pipeline, g)
	if err != nil {
		return err
	}
	for at := len(g.order) - 1; at >= 0; at-- { // those that others need come after them here
		i := g.order[at]
		if !chosen[i] && r.rebuilt[i] == nil {
			if r.left[i] == "" {
				r.left[i] = notSelected
			}
			continue
		}
		for _, dep := range g.deps[i] {
			if !chosen[dep] && r.rebuilt[dep] == nil {
				r.rebuilt[dep] = viewsOf(&r.pipeline.Steps[dep])
			}
		}
	}
	return nil
}

// viewsOf is the step that only makes its views, or nil when it makes none or
// cannot be taken apart.
func viewsOf(s *Step) *Step {
	if !s.enabled() {
		return nil
	}
	for _, out := range s.lineage().Outputs {
		if out.Kind != dataflow.DatasetView {
			continue
		}
		step, ok := s.onlyViews()
		if !ok {
			return nil
		}
		return &step
	}
	return nil
}

// chosen tells of each step whether it is selected.
func (s *Selection) chosen(p *Pipeline, g *graph) ([]bool, error) {
	byName, _ := p.names()
	only, err1 := s.find(p, byName, s.Only, nil)
	from, err2 := s.find(p, byName, s.From, func(i int) []int { return g.needers(i) })
	until, err3 := s.find(p, byName, s.Until, func(i int) []int { return g.deps[i] })
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	chosen := make([]bool, len(p.Steps))
	any := false
	for i := range chosen {
		chosen[i] = (only == nil || only[i]) && (from == nil || from[i]) && (until == nil || until[i])
		any = any || chosen[i]
	}
	if !any {
		return nil, errors.New("the selection: no component meets all of it")
	}
	return chosen, nil
}

// find marks the named steps and what follows from them; nil when nothing is
// named.
func (s *Selection) find(p *Pipeline, byName map[string]int, names []string, next func(int) []int) ([]bool, error) {
	if len(names) == 0 {
		return nil, nil
	}
	found := make([]bool, len(p.Steps))
	var stack []int
	var faults []error
	for _, name := range names {
		i, ok := byName[name]
		if !ok {
			faults = append(faults, unknownStep(p, name))
			continue
		}
		found[i] = true
		stack = append(stack, i)
	}
	for next != nil && len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, i := range next(at) {
			if !found[i] {
				found[i] = true
				stack = append(stack, i)
			}
		}
	}
	return found, errors.Join(faults...)
}

func unknownStep(p *Pipeline, name string) error {
	names := make([]string, len(p.Steps))
	for i := range p.Steps {
		names[i] = p.Steps[i].Name
	}
	if near := nearest.Word(name, names); near != "" {
		return fmt.Errorf("the selection: no component is named %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("the selection: no component is named %q", name)
}

// needers are the steps that need this one, without those that only wait for it.
func (g *graph) needers(i int) []int {
	var out []int
	for _, other := range g.dependents[i] {
		for _, dep := range g.deps[other] {
			if dep == i {
				out = append(out, other)
				break
			}
		}
	}
	return out
}
