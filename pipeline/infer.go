package pipeline

import (
	"container/heap"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// inference finds the dependencies that nobody wrote down. It walks over the
// steps in the order in which they would run one at a time, as a processor does
// over instructions: who reads what an earlier step made needs that step; who
// changes what an earlier step reads or makes waits for it. So the order of one
// at a time stays what it is, and steps side by side give the same data.
//
// The one thing that can change the order is a view that only a later step
// makes: then that one goes first.
type inference struct {
	pipeline *Pipeline
	graph    *graph
	lineage  []dataflow.Lineage
	// makers are the steps that make a view, by its key.
	makers map[string][]int
	// writer is the step that made or changed the data last, readers those that
	// have read it since.
	writer  map[string]int
	readers map[string][]int
	// behind are the data behind a view: Spark reads them when the view is read.
	behind map[string][]string
	// forward are the pairs of a maker of a view and an earlier reader of it.
	forward [][2]int
}

// infer adds to the graph what follows from what the steps read and make: which
// of them may be done again, and, unless the pipeline leaves it at what is
// written, which must wait for which.
func (p *Pipeline) infer(g *graph) {
	f := &inference{
		pipeline: p, graph: g, lineage: make([]dataflow.Lineage, len(p.Steps)), makers: map[string][]int{},
		writer: map[string]int{}, readers: map[string][]int{}, behind: map[string][]string{},
	}
	for i := range p.Steps {
		if p.Steps[i].enabled() {
			f.lineage[i] = p.Steps[i].lineage()
		}
		for _, out := range f.lineage[i].Outputs {
			if out.Kind == dataflow.DatasetView {
				f.makers[dataKey(out)] = append(f.makers[dataKey(out)], i)
			}
		}
	}
	g.after, g.why, g.again = make([][]int, len(p.Steps)), map[[2]int]string{}, make([]bool, len(p.Steps))
	for _, i := range g.order {
		f.step(i)
	}
	for _, pair := range f.forward {
		f.reorder(pair[0], pair[1])
	}
	g.finish(len(f.forward) > 0)
}

// lineage is what the component says of itself; code of users that panics says
// nothing.
func (s *Step) lineage() dataflow.Lineage {
	found := dataflow.Lineage{Opaque: true}
	_ = guard(func() error {
		found = dataflow.LineageOf(s.Component)
		return nil
	})
	return found
}

// judged is the lineage by which it is judged whether the work of the step was
// done. Where a check that fails the step is made on the side of the write, the
// write alone does not tell.
func (s *Step) judged() dataflow.Lineage {
	lineage := s.lineage()
	lineage.Opaque = lineage.Opaque || s.Quality.besideTheWrite()
	return lineage
}

// step takes one step, whose turn it is.
func (f *inference) step(i int) {
	inputs := f.inputs(i)
	f.graph.again[i] = f.repeatable(i, inputs)
	written := f.pipeline.Steps[i].DependsOn != nil || f.pipeline.WrittenOnly
	for _, in := range inputs {
		if written || !f.reads(i, in) {
			f.readers[in.key] = append(f.readers[in.key], i)
		}
	}
	for _, out := range f.lineage[i].Outputs {
		if !written {
			f.changes(i, out)
		}
	}
	for _, out := range f.lineage[i].Outputs {
		key := dataKey(out)
		f.writer[key], f.readers[key] = i, nil
		if out.Kind == dataflow.DatasetView {
			f.behind[key] = base(inputs)
		}
	}
}

// repeatable reports whether a step leaves the same data when it runs again: what
// it does is idempotent, and it does not read what it overwrites, not through
// views either.
func (f *inference) repeatable(i int, inputs []input) bool {
	switch f.lineage[i].Effect {
	case dataflow.EffectNone:
		return true
	case dataflow.EffectIdempotent:
	case dataflow.EffectUnknown, dataflow.EffectRepeats:
		return false
	}
	for _, out := range f.lineage[i].Outputs {
		if slices.ContainsFunc(inputs, func(in input) bool { return in.key == dataKey(out) }) {
			return false
		}
	}
	return true
}

// input is something that a step reads.
type input struct {
	key, name string
	view      bool
}

// inputs are what a step reads, with what lies behind its views.
func (f *inference) inputs(i int) []input {
	var all []input
	seen := map[string]bool{}
	add := func(in input) {
		if !seen[in.key] {
			seen[in.key] = true
			all = append(all, in)
		}
	}
	for _, data := range f.lineage[i].Inputs {
		in := input{key: dataKey(data), name: data.Name, view: data.Kind == dataflow.DatasetView}
		if view := viewKey(data.Name); data.Kind == dataflow.DatasetRelation && len(f.makers[view]) > 0 {
			in.key, in.view = view, true
		}
		add(in)
		for _, key := range f.behind[in.key] {
			add(input{key: key, name: data.Name})
		}
	}
	return all
}

// base leaves the views out.
func base(inputs []input) []string {
	var keys []string
	for _, in := range inputs {
		if !in.view {
			keys = append(keys, in.key)
		}
	}
	return keys
}

// reads makes the step depend on whoever made what it reads, and reports whether
// that is a later step.
func (f *inference) reads(i int, in input) (later bool) {
	if writer, ok := f.writer[in.key]; ok {
		f.graph.need(i, writer, in.name)
		return false
	}
	makers := f.makers[in.key]
	if !in.view || len(makers) == 0 || makers[0] == i {
		return false
	}
	f.forward = append(f.forward, [2]int{makers[0], i})
	f.graph.why[[2]int{makers[0], i}] = in.name
	return true
}

func (f *inference) changes(i int, out dataflow.Dataset) {
	key := dataKey(out)
	if writer, ok := f.writer[key]; ok {
		f.graph.wait(i, writer, out.Name)
	}
	for _, reader := range f.readers[key] {
		f.graph.wait(i, reader, out.Name)
	}
}

// reorder lets the maker of a view go before a reader, unless the maker waits for
// the reader.
func (f *inference) reorder(maker, reader int) {
	if f.graph.reaches(maker, reader) {
		delete(f.graph.why, [2]int{maker, reader})
		return
	}
	f.graph.deps[reader] = append(f.graph.deps[reader], maker)
}

// need makes the step depend on another, wait only puts it behind.
func (g *graph) need(i, on int, data string) {
	if i != on && !slices.Contains(g.deps[i], on) {
		g.deps[i] = append(g.deps[i], on)
		g.why[[2]int{on, i}] = data
	}
}

func (g *graph) wait(i, behind int, data string) {
	if i != behind && !slices.Contains(g.deps[i], behind) && !slices.Contains(g.after[i], behind) {
		g.after[i] = append(g.after[i], behind)
		g.why[[2]int{behind, i}] = data
	}
}

// before are all steps that must have ended before this one starts.
func (g *graph) before(i int) []int {
	if g.after == nil || len(g.after[i]) == 0 {
		return g.deps[i]
	}
	return slices.Concat(g.deps[i], g.after[i])
}

// reaches reports whether a step waits for another, over any number of steps.
func (g *graph) reaches(from, to int) bool {
	seen := make([]bool, len(g.deps))
	stack := []int{from}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if at == to {
			return true
		}
		for _, dep := range g.before(at) {
			if !seen[dep] {
				seen[dep] = true
				stack = append(stack, dep)
			}
		}
	}
	return false
}

// finish brings the rest of the graph in line with new dependencies. The order
// only changes where it must: of the steps that are free, the one that came first
// before stays first.
func (g *graph) finish(moved bool) {
	position := make([]int, len(g.deps))
	for at, i := range g.order {
		position[i] = at
	}
	waiting := make([]int, len(g.deps))
	g.dependents = make([][]int, len(g.deps))
	for i := range g.deps {
		g.after[i] = slices.DeleteFunc(g.after[i], func(step int) bool { return slices.Contains(g.deps[i], step) })
		before := g.before(i)
		waiting[i] = len(before)
		for _, dep := range before {
			g.dependents[dep] = append(g.dependents[dep], i)
		}
	}
	if !moved {
		return
	}
	var ready intHeap
	for at, i := range g.order {
		if waiting[i] == 0 {
			ready = append(ready, at)
		}
	}
	order := make([]int, 0, len(g.order))
	for len(ready) > 0 {
		i := g.order[heap.Pop(&ready).(int)] //nolint:forcetypeassert // it holds nothing else
		order = append(order, i)
		for _, next := range g.dependents[i] {
			if waiting[next]--; waiting[next] == 0 {
				heap.Push(&ready, position[next])
			}
		}
	}
	g.order = order
}

// dataKey is the same for data that are the same. A relation counts as a table;
// whoever knows of views asks for those first.
func dataKey(d dataflow.Dataset) string {
	switch d.Kind {
	case dataflow.DatasetPath:
		return "path " + strings.TrimRight(d.Name, "/")
	case dataflow.DatasetView:
		return viewKey(d.Name)
	case dataflow.DatasetTable, dataflow.DatasetRelation:
	}
	name := strings.ToLower(d.Name)
	return "table " + strings.TrimPrefix(name, "spark_catalog.")
}

func viewKey(name string) string { return "view " + strings.ToLower(name) }
