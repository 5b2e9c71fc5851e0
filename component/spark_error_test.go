package component_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
)

func TestSparkErrorLeavesPlansOut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault component.SparkError
		want  string
	}{
		{
			"all fields",
			component.SparkError{Code: "Internal", Class: "A.B", SQLState: "42703", Message: "no such column", Hint: "look again"},
			"[A.B] no such column (SQLSTATE 42703); look again",
		},
		{"no class", component.SparkError{Code: "Unavailable", Message: "gone"}, "[Unavailable] gone"},
		{"message only", component.SparkError{Message: " gone\n"}, "gone"},
		{
			"a plan is left out, the place is not",
			component.SparkError{Message: "no `x`.; line 1 pos 11;\n'Project ['x]\n+- SubqueryAlias v\n   +- View (`v`, [a#1])\n      :- Range\n      +- OneRowRelation"},
			"no `x`.; line 1 pos 11",
		},
		{"a plan of one node", component.SparkError{Message: "no v; line 1 pos 14;\n'UnresolvedRelation [v], [], false"}, "no v; line 1 pos 14"},
		{
			"a resolved plan",
			component.SparkError{Message: "nope;\nProject [1 AS a#1]\n+- OneRowRelation\n"},
			"nope",
		},
		{
			"text of several lines stays",
			component.SparkError{Message: "bad;\nVerify the name.\nOr the schema."},
			"bad;\nVerify the name.\nOr the schema.",
		},
		{
			"text, then a plan",
			component.SparkError{Message: "bad;\nVerify the name.;\n'Project ['x]\n+- OneRowRelation"},
			"bad;\nVerify the name.",
		},
		{"one line of text stays", component.SparkError{Message: "bad;\nVerify the name"}, "bad;\nVerify the name"},
		{
			"a statement stays",
			component.SparkError{Message: "Syntax error.(line 1, pos 2)\n\n== SQL ==\nSELECT 1;\nSELECT 2\n^^^\n"},
			"Syntax error.(line 1, pos 2)\n\n== SQL ==\nSELECT 1;\nSELECT 2\n^^^",
		},
		{"nothing after the semicolon", component.SparkError{Message: "bad;\n"}, "bad;"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, test.fault.Error())
		})
	}
}

func TestSparkErrorWithoutDetails(t *testing.T) {
	t.Parallel()
	causes, err := (&component.SparkError{}).Causes(t.Context())
	require.ErrorIs(t, err, component.ErrNoDetails)
	require.Nil(t, causes)
}
