package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func TestOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps []pipeline.Step
		want  string
	}{
		{"independent steps keep the declaration", []pipeline.Step{works("c"), works("a"), works("b")}, "c a b"},
		{"a chain in reverse", []pipeline.Step{works("c", "b"), works("b", "a"), works("a")}, "a b c"},
		{
			"a diamond", []pipeline.Step{
				works("d", "b", "c"), works("c", "a"), works("b", "a"), works("a"),
			}, "a c b d",
		},
		{"free steps come before those that wait", []pipeline.Step{works("a"), works("b", "a"), works("c")}, "a c b"},
		{"a dependency named twice counts once", []pipeline.Step{works("b", "a", "a"), works("a")}, "a b"},
		{"disabled steps keep their place", []pipeline.Step{works("c", "b"), off(works("b", "a")), works("a")}, "a b c"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t, test.steps...)
			result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
			mustKeepPromise(t, p, result, err)
			require.NoError(t, err)
			var names []string
			for _, c := range result.Components {
				names = append(names, c.Name)
			}
			require.Equal(t, test.want, strings.Join(names, " "))
		})
	}
}

func TestGraphFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps []pipeline.Step
		want  string
		is    []error
	}{
		{"no steps", nil, `pipeline "p" is not valid: there are no steps`, []error{pipeline.ErrNoSteps}},
		{
			"a step without a name", []pipeline.Step{works("a"), works("", "a")},
			`pipeline "p" is not valid: steps[1]: the name is empty`, []error{pipeline.ErrNoName},
		},
		{
			"two steps with one name", []pipeline.Step{works("a"), works("b"), works("a")},
			`pipeline "p" is not valid: component "a": the name is used twice, by steps[0] and steps[2]`,
			[]error{pipeline.ErrDuplicateName},
		},
		{
			"a dependency that does not exist", []pipeline.Step{works("a", "x")},
			`pipeline "p" is not valid: component "a" depends on "x", which is not in the pipeline`,
			[]error{pipeline.ErrUnknownDependency},
		},
		{
			"a step that waits for itself", []pipeline.Step{works("a", "a")},
			`pipeline "p" is not valid: dependency cycle: a -> a (each depends on the next)`, []error{pipeline.ErrCycle},
		},
		{
			"a cycle behind and before other steps",
			[]pipeline.Step{works("z", "b"), works("c", "a"), works("b", "c"), works("a", "b", "free"), works("free"), works("y", "z")},
			`pipeline "p" is not valid: dependency cycle: c -> a -> b -> c (each depends on the next)`,
			[]error{pipeline.ErrCycle},
		},
		{
			"a step without a component", []pipeline.Step{{Name: "a", Type: "sql"}},
			`pipeline "p" is not valid: component "a" (sql): the step has no component`, []error{pipeline.ErrNoComponent},
		},
		{
			"everything at once",
			[]pipeline.Step{works("a", "b"), works("b", "a"), works("c", "d"), works("d", "c"), works("e", "x", "y"), {}},
			`pipeline "p" is not valid:
steps[5]: the name is empty
component "e" depends on "x", which is not in the pipeline
component "e" depends on "y", which is not in the pipeline
dependency cycle: a -> b -> a (each depends on the next)
dependency cycle: c -> d -> c (each depends on the next)
component "": the step has no component`,
			[]error{pipeline.ErrNoName, pipeline.ErrUnknownDependency, pipeline.ErrCycle, pipeline.ErrNoComponent},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := pipeline.New("p", test.steps...)
			require.Nil(t, p)
			require.EqualError(t, err, test.want)
			for _, sentinel := range test.is {
				require.ErrorIs(t, err, sentinel)
			}
			var invalid *pipeline.InvalidError
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, "p", invalid.Pipeline)
		})
	}
}

func TestPipelineWithoutAName(t *testing.T) {
	t.Parallel()
	_, err := pipeline.New("", works("a"))
	require.EqualError(t, err, `pipeline "" is not valid: the name is empty`)
	require.ErrorIs(t, err, pipeline.ErrNoName)
}

func TestDependencyAndCycleErrorsCanBeRead(t *testing.T) {
	t.Parallel()
	_, err := pipeline.New("p", works("a", "b"), works("b", "a"), works("c", "x"))
	var cycle *pipeline.CycleError
	require.ErrorAs(t, err, &cycle)
	require.Equal(t, []string{"a", "b", "a"}, cycle.Path)
	var dependency *pipeline.DependencyError
	require.ErrorAs(t, err, &dependency)
	require.Equal(t, "c", dependency.Component)
	require.Equal(t, "x", dependency.DependsOn)
}

func TestLongChainInReverse(t *testing.T) {
	t.Parallel()
	const length = 10_000
	steps := make([]pipeline.Step, length)
	for i := range steps {
		steps[i] = works(fmt.Sprintf("c%d", i))
		if i+1 < length {
			steps[i].DependsOn = []string{fmt.Sprintf("c%d", i+1)}
		}
	}
	began := time.Now()
	p := newPipeline(t, steps...)
	require.Less(t, time.Since(began), 2*time.Second, "ordering is linear")
	result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "c9999", result.Components[0].Name)
	require.Equal(t, "c0", result.Components[length-1].Name)

	steps[length-1].DependsOn = []string{"c0"}
	_, err = pipeline.New("p", steps...)
	var cycle *pipeline.CycleError
	require.ErrorAs(t, err, &cycle)
	require.Len(t, cycle.Path, length+1)
}

// FuzzOrder checks that every graph is either ordered or refused for a cycle
// that is one.
func FuzzOrder(f *testing.F) {
	f.Add(3, []byte{0, 1, 1, 2, 2, 0})
	f.Add(4, []byte{3, 2, 2, 1, 1, 0})
	f.Fuzz(func(t *testing.T, n int, edges []byte) {
		if n < 1 || n > 64 {
			t.Skip()
		}
		var order []string
		steps := make([]pipeline.Step, n)
		for i := range steps {
			name := fmt.Sprint(i)
			steps[i] = does(name, func(context.Context, component.Runtime) error {
				order = append(order, name)
				return nil
			})
		}
		for ; len(edges) > 1; edges = edges[2:] {
			from := int(edges[0]) % n
			steps[from].DependsOn = append(steps[from].DependsOn, fmt.Sprint(int(edges[1])%n))
		}
		p, err := pipeline.New("p", steps...)
		if err != nil {
			requireRealCycle(t, steps, err)
			return
		}
		_, err = newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
		require.NoError(t, err)
		require.Len(t, order, n)
		for i := range steps {
			for _, dep := range steps[i].DependsOn {
				require.Less(t, slices.Index(order, dep), slices.Index(order, steps[i].Name))
			}
		}
	})
}

func requireRealCycle(t *testing.T, steps []pipeline.Step, err error) {
	t.Helper()
	var cycle *pipeline.CycleError
	require.ErrorAs(t, err, &cycle)
	require.Equal(t, cycle.Path[0], cycle.Path[len(cycle.Path)-1])
	for i, name := range cycle.Path[:len(cycle.Path)-1] {
		at := slices.IndexFunc(steps, func(s pipeline.Step) bool { return s.Name == name })
		require.Contains(t, steps[at].DependsOn, cycle.Path[i+1])
	}
}
