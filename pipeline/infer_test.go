package pipeline_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// described is a component that says what it reads and makes.
type described struct {
	component.PipelineComponent
	lineage dataflow.Lineage
}

func (d described) Lineage() dataflow.Lineage { return d.lineage }

// data reads "view v", "table t", "path p" or "relation r".
func data(texts ...string) []dataflow.Dataset {
	var out []dataflow.Dataset
	for _, text := range texts {
		kind, name, _ := strings.Cut(text, " ")
		out = append(out, dataflow.Dataset{Kind: dataflow.DatasetKind(kind), Name: name})
	}
	return out
}

func describe(step pipeline.Step, inputs, outputs []dataflow.Dataset) pipeline.Step {
	step.Component = described{step.Component, dataflow.Lineage{Inputs: inputs, Outputs: outputs}}
	return step
}

func TestDependenciesAreInferred(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		steps []pipeline.Step
		want  string
	}{
		{"who reads a view needs its maker", []pipeline.Step{
			describe(works("read"), data("path /in"), data("view orders")),
			describe(works("sum"), data("relation Orders"), data("view sums")),
			describe(works("save"), data("view sums"), data("path /out/")),
		}, "read sum<read save<sum"},
		{"a view of a later step goes first", []pipeline.Step{
			describe(works("save"), data("view sums"), data("path /out")),
			describe(works("other"), nil, nil),
			describe(works("sum"), data("relation orders"), data("view sums")),
			describe(works("read"), data("path /in"), data("view orders")),
		}, "other read sum<read save<sum"},
		{"a table of a later step is the one of before", []pipeline.Step{
			describe(works("report"), data("relation t"), data("path /report")),
			describe(works("load"), data("path /in"), data("table t")),
		}, "report load<report"},
		{"what is behind a view is read with it", []pipeline.Step{
			describe(works("view"), data("table t"), data("view v")),
			describe(works("load"), data("path /in"), data("table spark_catalog.t")),
			describe(works("save"), data("view v"), data("path /out")),
		}, "view load<view save<view,load"},
		{"writers of one path stand in line", []pipeline.Step{
			describe(works("a"), nil, data("path /out")),
			describe(works("b"), nil, data("path /out/")),
			describe(works("c"), nil, data("path /other")),
		}, "a b<a c"},
		{"a view is no table of another database", []pipeline.Step{
			describe(works("view"), nil, data("view orders")),
			describe(works("save"), nil, data("table orders")),
			describe(works("read"), data("table orders"), data("path /out")),
		}, "view save read<save"},
		{"what is written wins", []pipeline.Step{
			describe(works("read"), nil, data("view orders")),
			describe(works("sum", "other"), data("view orders"), nil),
			describe(works("other"), nil, nil),
		}, "read other sum<other"},
		{"a circle of views is left as it is", []pipeline.Step{
			describe(works("a"), data("view y"), data("view x")),
			describe(works("b"), data("view x"), data("view y")),
		}, "a b<a"},
		{"disabled steps make nothing", []pipeline.Step{
			off(describe(works("read"), nil, data("view orders"))),
			describe(works("sum"), data("view orders"), nil),
		}, "read sum"},
		{"steps that say nothing are left alone", []pipeline.Step{works("a"), works("b")}, "a b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t, tc.steps...)
			require.Equal(t, tc.want, edgesOf(t, p))
		})
	}
}

// edgesOf writes the order of the run as "a b<a c<a,b", read from the DOT form.
func edgesOf(t *testing.T, p *pipeline.Pipeline) string {
	t.Helper()
	before := map[int][]string{}
	var order []string
	name := map[int]string{}
	for _, line := range strings.Split(graphOf(t, p, pipeline.GraphDOT), "\n") {
		var from, to int
		if n, _ := fmt.Sscanf(line, "  s%d -> s%d", &from, &to); n == 2 {
			before[to] = append(before[to], p.Steps[from].Name)
		} else if n == 1 {
			name[from] = p.Steps[from].Name
			order = append(order, p.Steps[from].Name)
		}
	}
	for i, step := range p.Steps {
		at := slices.Index(order, step.Name)
		if deps := before[i]; len(deps) > 0 {
			order[at] += "<" + strings.Join(deps, ",")
		}
	}
	return strings.Join(order, " ")
}

func TestOnlyWrittenDependencies(t *testing.T) {
	t.Parallel()
	p := newPipeline(t,
		describe(works("sum"), data("view orders"), nil), describe(works("read"), nil, data("view orders")))
	require.Equal(t, "read sum<read", edgesOf(t, p))
	p.WrittenOnly = true
	require.Equal(t, "sum read", edgesOf(t, p))
}

func TestGraphShowsWhatWasInferred(t *testing.T) {
	t.Parallel()
	p := newPipeline(t,
		describe(works("read"), nil, data("view orders")), describe(works("sum"), data("view orders"), nil), works("end", "sum"))
	require.Equal(t, "stage 1\n  read\nstage 2\n  sum     after read (orders)\nstage 3\n  end     after sum\n", graphOf(t, p, pipeline.GraphText))
	require.Contains(t, graphOf(t, p, pipeline.GraphMermaid), "s0 -.-> s1\n  s1 --> s2\n")
	require.Contains(t, graphOf(t, p, pipeline.GraphDOT), "s0 -> s1 [style=dashed];\n  s1 -> s2;\n")
	require.Equal(t, 1, strings.Count(graphOf(t, p, pipeline.GraphSVG), `stroke-dasharray="4 4"`))
}

func TestWhoOnlyWaitsRunsAfterAFailure(t *testing.T) {
	t.Parallel()
	p := newPipeline(t,
		describe(breaks("report"), data("table t"), nil), describe(works("load"), nil, data("table t")),
		describe(works("next"), data("table t"), nil))
	p.FailFast = false
	result, _ := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
	require.Equal(t, []string{"report failed: ", "load succeeded: ", "next succeeded: "}, statuses(result))
	p = newPipeline(t, describe(breaks("load"), nil, data("table t")), describe(works("report"), data("table t"), nil))
	p.FailFast = false
	result, _ = newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
	require.Equal(t, []string{"load failed: ", `report skipped: depends on "load", which failed`}, statuses(result))
}

// world holds what the components of a random pipeline read and make. A view is
// what it names, read anew each time, as Spark does.
type world struct {
	mu    sync.Mutex
	value map[string]string
	view  map[string][]string
}

func (w *world) read(name string) string {
	parts, isView := w.view[name]
	if !isView {
		return w.value[name]
	}
	var all []string
	for _, part := range parts {
		all = append(all, w.read(part))
	}
	return "(" + strings.Join(all, "+") + ")"
}

// TestSideBySideGivesTheSameData runs random pipelines without a written
// dependency one at a time and side by side and compares what is left.
func TestSideBySideGivesTheSameData(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			run := func(parallel int) map[string]string {
				w := &world{value: map[string]string{}, view: map[string][]string{}}
				p := w.randomPipeline(t, rand.New(rand.NewPCG(seed, 2))) //nolint:gosec // a test that can be repeated
				p.MaxParallel = parallel
				_, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
				require.NoError(t, err)
				return w.value
			}
			require.Equal(t, run(1), run(5), "seed %d", seed)
		})
	}
}

func (w *world) randomPipeline(t *testing.T, random *rand.Rand) *pipeline.Pipeline {
	t.Helper()
	var steps []pipeline.Step
	views := 0
	for i := range 2 + random.IntN(12) {
		var inputs []string
		for range random.IntN(3) {
			inputs = append(inputs, []string{"table a", "table b", "path c"}[random.IntN(3)])
			if views > 0 && random.IntN(2) == 0 {
				inputs[len(inputs)-1] = fmt.Sprintf("view v%d", random.IntN(views))
			}
		}
		output := []string{"table a", "table b", "path c", ""}[random.IntN(4)]
		if output == "" {
			output = fmt.Sprintf("view v%d", views)
			views++
		}
		name, pause := fmt.Sprintf("c%d", i), time.Duration(random.IntN(100))*time.Millisecond
		step := does(name, func(context.Context, component.Runtime) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if strings.HasPrefix(output, "view") {
				w.view[output] = inputs
				return nil
			}
			var read []string
			for _, in := range inputs {
				read = append(read, w.read(in))
			}
			w.mu.Unlock()
			time.Sleep(pause)
			w.mu.Lock()
			w.value[output] = name + "[" + strings.Join(read, ",") + "]"
			w.value["seen by "+name] = w.value[output]
			return nil
		})
		steps = append(steps, describe(step, data(inputs...), data(output)))
	}
	return newPipeline(t, steps...)
}
