package pipeline

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// GraphFormat is a way to write down which component depends on which.
type GraphFormat string

// The formats of [Pipeline.WriteGraph].
const (
	// GraphText is for people: the components that can run at the same time stand
	// together, under the number of their stage.
	GraphText GraphFormat = "text"
	// GraphMermaid is a flowchart of mermaid.js, as Markdown of many sites shows it.
	GraphMermaid GraphFormat = "mermaid"
	// GraphDOT is the language of Graphviz.
	GraphDOT GraphFormat = "dot"
	// GraphSVG is a picture.
	GraphSVG GraphFormat = "svg"
)

// GraphFormats are all formats.
func GraphFormats() []GraphFormat {
	return []GraphFormat{GraphText, GraphMermaid, GraphDOT, GraphSVG}
}

// WriteGraph writes the steps of a pipeline and their dependencies. Steps that
// do not run are marked or drawn with a dashed line, and so are dependencies that
// were inferred; the text names the data behind them. The same pipeline gives the
// same text. The error is that of [Pipeline.Validate], of an unknown format, or
// of w.
func (p *Pipeline) WriteGraph(w io.Writer, format GraphFormat) error {
	g, err := p.check()
	if err != nil {
		return err
	}
	var b strings.Builder
	switch format {
	case GraphText:
		p.writeText(&b, g)
	case GraphMermaid:
		p.writeMermaid(&b, g)
	case GraphDOT:
		p.writeDOT(&b, g)
	case GraphSVG:
		p.writeSVG(&b, g)
	default:
		return fmt.Errorf("write the graph: unknown format %q; the formats are %q", format, GraphFormats())
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// stages groups the steps: each stands in the first stage after those of what it
// depends on, and within a stage in the order of the run.
func (g *graph) stages() [][]int {
	stage := make([]int, len(g.deps))
	var out [][]int
	for _, i := range g.order {
		for _, dep := range g.before(i) {
			stage[i] = max(stage[i], stage[dep]+1)
		}
		if stage[i] == len(out) {
			out = append(out, nil)
		}
		out[stage[i]] = append(out[stage[i]], i)
	}
	return out
}

func (p *Pipeline) writeText(b *strings.Builder, g *graph) {
	names, types := 0, 0
	for i := range p.Steps {
		names = max(names, utf8.RuneCountInString(p.Steps[i].Name))
		types = max(types, utf8.RuneCountInString(p.Steps[i].Type))
	}
	for at, steps := range g.stages() {
		fmt.Fprintf(b, "stage %d\n", at+1)
		for _, i := range steps {
			s := &p.Steps[i]
			line := fmt.Sprintf("  %-*s  %-*s", names, s.Name, types, s.Type)
			if before := g.before(i); len(before) > 0 {
				line += "  after " + strings.Join(p.reasonsOf(g, i, before), ", ")
			}
			if !s.enabled() {
				line += "  (" + disabledReason(s) + ")"
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
}

// reasonsOf names the steps before one, each with the data if the dependency was
// inferred.
func (p *Pipeline) reasonsOf(g *graph, i int, before []int) []string {
	names := make([]string, len(before))
	for at, step := range before {
		names[at] = p.Steps[step].Name
		if data, inferred := g.why[[2]int{step, i}]; inferred {
			names[at] += " (" + data + ")"
		}
	}
	return names
}

// mermaidText escapes what ends a label or is markup in it.
var mermaidText = strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "`", "#96;", "\n", " ", "\r", " ")

func (p *Pipeline) writeMermaid(b *strings.Builder, g *graph) {
	b.WriteString("flowchart LR\n")
	var off []string
	for _, i := range g.order {
		s := &p.Steps[i]
		label := mermaidText.Replace(s.Name)
		if s.Type != "" {
			label += "<br/>" + mermaidText.Replace(s.Type)
		}
		fmt.Fprintf(b, "  s%d[\"%s\"]\n", i, label)
		if !s.enabled() {
			off = append(off, fmt.Sprintf("s%d", i))
		}
	}
	for _, edge := range g.edges() {
		fmt.Fprintf(b, "  s%d %s s%d\n", edge[0], pick(g.inferred(edge), "-.->", "-->"), edge[1])
	}
	if len(off) > 0 {
		fmt.Fprintf(b, "  classDef off stroke-dasharray: 4 4\n  class %s off\n", strings.Join(off, ","))
	}
}

// dotText escapes a quoted string of Graphviz.
var dotText = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ")

func (p *Pipeline) writeDOT(b *strings.Builder, g *graph) {
	fmt.Fprintf(b, "digraph \"%s\" {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n", dotText.Replace(p.Name))
	for _, i := range g.order {
		s := &p.Steps[i]
		label := dotText.Replace(s.Name)
		if s.Type != "" {
			label += `\n` + dotText.Replace(s.Type)
		}
		style := ""
		if !s.enabled() {
			style = `, style="rounded,dashed"`
		}
		fmt.Fprintf(b, "  s%d [label=\"%s\"%s];\n", i, label, style)
	}
	for _, edge := range g.edges() {
		fmt.Fprintf(b, "  s%d -> s%d%s;\n", edge[0], edge[1], pick(g.inferred(edge), " [style=dashed]", ""))
	}
	b.WriteString("}\n")
}

// edges are the pairs of a step and one that depends on it, in the order of the
// run.
func (g *graph) edges() [][2]int {
	var out [][2]int
	for _, i := range g.order {
		deps := slices.Clone(g.before(i))
		slices.Sort(deps)
		for _, dep := range deps {
			out = append(out, [2]int{dep, i})
		}
	}
	return out
}

// inferred reports whether nobody wrote the dependency down.
func (g *graph) inferred(edge [2]int) bool { _, ok := g.why[edge]; return ok }

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
