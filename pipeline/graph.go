package pipeline

import (
	"fmt"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"slices"
)

// graph is the order of a pipeline. Steps are named by their index in
// [Pipeline.Steps].
type graph struct {
	// deps are the dependencies of each step without repetitions, in the order in
	// which they are written.
	deps [][]int
	// after are further steps behind which each comes, because it changes what they
	// read or make; it does not need them. Nil when nothing was inferred.
	after [][]int
	// why are the data that an inferred pair of a step and one behind it is about.
	why map[[2]int]string
	// again tells which steps leave the same data when they run twice.
	again []bool
	// dependents are the steps that wait for each.
	dependents [][]int
	// order is a topological order: Kahn's algorithm with a queue, so that of the
	// steps that become free together the one declared first comes first. It is
	// incomplete when there is a cycle.
	order []int
	// contracts are the differences between what steps promise and what those after
	// them want that are no faults.
	contracts []dataflow.ContractFinding
}

// graph orders the steps and returns every fault of their names and
// dependencies. It takes time linear in the number of steps and dependencies,
// and no recursion.
func (p *Pipeline) graph() (*graph, []error) {
	byName, faults := p.names()
	g := &graph{deps: make([][]int, len(p.Steps))}
	lastSeen := make([]int, len(p.Steps)) // 1 + the step that named it last
	for i := range p.Steps {
		for _, name := range p.Steps[i].DependsOn {
			dep, ok := byName[name]
			if !ok {
				faults = append(faults, &DependencyError{
					Component: p.Steps[i].Name, DependsOn: name, Err: ErrUnknownDependency,
				})
				continue
			}
			if lastSeen[dep] == i+1 {
				continue
			}
			lastSeen[dep] = i + 1
			g.deps[i] = append(g.deps[i], dep)
			if p.OnDisabled == DisabledError && p.Steps[i].enabled() && !p.Steps[dep].enabled() {
				faults = append(faults, &DependencyError{
					Component: p.Steps[i].Name, DependsOn: name, Err: ErrDisabledDependency,
				})
			}
		}
	}
	waiting := g.sort()
	return g, append(faults, p.cycles(g, waiting)...)
}

// names maps the names of the steps to their indices.
func (p *Pipeline) names() (map[string]int, []error) {
	var faults []error
	byName := make(map[string]int, len(p.Steps))
	for i := range p.Steps {
		name := p.Steps[i].Name
		if name == "" {
			faults = append(faults, fmt.Errorf("steps[%d]: %w", i, ErrNoName))
			continue
		}
		if first, taken := byName[name]; taken {
			faults = append(faults, fmt.Errorf("component %q: %w, by steps[%d] and steps[%d]",
				name, ErrDuplicateName, first, i))
			continue
		}
		byName[name] = i
	}
	return byName, faults
}

// sort fills order and returns how many dependencies of each step are not in
// it.
func (g *graph) sort() []int {
	waiting := make([]int, len(g.deps))
	g.dependents = make([][]int, len(g.deps))
	g.order = make([]int, 0, len(g.deps))
	for i, deps := range g.deps {
		waiting[i] = len(deps)
		if len(deps) == 0 {
			g.order = append(g.order, i)
		}
		for _, dep := range deps {
			g.dependents[dep] = append(g.dependents[dep], i)
		}
	}
	for next := 0; next < len(g.order); next++ {
		for _, i := range g.dependents[g.order[next]] {
			if waiting[i]--; waiting[i] == 0 {
				g.order = append(g.order, i)
			}
		}
	}
	return waiting
}

// cycles finds a cycle for every knot of steps that wait for each other. Each
// step that waits has a dependency that waits, so following those ends in a
// cycle.
func (p *Pipeline) cycles(g *graph, waiting []int) []error {
	var faults []error
	visited := make([]int, len(g.deps)) // 1 + the step where the walk began
	for start := range g.deps {
		if waiting[start] == 0 || visited[start] != 0 {
			continue
		}
		var walk []int
		at := start
		for visited[at] == 0 {
			visited[at] = start + 1
			walk = append(walk, at)
			at = g.deps[at][slices.IndexFunc(g.deps[at], func(dep int) bool { return waiting[dep] > 0 })]
		}
		if visited[at] == start+1 {
			faults = append(faults, p.cycle(walk[slices.Index(walk, at):]))
		}
	}
	return faults
}

// cycle names a cycle from the step that was declared first.
func (p *Pipeline) cycle(circle []int) error {
	first := slices.Index(circle, slices.Min(circle))
	path := make([]string, 0, len(circle)+1)
	for i := range circle {
		path = append(path, p.Steps[circle[(first+i)%len(circle)]].Name)
	}
	return &CycleError{Path: append(path, path[0])}
}
