package quality_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/quality"
)

// The faults of rules show before there is a cluster.
func ExampleSuite_Validate() {
	suite := quality.Suite{Rules: []quality.Rule{
		{Check: quality.Range{Column: "age", Min: 0, Max: 130}},
		{Check: quality.NotNull{Columns: []string{"id"}}, Where: "country = 'DE') OR (true"},
		{Check: quality.Unique{Columns: []string{"id"}}, Action: quality.ActionDrop},
	}}
	fmt.Println(suite.Validate())
	// Output:
	// rule "not_null(id)": where: "country = 'DE') OR (true" is no SQL condition: the bracket ) closes nothing
	// rule "unique(id)": action drop wants a check of single rows, and unique is none: a row is bad only beside others
}

// A block of a configuration file becomes a rule by its kind.
func ExampleKindOf() {
	kind, err := quality.KindOf("null_check")
	if err != nil {
		fmt.Println(err)
		return
	}
	block := config.NewSection(map[string]any{"columns": []any{"id", "address.zip"}, "max_null_pct": 1.5, "action": "quarantine"})
	rule, err := kind.Decode(block.Decode)
	fmt.Println(kind.Name, rule.Check, rule.MaxBadShare, rule.Action, err)
	// Output:
	// not_null not_null(id, address.zip) 0.015 quarantine <nil>
}

// A report says of every rule what became of it.
func ExampleReport_Err() {
	report := &quality.Report{Subject: "orders", Results: []quality.Result{
		{Rule: "ids", Check: "not_null(id)", Action: quality.ActionFail, Status: quality.StatusFailed, Rows: 100, Bad: 2, Message: "2 of 100 rows are null"},
		{Rule: "amounts", Check: "range(amount 0..)", Action: quality.ActionExpect, Status: quality.StatusFailed, Rows: 100, Bad: 7, Message: "7 of 100 rows are out of range"},
	}}
	fmt.Println(report.Err())
	// Output:
	// 1 of 2 quality rules failed on orders:
	//   ids: 2 of 100 rows are null (not_null(id))
}
