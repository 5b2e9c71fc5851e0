package pipeline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// reader is a component that says what it reads and makes.
type reader struct {
	component.PipelineComponent
	lineage dataflow.Lineage
}

func (r reader) Lineage() dataflow.Lineage { return r.lineage }

func TestDependencies(t *testing.T) {
	t.Parallel()
	view := func(names ...string) []dataflow.Dataset {
		var out []dataflow.Dataset
		for _, name := range names {
			out = append(out, dataflow.Dataset{Kind: dataflow.DatasetView, Name: name})
		}
		return out
	}
	step := func(name string, in, out []dataflow.Dataset, deps ...string) pipeline.Step {
		s := works(name, deps...)
		s.Component = reader{s.Component, dataflow.Lineage{Inputs: in, Outputs: out, Effect: dataflow.EffectNone}}
		return s
	}
	p := newPipeline(t,
		step("load", nil, view("v")),
		step("clean", view("v"), view("w")),
		step("again", nil, view("v")), // comes behind those that read and made it
		step("last", view("w"), nil, "load", "load"),
	)
	got, err := p.Dependencies()
	require.NoError(t, err)
	require.Len(t, got, 4)
	require.Empty(t, got[0].DependsOn)
	require.Equal(t, []string{"load"}, got[1].DependsOn, "nobody wrote it")
	require.Contains(t, got[2].After, "clean")
	require.Equal(t, []string{"load"}, got[3].DependsOn, "what is written is all there is")

	p.WrittenOnly = true
	got, err = p.Dependencies()
	require.NoError(t, err)
	require.Empty(t, got[1].DependsOn)
	require.Empty(t, got[2].After)

	p.Steps[0].Name = ""
	_, err = p.Dependencies()
	require.ErrorIs(t, err, pipeline.ErrNoName)
}
