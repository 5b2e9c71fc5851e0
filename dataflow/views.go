package dataflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

// ReadView is a flow that registers a source as a temporary view.
type ReadView struct {
	// Source gives the data.
	Source Source
	// Filter is a SQL condition on its rows; empty keeps all.
	Filter string
	// View is the name of the view.
	View string
	// Cache has the cluster keep the rows, from the first use of the view until
	// the session is closed; empty does not.
	Cache StorageLevel
}

var (
	_ DataFlow            = ReadView{}
	_ component.Validator = ReadView{}
)

// Name implements [DataFlow].
func (r ReadView) Name() string { return "read " + r.View }

// Validate checks the source and the name of the view.
func (r ReadView) Validate() error {
	var faults []error
	if r.Source == nil {
		faults = append(faults, errors.New("the flow has no source"))
	}
	if r.View == "" {
		faults = append(faults, errors.New("the view has no name"))
	}
	return errors.Join(append(faults, validate(r.Source))...)
}

// Run implements [DataFlow], in one round trip, two with Cache.
func (r ReadView) Run(ctx context.Context, spark *Session, rt component.Runtime) error {
	if err := r.Validate(); err != nil {
		return err
	}
	df, err := r.Source.Load(ctx, spark)
	if err != nil {
		return err
	}
	if r.Filter != "" {
		if df, err = df.FilterByString(ctx, r.Filter); err != nil {
			return fmt.Errorf("filter: %w", err)
		}
	}
	return Deliver(ctx, spark, rt, df, spark.viewEnd(r.View, r.Cache))
}

// SQLView is a flow that runs SQL over views and tables. With a View the result
// becomes a temporary view; without one the statement is run for its effect.
type SQLView struct {
	// SQL is one statement.
	SQL string
	// Args are the values of its markers ":name".
	Args map[string]any
	// View is the name for the result, or empty.
	View string
	// Cache has the cluster keep the rows, from the first use of the view until
	// the session is closed; empty does not. It wants a View.
	Cache StorageLevel
}

var (
	_ DataFlow            = SQLView{}
	_ component.Validator = SQLView{}
)

// Name implements [DataFlow].
func (s SQLView) Name() string {
	if s.View == "" {
		return "sql"
	}
	return "sql " + s.View
}

// Validate checks that there is a statement.
func (s SQLView) Validate() error {
	if strings.TrimSpace(s.SQL) == "" {
		return errors.New("the SQL statement is empty")
	}
	return validCache(s.View, s.Cache)
}

// validCache refuses to keep the rows of no view.
func validCache(view string, level StorageLevel) error {
	if view == "" && level != "" {
		return errors.New(`"cache" keeps the rows of a view; set "output_view"`)
	}
	return nil
}

// Run implements [DataFlow].
func (s SQLView) Run(ctx context.Context, spark *Session, rt component.Runtime) error {
	if err := s.Validate(); err != nil {
		return err
	}
	args := namedArgs(s.Args)
	if s.View == "" {
		return spark.Exec(ctx, s.SQL, args...)
	}
	df, err := spark.SQL(ctx, s.SQL, args...)
	if err != nil {
		return err
	}
	return Deliver(ctx, spark, rt, df, spark.viewEnd(s.View, s.Cache))
}

// namedArgs gives the values of markers ":name" as arguments of [Session.SQL].
func namedArgs(values map[string]any) []any {
	args := make([]any, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		args = append(args, Named(name, values[name]))
	}
	return args
}

// Lineage implements [Describer].
func (r ReadView) Lineage() Lineage {
	return lineageOf(r.Source).then(filterLineage(r.Filter)).makes(viewDataset(r.View, false))
}

// Lineage implements [Describer]. It says what the statement does.
func (s SQLView) Lineage() Lineage {
	l := sqlLineage(s.SQL)
	if s.View != "" {
		l = l.makes(viewDataset(s.View, false))
	}
	return l
}
