package dataflow

import (
	"context"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
)

// Gate stands between the rows that a flow has made and where they go, so that it
// can look at them, leave some out, or refuse them all. Runners put gates into the
// [component.Runtime] with [WithGate]; flows hand their rows to [Deliver].
type Gate interface {
	// Pass gets the rows once for each attempt. It hands them, or others, to
	// end.Deliver at most once, with a context made of ctx; to return without it
	// leaves everything as it was, and then the error says why. It blocks until that
	// is done.
	Pass(ctx context.Context, spark *Session, rt component.Runtime, rows sql.DataFrame, end End) error
}

// End is where the rows of a flow go.
type End struct {
	// View is the temporary view that the rows become, or empty.
	View string
	// Sink is where they are written, or nil.
	Sink Sink
	// Deliver registers the view and writes to the sink, whichever there is. It
	// blocks until that is done.
	Deliver func(ctx context.Context, rows sql.DataFrame) error
}

type gateKey struct{}

// WithGate returns a copy of rt that has one gate more. Gates that were put there
// before see the rows before it.
func WithGate(rt component.Runtime, gate Gate) component.Runtime {
	return rt.WithResource(gateKey{}, append(gatesOf(rt), gate))
}

// gatesOf returns a list that may be appended to.
func gatesOf(rt component.Runtime) []Gate {
	gates, _ := rt.Resource(gateKey{}).([]Gate)
	return gates[:len(gates):len(gates)]
}

// Deliver brings the rows of a flow to their end, through the gates of rt. Flows of
// this package call it; one of your own that calls it can be checked from
// configuration files too. It blocks until the rows are delivered.
func Deliver(ctx context.Context, spark *Session, rt component.Runtime, rows sql.DataFrame, end End) error {
	return pass(ctx, spark, rt, gatesOf(rt), rows, end)
}

func pass(ctx context.Context, spark *Session, rt component.Runtime, gates []Gate, rows sql.DataFrame, end End) error {
	if len(gates) == 0 {
		return end.Deliver(ctx, rows)
	}
	delivered := false
	next := end
	next.Deliver = func(ctx context.Context, rows sql.DataFrame) error {
		if delivered {
			return fmt.Errorf("gate %T: the rows are delivered twice", gates[0])
		}
		delivered = true
		return pass(ctx, spark, rt, gates[1:], rows, end)
	}
	err := gates[0].Pass(ctx, spark, rt, rows, next)
	if err == nil && !delivered {
		return fmt.Errorf("gate %T: the rows are neither delivered nor refused", gates[0])
	}
	return err
}
