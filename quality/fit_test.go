package quality_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/quality"
)

func TestFit(t *testing.T) {
	t.Parallel()
	def, err := schema.Parse("id BIGINT, name STRING, tags ARRAY<STRING>")
	require.NoError(t, err)
	good := quality.Suite{Rules: []quality.Rule{
		{Check: quality.NotNull{Columns: []string{"id"}}}, {Check: quality.Range{Column: "id", Min: 1}}, {Check: quality.Unique{Columns: []string{"id", "name"}}},
	}}
	require.Empty(t, good.Fit(def))
	bad := quality.Suite{Rules: []quality.Rule{
		{Check: quality.NotNull{Columns: []string{"idd"}}, Name: "there"}, {Check: quality.Range{Column: "tags", Min: 1}},
	}}
	faults := bad.Fit(def)
	require.Len(t, faults, 2)
	require.ErrorContains(t, faults[0], `rule "there": `)
	require.ErrorContains(t, faults[0], "did you mean id?")
	require.ErrorContains(t, faults[1], "tags")
}
