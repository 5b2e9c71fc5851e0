package dataflow

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

var (
	_ Checker       = ReadView{}
	_ Checker       = SQLView{}
	_ Checker       = WriteView{}
	_ Checker       = Steps{}
	_ Checker       = Show{}
	_ SourceChecker = Input{}
)

// Check implements [Checker], with at most one analysis.
func (r ReadView) Check(ctx context.Context, scope *CheckScope) error {
	if err := r.Validate(); err != nil {
		return err
	}
	df, err := scope.Load(ctx, r.Source)
	if err != nil {
		return err
	}
	if df, err = scope.Filter(ctx, df, r.Filter); err != nil {
		return err
	}
	def, err := scope.Analyze(ctx, df)
	if err != nil {
		return scope.withoutData(ctx, r.View, err)
	}
	return scope.Register(ctx, r.View, df, def)
}

// withoutData goes on with the declared columns of a source whose data is not
// there.
func (s *CheckScope) withoutData(ctx context.Context, view string, err error) error {
	if s.declared == nil || classOf(err) != "PATH_NOT_FOUND" || cannotCheck(ctx, err) {
		return err
	}
	df, ok := s.checks.empty(*s.declared)
	if !ok || s.sample() {
		return err
	}
	s.fault(err)
	return s.Register(ctx, view, df, *s.declared)
}

// Check implements [Checker], with at most one analysis. A statement that is not
// provably a query is not sent.
func (s SQLView) Check(ctx context.Context, scope *CheckScope) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if stmt := sqltext.Parse(s.SQL); !stmt.Query {
		scope.statement(stmt)
		return &NotAnalysedError{Reason: stmt.Reason, Suspect: isQueryVerb(stmt.Verb)}
	}
	df, err := scope.SQL(ctx, s.SQL, namedArgs(s.Args)...)
	if err != nil {
		return err
	}
	def, err := scope.Analyze(ctx, df)
	if err != nil || s.View == "" {
		return err
	}
	return scope.Register(ctx, s.View, df, def)
}

// sameSchema are the statements that change rows alone.
var sameSchema = []string{"INSERT", "DELETE", "UPDATE", "MERGE", "TRUNCATE", "REFRESH", "ANALYZE", "CACHE", "UNCACHE"}

// ofTheSession are the statements that change what names and expressions mean.
var ofTheSession = []string{"USE", "SET", "RESET", "ADD", "DECLARE"}

// statement takes note of a statement that is not sent.
func (s *CheckScope) statement(stmt sqltext.Statement) {
	if slices.Contains(sameSchema, stmt.Verb) {
		s.lineage.Outputs = nil // they have the columns that they had
		return
	}
	if !stmt.Complete || slices.Contains(ofTheSession, stmt.Verb) || stmt.Verb == "CREATE" && len(stmt.Writes) == 0 {
		s.checks.doubt(s.name, stmt.Verb)
	}
}

// CheckLoad implements [SourceChecker].
func (i Input) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	if err := i.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if i.Query != "" {
		return scope.SQL(ctx, i.Query, namedArgs(i.Args)...)
	}
	return scope.Table(ctx, i.View, nil)
}

// Check implements [Checker], with at most one analysis of the input and one of
// the target.
func (w WriteView) Check(ctx context.Context, scope *CheckScope) error {
	if err := w.Validate(); err != nil {
		return err
	}
	df, err := scope.Load(ctx, w.Input)
	if err != nil {
		return err
	}
	def, err := scope.Analyze(ctx, df)
	if err != nil {
		return err
	}
	if w.View != "" {
		if err := scope.Register(ctx, w.View, df, def); err != nil {
			return err
		}
	}
	return scope.sink(ctx, w.Sink, df, def)
}

// sink checks a sink; in a sample, what would be written is what is read later.
func (s *CheckScope) sink(ctx context.Context, sink Sink, df sql.DataFrame, def schema.Definition) error {
	if !s.sample() {
		return s.Write(ctx, sink, def)
	}
	for _, d := range s.lineage.Outputs {
		if d.Kind != DatasetView {
			s.made(d, s.checks.keyOf(d), &madeData{def: def, df: df})
		}
	}
	return nil
}

// Check implements [Checker], with at most one analysis.
func (s Show) Check(ctx context.Context, scope *CheckScope) error {
	df, err := scope.Load(ctx, s.Input)
	if err != nil {
		return err
	}
	_, err = scope.Analyze(ctx, df)
	return err
}

// Check implements [Checker], with at most one analysis of what is made and one
// of the sink's target. Parts that cannot be checked leave it unknown.
func (s Steps) Check(ctx context.Context, scope *CheckScope) error {
	if err := s.Validate(); err != nil {
		return err
	}
	df, err := scope.Load(ctx, s.Source)
	if err != nil {
		return err
	}
	for i, t := range s.Transforms {
		checker, ok := t.(TransformChecker)
		if !ok {
			return notAnalysed("transform %d, a %T, is no dataflow.TransformChecker", i+1, t)
		}
		if df, err = checker.CheckTransform(ctx, scope, df); err != nil {
			return fmt.Errorf("transform %d: %w", i+1, err)
		}
	}
	def, err := scope.Analyze(ctx, df)
	if err != nil {
		return err
	}
	switch {
	case s.View == "":
	case s.Global:
		scope.global(s.View, df, def)
	default:
		if err := scope.Register(ctx, s.View, df, def); err != nil {
			return err
		}
	}
	if s.Sink == nil {
		return nil
	}
	return scope.sink(ctx, s.Sink, df, def)
}

// nullableColumns says that every column can be null, as Spark does of files.
func nullableColumns(def schema.Definition) schema.Definition {
	fields := slices.Clone(def.Fields)
	for i := range fields {
		fields[i].Nullable = true
	}
	return schema.Definition{Fields: fields}
}

// nullable is the type with nulls allowed everywhere in it.
func nullable(t schema.DataType) schema.DataType {
	t.ElemNullable = true
	if t.Elem != nil {
		elem := nullable(*t.Elem)
		t.Elem = &elem
	}
	if t.Key != nil {
		key := nullable(*t.Key)
		t.Key = &key
	}
	t.Fields = slices.Clone(t.Fields)
	for i := range t.Fields {
		t.Fields[i].Type, t.Fields[i].Nullable = nullable(t.Fields[i].Type), true
	}
	return t
}
