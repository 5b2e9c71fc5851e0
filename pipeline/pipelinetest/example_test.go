package pipelinetest_test

import (
	"testing"

	"github.com/sparkpipe/sparkpipe/pipeline/pipelinetest"
)

// A test runs a configuration file and asks the session what came out.
func ExampleRunFile() {
	_ = func(t *testing.T) { // func TestRevenue(t *testing.T)
		result, spark := pipelinetest.RunFile(t, "testdata/revenue.yaml")
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		df, err := spark.Table("revenue_by_country")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := df.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != 3 {
			t.Errorf("got %d countries, want 3", len(rows))
		}
	}
	// Output:
}
