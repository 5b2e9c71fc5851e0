package quality

import (
	"context"
	"errors"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// AsideTag is a tag of the Spark operations that a gate and reporters send beside
// the work of the component: to stage rows, to write the quarantine and reports.
// That one of them has succeeded says nothing of the component, and all of them can
// be repeated.
const AsideTag = "sparkpipe-aside"

// aside marks the operations under the context.
func aside(ctx context.Context) context.Context { return dataflow.WithOperationTags(ctx, AsideTag) }

// settled takes the doubt out of an error of work beside that of the component. Who
// repeats an attempt asks what became of the operation that is in doubt, and takes
// its good end for that of the component. Work beside it leaves the same when it is
// done again, so it is ended on the server and the attempt may be repeated.
func settled(ctx context.Context, spark *dataflow.Session, err error) error {
	if !errors.Is(err, dataflow.ErrOutcomeUnknown) || errors.Is(err, dataflow.ErrSessionLost) || ctx.Err() != nil {
		return err // or nobody repeats it
	}
	var server *component.SparkError
	if errors.As(err, &server) && server.OperationID != "" {
		ctx, stop := releasing(ctx)
		defer stop()
		_, _ = spark.InterruptOperation(ctx, server.OperationID) // it may have ended long ago
	}
	return &asideError{err.Error()}
}

// asideError is an error of which only the text is left.
type asideError struct{ text string }

func (e *asideError) Error() string { return e.text }

// Retryable reports that another attempt may succeed.
func (*asideError) Retryable() bool { return true }

// columnOf is a column of the first level for the methods of the client.
func columnOf(name string) column.Column { return functions.Col(dataflow.QuoteName(name)) }

// received takes an expression over from the client.
func received(ctx context.Context, c column.Convertible) expr {
	msg, err := c.ToProto(ctx)
	if err != nil {
		return expr{err: err}
	}
	data, err := proto.Marshal(msg)
	return expr{data, err}
}
