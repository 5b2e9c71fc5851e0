package pipeline_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline"
)

// branched is declared in another order than it runs.
func branched(t *testing.T) *pipeline.Pipeline {
	t.Helper()
	p := newPipeline(t, works("save", "sum", "read"), works("read"), off(works("old")), works("sum", "read", "read", "lookup"), works("lookup"))
	p.Steps[1].Type, p.Steps[4].Type, p.Steps[4].Unused = "read_csv", "read_jdbc", true
	return p
}

func graphOf(t *testing.T, p *pipeline.Pipeline, format pipeline.GraphFormat) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, p.WriteGraph(&out, format))
	return out.String()
}

func TestGraphAsText(t *testing.T) {
	t.Parallel()
	require.Equal(t, `stage 1
  read    read_csv
  old                (disabled in the pipeline)
  lookup  read_jdbc  (no sequence reads it)
stage 2
  sum                after read, lookup
stage 3
  save               after sum, read
`, graphOf(t, branched(t), pipeline.GraphText))
}

func TestGraphAsMermaid(t *testing.T) {
	t.Parallel()
	require.Equal(t, `flowchart LR
  s1["read<br/>read_csv"]
  s2["old"]
  s4["lookup<br/>read_jdbc"]
  s3["sum"]
  s0["save"]
  s1 --> s3
  s4 --> s3
  s1 --> s0
  s3 --> s0
  classDef off stroke-dasharray: 4 4
  class s2,s4 off
`, graphOf(t, branched(t), pipeline.GraphMermaid))
}

func TestGraphAsDOT(t *testing.T) {
	t.Parallel()
	require.Equal(t, `digraph "p" {
  rankdir=LR;
  node [shape=box, style=rounded];
  s1 [label="read\nread_csv"];
  s2 [label="old", style="rounded,dashed"];
  s4 [label="lookup\nread_jdbc", style="rounded,dashed"];
  s3 [label="sum"];
  s0 [label="save"];
  s1 -> s3;
  s4 -> s3;
  s1 -> s0;
  s3 -> s0;
}
`, graphOf(t, branched(t), pipeline.GraphDOT))
}

// element counts what is in a picture.
func elements(t *testing.T, text string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return counts
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok {
			counts[start.Name.Local]++
		}
	}
}

func TestGraphAsSVG(t *testing.T) {
	t.Parallel()
	text := graphOf(t, branched(t), pipeline.GraphSVG)
	counts := elements(t, text)
	require.Equal(t, 5, counts["g"], "a box for each step")
	require.Equal(t, 4+1, counts["path"], "an arrow for each dependency, and its tip")
	require.Equal(t, 2, strings.Count(text, "stroke-dasharray"))
}

// TestGraphOfHostileNames has names that end labels, attributes and lines.
func TestGraphOfHostileNames(t *testing.T) {
	t.Parallel()
	name := "a\"]\n end --> x; <script>&\\ " + strings.Repeat("ü", 80)
	p := newPipeline(t, works(name), works("b", name))
	require.Equal(t, 4, strings.Count(graphOf(t, p, pipeline.GraphMermaid), "\n"), "no line more")
	require.Contains(t, graphOf(t, p, pipeline.GraphMermaid), `s0["a#quot;]  end --#gt; x; #lt;script#gt;&`)
	require.Contains(t, graphOf(t, p, pipeline.GraphDOT), `s0 [label="a\"]  end --> x; <script>&\\ ü`)
	picture := graphOf(t, p, pipeline.GraphSVG)
	require.Zero(t, elements(t, picture)["script"])
	require.Contains(t, picture, "…", "what is too long for a box is cut")
}

func TestGraphThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, works("a"))
	require.ErrorContains(t, p.WriteGraph(io.Discard, "png"), `write the graph: unknown format "png"`)
	p.Steps[0].DependsOn = []string{"b"}
	require.ErrorIs(t, p.WriteGraph(io.Discard, pipeline.GraphText), pipeline.ErrUnknownDependency)
}
