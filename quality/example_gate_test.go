package quality_test

import (
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/quality"
)

func ExampleNewGate() {
	suite := quality.Suite{Rules: []quality.Rule{
		{Check: quality.NotNull{Columns: []string{"id"}}, Action: quality.ActionQuarantine},
	}}
	_, err := quality.NewGate(suite, nil)
	fmt.Println(err)
	_, err = quality.NewGate(suite, &quality.GateOptions{Quarantine: quality.Quarantine{Path: "/lake/quarantine", Format: "csv"}})
	fmt.Println(err)
	gate, err := quality.NewGate(suite, &quality.GateOptions{Quarantine: quality.Quarantine{Path: "/lake/quarantine"}})
	fmt.Println(gate.Passed(), err)
	// Output:
	// a rule has the action quarantine; say with quarantine where its rows go
	// quarantine: the format csv has no arrays, and _failed_rules is one; write parquet, orc, json, avro or delta
	// false <nil>
}

func ExampleTrendMarkdown() {
	var reports []*quality.Report
	for day, bad := range []int64{0, 2, 3, 12} {
		reports = append(reports, &quality.Report{
			Started: time.Date(2026, 5, 1+day, 0, 0, 0, 0, time.UTC),
			Results: []quality.Result{{Rule: "prices are known", Status: quality.StatusPassed, Rows: 1000, Bad: bad}},
		})
	}
	fmt.Print(quality.TrendMarkdown(reports))
	// Output:
	// | rule | runs | bad rows | newest | status |
	// |---|---:|---|---:|---|
	// | prices are known | 4 | ▁▂▂█ | 12 | passed |
}
