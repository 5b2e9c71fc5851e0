package doctor_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/doctor"
)

func ExampleExamine() {
	report := doctor.Examine(context.Background(), &pipeline.Pipeline{Name: "orders"}, &doctor.Options{
		Open: func(context.Context, *pipeline.Pipeline) (*dataflow.Session, error) {
			return nil, errors.New("connection refused")
		},
	})
	for _, finding := range report.Findings {
		fmt.Println(finding.Status, finding.Check+":", finding.Message)
	}
	// Output: failed server: no session could be opened: connection refused
}
