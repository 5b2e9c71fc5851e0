package pipeline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func TestSelection(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		choice pipeline.Selection
		want   string
		err    string
	}{
		{"one, with the views that it reads", pipeline.Selection{Only: []string{"save"}}, "read sum save", ""},
		{"several", pipeline.Selection{Only: []string{"mail", "load"}}, "load mail", ""},
		{"from one on", pipeline.Selection{From: []string{"sum"}}, "read sum save mail", ""},
		{"up to one", pipeline.Selection{Until: []string{"sum"}}, "load read sum", ""},
		{"from one to another", pipeline.Selection{From: []string{"read"}, Until: []string{"save"}}, "read sum save", ""},
		{"nothing named is everything", pipeline.Selection{}, "load read sum save mail", ""},
		{"no such name", pipeline.Selection{Only: []string{"svae"}, From: []string{"zzz"}}, "",
			"pipeline \"p\" failed: the selection: no component is named \"svae\"; did you mean \"save\"?\nthe selection: no component is named \"zzz\""},
		{"nothing is left", pipeline.Selection{From: []string{"mail"}, Until: []string{"load"}}, "", "pipeline \"p\" failed: the selection: no component meets all of it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := &diary{}
			p := newPipeline(t,
				d.step("load", dataflow.EffectRepeats, data("table t")),
				d.step("read", dataflow.EffectNone, data("view orders"), "load"),
				d.step("sum", dataflow.EffectNone, data("view sums"), "read"),
				d.step("save", dataflow.EffectIdempotent, data("path /out"), "sum"),
				d.step("mail", dataflow.EffectRepeats, nil, "save"))
			result, err := newRunner(t, pipeline.RunnerOptions{Select: &tc.choice}).Run(t.Context(), p)
			require.Equal(t, tc.want, d.took())
			require.Len(t, result.Components, 5)
			if tc.err != "" {
				require.EqualError(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			for _, c := range result.Components {
				if c.Attempts == 0 {
					require.Equal(t, "not selected", c.Reason)
				}
			}
		})
	}
}
