package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
	"github.com/sparkpipe/sparkpipe/internal/nearest"
)

const (
	// maxListed bounds the names that a message lists.
	maxListed = 12
	// maxSuggestions bounds the faults for which a near name is looked for,
	// which costs a pass over all names.
	maxSuggestions = 20
)

// checkNames refuses a name that two components have.
func (b *builder) checkNames() {
	first := make(map[string]int, len(b.entries))
	for i := range b.entries {
		e := &b.entries[i]
		if e.Name == "" {
			continue
		}
		j, taken := first[e.Name]
		if !taken {
			first[e.Name] = i
			continue
		}
		msg := fmt.Sprintf("the name %q is taken", e.Name)
		if pos := b.entries[j].named; pos.Line > 0 {
			msg += " at " + pos.String()
		}
		b.add(e.named, e.namePath, msg, "names of components are unique")
	}
}

// checkGraph checks depends_on: every name exists, and no way leads back.
func (b *builder) checkGraph() {
	byName := make(map[string]int, len(b.entries))
	for i := range b.entries {
		if _, taken := byName[b.entries[i].Name]; !taken {
			byName[b.entries[i].Name] = i
		}
	}
	graph := make([][]int, len(b.entries))
	suggestions := 0
	for i := range b.entries {
		graph[i] = b.dependencies(i, byName, &suggestions)
	}
	b.reportCycles(graph)
}

// dependencies drops repeated names and gives the others as positions.
func (b *builder) dependencies(i int, byName map[string]int, suggestions *int) []int {
	e := &b.entries[i]
	names := e.DependsOn[:0:0] // nil stays nil
	var on []int
	seen := make(map[string]bool, len(e.DependsOn))
	for n, name := range e.DependsOn {
		if seen[name] || name == "" {
			continue
		}
		seen[name] = true
		names = append(names, name)
		j, ok := byName[name]
		switch {
		case !ok && !b.incomplete:
			pos, path := e.dependency(n)
			b.add(pos, path, fmt.Sprintf("no component is named %q", name), b.suggestName(name, suggestions))
		case ok && j == i:
			pos, path := e.dependency(n)
			b.add(pos, path, fmt.Sprintf("%q depends on itself", name), "")
		case ok:
			on = append(on, j)
		}
	}
	e.DependsOn = names
	return on
}

// dependency is the place of the n-th name of depends_on.
func (e *entry) dependency(n int) (tree.Pos, string) {
	pos, path := e.at.at("depends_on")
	if f := e.at.field("depends_on"); f != nil && n < len(f.Value.Items) {
		return f.Value.Items[n].Pos, index(path, n)
	}
	return pos, path
}

func (b *builder) suggestName(name string, suggestions *int) string {
	if *suggestions++; *suggestions > maxSuggestions {
		return ""
	}
	names := make([]string, 0, len(b.entries))
	for i := range b.entries {
		names = append(names, b.entries[i].Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if near := nearest.Word(name, names); near != "" || len(names) <= maxListed {
		return suggest(name, names, "components")
	}
	return ""
}

// reportCycles takes away, again and again, what depends on nothing that is
// left. What stays depends on a cycle, so following any dependency that stays
// leads into one.
func (b *builder) reportCycles(graph [][]int) {
	open := make([]int, len(graph))
	dependents := make([][]int, len(graph))
	var ready []int
	for i, on := range graph {
		open[i] = len(on)
		for _, j := range on {
			dependents[j] = append(dependents[j], i)
		}
		if len(on) == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		i := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		for _, j := range dependents[i] {
			if open[j]--; open[j] == 0 {
				ready = append(ready, j)
			}
		}
	}
	walk := make([]int, len(graph))
	for i := range graph {
		if open[i] > 0 && walk[i] == 0 {
			b.follow(graph, open, walk, i)
		}
	}
}

// follow walks from start along what stays and reports the cycle that it ends
// in, unless an earlier walk has been there.
func (b *builder) follow(graph [][]int, open, walk []int, start int) {
	at := start
	var way []int
	for walk[at] == 0 {
		walk[at] = start + 1
		way = append(way, at)
		for _, next := range graph[at] {
			if open[next] > 0 {
				at = next
				break
			}
		}
	}
	if walk[at] != start+1 {
		return
	}
	for way[0] != at {
		way = way[1:]
	}
	b.reportCycle(way)
}

// reportCycle prints the cycle from its first component in the file.
func (b *builder) reportCycle(way []int) {
	first := 0
	for i := range way {
		if way[i] < way[first] {
			first = i
		}
	}
	names := make([]string, 0, len(way)+1)
	for i := range len(way) + 1 {
		names = append(names, b.entries[way[(first+i)%len(way)]].Name)
	}
	e := &b.entries[way[first]]
	pos, path := e.at.at("depends_on")
	b.add(pos, path, "components depend on one another: "+strings.Join(names, " -> "), "")
}
