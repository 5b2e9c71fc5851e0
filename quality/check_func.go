package quality

import (
	"context"
	"errors"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Func is a check in Go. It runs when the others are measured, counts as one query,
// and may run beside others; files cannot have one.
type Func struct {
	// Name is what reports call it; required.
	Name string
	// Run looks at the rows; required. Of its result Status, Rows, Bad, Values and
	// Message are taken. An error, or a Status that is neither [StatusPassed] nor
	// [StatusFailed], says that it could not be evaluated, and so does a panic.
	Run func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) (Result, error)
}

// Kind implements [Check].
func (Func) Kind() string { return "func" }

// String implements [Check].
func (c Func) String() string { return describe(c.Kind(), c.Name) }

// Validate implements [Check].
func (c Func) Validate() error {
	var faults []error
	if c.Name == "" {
		faults = append(faults, errors.New("func: set Name"))
	}
	if c.Run == nil {
		faults = append(faults, errors.New("func: set Run"))
	}
	return errors.Join(faults...)
}

func (Func) ignoresWhere() bool { return true }

func (c Func) prepare(t *target) (*probe, error) { //nolint:unparam // the interface has the error
	p := t.probe(func(m metrics) (verdict, error) {
		r, _ := m.found["result"].(Result)
		return verdict{r.Status, r.Rows, r.Bad, r.Values, r.Message}, nil
	})
	p.query = &query{run: func(ctx context.Context, e *evaluation, _ metrics) (found, error) {
		e.count()
		r, err := c.Run(ctx, e.spark, e.df)
		return found{"result": r}, err
	}}
	return p, nil
}
