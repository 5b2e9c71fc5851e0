package main

import (
	"context"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// squaresSource gives the squares of the numbers from 1 on. Its keys in files are
// the tags of its fields.
type squaresSource struct {
	Count int `koanf:"count" required:"true" min:"1" doc:"how many squares"`
}

// maxSquares is the greatest number whose square is a BIGINT.
const maxSquares = 3_037_000_499

// Validate implements [component.Validator]: what it says is told before anything
// runs, with the place in the file.
func (s squaresSource) Validate() error {
	if s.Count > maxSquares {
		return fmt.Errorf("count is %d; the square of a number above %d is no BIGINT", s.Count, maxSquares)
	}
	return nil
}

// Load implements [dataflow.Source].
func (s squaresSource) Load(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	return spark.SQL(ctx, "SELECT id, id * id AS square FROM range(1, :end)", dataflow.Named("end", s.Count+1))
}
