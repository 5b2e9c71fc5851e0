package dataflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
)

// Input is a [Source] of what is in the session already: a view, a table or a
// query over them. Either View or Query is set.
type Input struct {
	// View is the name of a view or table.
	View string
	// Query is a SQL query.
	Query string
	// Args are the values of the query's markers ":name".
	Args map[string]any
}

var (
	_ Source              = Input{}
	_ component.Validator = Input{}
)

// Validate checks that one of the two is set. It names the fields as
// configuration files do.
func (i Input) Validate() error {
	switch {
	case i.View == "" && i.Query == "":
		return errors.New(`set "input_view" or "query"`)
	case i.View != "" && i.Query != "":
		return errors.New(`"input_view" and "query" exclude each other`)
	case i.Query == "" && len(i.Args) > 0:
		return errors.New(`"args" are the values of the markers of a query; set "query"`)
	}
	return nil
}

// Load implements [Source], with no round trip for a view, a table or a SELECT.
func (i Input) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := i.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if i.Query != "" {
		return spark.SQL(ctx, i.Query, namedArgs(i.Args)...)
	}
	return TableSource{Table: i.View}.Load(ctx, spark)
}

// WriteView is a flow that writes a view, a table or the result of a query to a
// sink.
type WriteView struct {
	Input Input
	Sink  Sink
	// View registers what is written as a temporary view too, before it is written;
	// empty does not. What reads the view runs the query again, unless Cache is set.
	View string
	// Cache has the cluster keep the rows of the view until the session is closed;
	// empty does not. It wants a View.
	Cache StorageLevel
}

var (
	_ DataFlow            = WriteView{}
	_ component.Validator = WriteView{}
)

// Name implements [DataFlow].
func (w WriteView) Name() string {
	if w.Input.View == "" {
		return "write"
	}
	return "write " + w.Input.View
}

// Validate checks the input and the sink.
func (w WriteView) Validate() error {
	faults := errors.Join(w.Input.Validate(), validCache(w.View, w.Cache))
	if w.Sink == nil {
		return errors.Join(faults, errors.New("the flow has no sink"))
	}
	return errors.Join(faults, validate(w.Sink))
}

// Run implements [DataFlow].
func (w WriteView) Run(ctx context.Context, spark *Session, rt component.Runtime) error {
	if err := w.Validate(); err != nil {
		return err
	}
	df, err := w.Input.Load(ctx, spark)
	if err != nil {
		return err
	}
	return Deliver(ctx, spark, rt, df, End{View: w.View, Sink: w.Sink, Deliver: func(ctx context.Context, rows sql.DataFrame) error {
		if w.View != "" {
			if err := spark.register(ctx, rows, w.View, w.Cache); err != nil {
				return err
			}
		}
		return w.Sink.Write(ctx, spark, rows)
	}})
}

// Show is a flow that prints the first rows of a view, a table or a query to
// [component.Runtime.Output].
type Show struct {
	Input Input
	// Title is printed above the rows; empty prints none.
	Title string
	// Rows is how many are shown; 0 is 20.
	Rows int
	// Truncate cuts cells to that many characters; 0 cuts none.
	Truncate int
}

var (
	_ DataFlow            = Show{}
	_ component.Validator = Show{}
)

// Name implements [DataFlow].
func (s Show) Name() string { return "show" }

// Validate checks the input.
func (s Show) Validate() error { return s.Input.Validate() }

// Run implements [DataFlow], in one round trip.
func (s Show) Run(ctx context.Context, spark *Session, rt component.Runtime) error {
	df, err := s.Input.Load(ctx, spark)
	if err != nil {
		return err
	}
	text, err := spark.ShowString(ctx, df, cmp.Or(s.Rows, 20), s.Truncate)
	if err != nil {
		return err
	}
	if s.Title != "" {
		text = s.Title + "\n" + text
	}
	_, err = fmt.Fprint(rt.Output(), text)
	return err
}

// Lineage implements [Describer].
func (i Input) Lineage() Lineage {
	if i.Query != "" {
		return sqlLineage(i.Query)
	}
	return TableSource{Table: i.View}.Lineage()
}

// Lineage implements [Describer]. A flow that overwrites what it reads repeats
// its work.
func (w WriteView) Lineage() Lineage {
	l := w.Input.Lineage()
	if w.View != "" {
		l = l.makes(viewDataset(w.View, false))
	}
	return l.then(lineageOf(w.Sink))
}

// Lineage implements [Describer].
func (s Show) Lineage() Lineage { return s.Input.Lineage() }
