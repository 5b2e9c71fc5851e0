package dataflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// step makes a view, and reads one if it is given.
func step(name string, output *schema.Contract, reads string, input *schema.Contract) dataflow.ContractStep {
	s := dataflow.ContractStep{Name: name, Output: output, Makes: []dataflow.Dataset{{Kind: dataflow.DatasetView, Name: "made_by_" + name}}}
	if reads != "" {
		s.Reads = []dataflow.Dataset{{Kind: dataflow.DatasetRelation, Name: reads}}
	}
	if input != nil {
		s.Inputs = map[string]schema.Contract{reads: *input}
	}
	return s
}

func TestComparePipeline(t *testing.T) {
	t.Parallel()
	full, less := wanted(t, "id BIGINT NOT NULL, name STRING", schema.CompatibleRules()), wanted(t, "id INT", schema.CompatibleRules())
	strict := dataflow.SchemaValidation{Strict: true}
	tests := map[string]struct {
		steps []dataflow.ContractStep
		rules dataflow.SchemaValidation
		want  []string
	}{
		"they agree": {steps: []dataflow.ContractStep{step("a", full, "", nil), step("b", nil, "MADE_BY_a", full)}},
		"they do not": {
			steps: []dataflow.ContractStep{step("a", less, "", nil), step("b", nil, "made_by_a", full)},
			want:  []string{`error made_by_a, which component "a" makes and component "b" reads: id: can be null, and must not be; name: is missing, wanted STRING`},
		},
		"warnings": {
			steps: []dataflow.ContractStep{step("a", full, "", nil), step("b", nil, "made_by_a", wanted(t, "id BIGINT", schema.CompatibleRules()))},
			want:  []string{`warning made_by_a, which component "a" makes and component "b" reads: name: is not wanted, found STRING`},
		},
		"warnings, grave": {
			steps: []dataflow.ContractStep{step("a", full, "", nil), step("b", nil, "made_by_a", wanted(t, "id BIGINT", schema.CompatibleRules()))},
			rules: dataflow.SchemaValidation{FailOnWarning: true},
			want:  []string{`error made_by_a, which component "a" makes and component "b" reads: name: is not wanted, found STRING`},
		},
		"one side":            {steps: []dataflow.ContractStep{step("a", full, "", nil), step("b", nil, "made_by_a", nil)}, want: []string{`warning made_by_a, which component "a" makes and component "b" reads, has a contract of its maker alone`}},
		"one side, strict":    {steps: []dataflow.ContractStep{step("a", nil, "", nil), step("b", nil, "made_by_a", full)}, rules: strict, want: []string{`error made_by_a, which component "a" makes and component "b" reads, has a contract of its reader alone`}},
		"none":                {steps: []dataflow.ContractStep{step("a", nil, "", nil), step("b", nil, "made_by_a", nil)}},
		"none, strict":        {steps: []dataflow.ContractStep{step("a", nil, "", nil), step("b", nil, "made_by_a", nil)}, rules: strict, want: []string{`error made_by_a, which component "a" makes and component "b" reads, has no contract`}},
		"nobody makes it":     {steps: []dataflow.ContractStep{step("b", nil, "db.t", full)}, rules: strict},
		"made after it":       {steps: []dataflow.ContractStep{step("b", nil, "made_by_a", full), step("a", less, "", nil)}, rules: strict},
		"the last one counts": {steps: []dataflow.ContractStep{step("a", less, "", nil), step("a", full, "", nil), step("b", nil, "`made_by_a`", full)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range dataflow.ComparePipeline(tt.steps, tt.rules) {
				require.Equal(t, "b", f.Consumer)
				require.Equal(t, "a", f.Producer)
				got = append(got, f.Severity.String()+" "+f.String())
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestContractStepOfAComponent(t *testing.T) {
	t.Parallel()
	part := dataflow.Component(dataflow.SQLView{SQL: "SELECT * FROM orders JOIN db.people USING (id)", View: "joined"})
	s := dataflow.ContractStepOf("j", part, dataflow.ContractGate{Output: wanted(t, "id INT", nil)})
	require.Equal(t, []dataflow.Dataset{{Kind: dataflow.DatasetView, Name: "joined"}}, s.Makes)
	require.Len(t, s.Reads, 2)
	require.NotNil(t, s.Output)
	first := dataflow.ContractStepOf("o", dataflow.Component(dataflow.SQLView{SQL: "SELECT 1 AS id", View: "orders"}), dataflow.ContractGate{})
	require.Len(t, dataflow.ComparePipeline([]dataflow.ContractStep{first, s}, dataflow.SchemaValidation{Strict: true}), 1)
}
