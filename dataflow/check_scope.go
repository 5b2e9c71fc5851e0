package dataflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// CheckScope is what a [Checker] checks itself with. It belongs to one component
// and must not be used after Check has returned, nor by several goroutines at
// once.
type CheckScope struct {
	checks  *CheckSession
	name    string
	lineage Lineage
	result  CheckResult
	// bases are the tables and files that the component reads, also through views.
	bases []string
	// defs are the columns of frames that are known.
	defs map[sql.DataFrame]schema.Definition
	// declared are the columns that a source without data would have had.
	declared *schema.Definition
}

// Spark returns the session of the check, for building plans. Nothing must be
// executed in it.
func (s *CheckScope) Spark() *Session { return s.checks.spark }

// Infer reports whether sources may have their data read to find the columns.
func (s *CheckScope) Infer() bool { return s.checks.opts.Infer || s.sample() }

// Sampling reports whether this is the check of a sample, in which plans are run.
func (s *CheckScope) Sampling() bool { return s.sample() }

func (s *CheckScope) sample() bool { return s.checks.opts.Sample > 0 }

// Report adds a finding and lets the check go on.
func (s *CheckScope) Report(severity CheckSeverity, err error) {
	s.result.Findings = append(s.result.Findings, CheckFinding{Severity: severity, Err: err})
}

// Analyze returns the columns of a DataFrame, as Spark's analysis of its plan
// finds them. It blocks for one round trip, or none when they are known. Such a
// DataFrame comes from this scope, or is built on one; a plan that was made by
// hand must hold nothing but queries. In the check of a sample the plan is run
// instead, its rows are thrown away, and no columns are returned.
func (s *CheckScope) Analyze(ctx context.Context, df sql.DataFrame) (schema.Definition, error) {
	if s.sample() {
		return schema.Definition{}, s.checks.discard(ctx, df)
	}
	def, known := s.defs[df]
	if !known {
		var err error
		if def, err = s.checks.analyze(ctx, df); err != nil {
			return schema.Definition{}, err
		}
		s.defs[df] = def
	}
	return def, nil
}

// discard runs a plan for nothing.
func (c *CheckSession) discard(ctx context.Context, df sql.DataFrame) error {
	plan, err := c.spark.Export(ctx, df)
	if err != nil {
		return err
	}
	noop := "noop"
	_, err = c.spark.conn.Execute(ctx, &wire.Command{CommandType: &wire.Command_WriteOperation{
		WriteOperation: &wire.WriteOperation{Input: plan, Source: &noop, Mode: SaveModeOverwrite.wire()},
	}})
	return err
}

// Load gives a DataFrame with the columns of a source. A source that is no
// [SourceChecker] is not analysed.
func (s *CheckScope) Load(ctx context.Context, source Source) (sql.DataFrame, error) {
	checker, ok := source.(SourceChecker)
	if !ok {
		return nil, notAnalysed("its source %T is no dataflow.SourceChecker", source)
	}
	return checker.CheckLoad(ctx, s)
}

// Write checks that a sink would take the columns of a DataFrame. A sink that is
// no [SinkChecker] is not analysed.
func (s *CheckScope) Write(ctx context.Context, sink Sink, in schema.Definition) error {
	checker, ok := sink.(SinkChecker)
	if !ok {
		return notAnalysed("its sink %T is no dataflow.SinkChecker", sink)
	}
	s.Delivers(in)
	return checker.CheckWrite(ctx, s, in)
}

// Register makes a temporary view known to the components that come after, with
// the columns of a DataFrame. It blocks for a round trip.
func (s *CheckScope) Register(ctx context.Context, view string, df sql.DataFrame, def schema.Definition) error {
	m := &madeData{by: s.name, def: def, bases: s.bases, registered: true}
	data := df
	if s.sample() {
		m.df = df
	} else if empty, ok := s.checks.empty(def); ok {
		data = empty // analysed once, whatever is built on it
	}
	if err := s.checks.spark.CreateTempView(ctx, data, view); err != nil {
		return err
	}
	s.Delivers(def)
	s.made(Dataset{Kind: DatasetView, Name: viewName(view)}, viewKey(view), m)
	return nil
}

// Delivers takes note of the columns of the rows that the component hands to its view
// or its sink, which contracts are held against. [CheckScope.Register] does it too.
func (s *CheckScope) Delivers(def schema.Definition) {
	if !s.sample() {
		s.result.Rows = &def
	}
}

// viewName writes the name of a view as a [Dataset] has it.
func viewName(view string) string {
	if strings.Trim(view, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" {
		return view
	}
	return QuoteName(view)
}

// global makes a view known that other sessions would see, and so is not made.
func (s *CheckScope) global(view string, df sql.DataFrame, def schema.Definition) {
	m := &madeData{by: s.name, def: def, bases: s.bases}
	if s.sample() {
		m.df = df
	}
	s.Delivers(def)
	s.made(Dataset{Kind: DatasetView, Name: globalTemp + "." + viewName(view)}, viewKey(globalTemp, view), m)
}

// made makes data known.
func (s *CheckScope) made(d Dataset, key string, m *madeData) {
	m.by = s.name
	s.checks.put(key, m)
	out := CheckedData{Dataset: d}
	if m.why == "" {
		def := m.def
		out.Schema = &def
	}
	at := slices.IndexFunc(s.result.Outputs, func(have CheckedData) bool { return s.checks.keyOf(have.Dataset) == key })
	if at < 0 {
		s.result.Outputs = append(s.result.Outputs, out)
		return
	}
	s.result.Outputs[at] = out
}

// Unknown says that the columns of something that the component makes are not
// known, for a reason that is a clause. What reads it is not analysed.
func (s *CheckScope) Unknown(d Dataset, why string) {
	s.made(d, s.checks.keyOf(d), &madeData{why: why})
}

// frame gives made data as a DataFrame.
func (s *CheckScope) frame(ctx context.Context, name string, m *madeData) (sql.DataFrame, error) {
	switch {
	case m.why != "":
		return nil, notAnalysed("it reads %s, and %s", name, m.why)
	case m.df != nil:
		return m.df, nil
	}
	df, ok := s.checks.empty(m.def)
	if !ok {
		if !m.registered {
			return nil, notAnalysed("it reads %s, which has columns that cannot be sent", name)
		}
		return TableSource{Table: name}.Load(ctx, s.Spark())
	}
	s.defs[df] = m.def
	return df, nil
}

// end takes the outcome of the check and makes unknown what the component was to
// make and is not known.
func (s *CheckScope) end(err error) {
	why := "its columns are not known"
	var skipped *NotAnalysedError
	switch {
	case err == nil:
		s.result.Analysed = true
	case errors.As(err, &skipped):
		why = fmt.Sprintf("%s, which makes it, was not analysed", label(s.name))
		severity := CheckNote
		if skipped.Suspect {
			severity = CheckWarning
		}
		s.Report(severity, err)
	default:
		why = fmt.Sprintf("%s, which makes it, has a fault", label(s.name))
		s.fault(err)
	}
	for _, d := range s.lineage.Outputs {
		key := s.checks.keyOf(d)
		if !slices.ContainsFunc(s.result.Outputs, func(have CheckedData) bool { return s.checks.keyOf(have.Dataset) == key }) {
			s.Unknown(d, why)
		}
	}
}

func label(name string) string { return component.Label(name, "") }

// fault reports an error of the check; what an unknown component may have made is
// a warning.
func (s *CheckScope) fault(err error) {
	class := classOf(err)
	maker := ""
	if class != "" {
		maker = s.checks.maker("USE") // all names mean something else then
		switch {
		case slices.Contains(notThere, class):
			maker = s.checks.maker()
		case strings.HasPrefix(class, "UNRESOLVED_COLUMN") && maker == "":
			maker = s.checks.maker("DECLARE")
		}
	}
	if maker != "" && maker != s.name {
		s.Report(CheckWarning, fmt.Errorf("%w; unless %s changes that, which was not analysed", err, label(maker)))
		return
	}
	s.Report(CheckError, err)
}

// notThere are the error classes of what another component may have made.
var notThere = []string{
	"TABLE_OR_VIEW_NOT_FOUND", "UNRESOLVED_ROUTINE", "SCHEMA_NOT_FOUND", "PATH_NOT_FOUND",
	"UNRESOLVED_VARIABLE", "CATALOG_NOT_FOUND", "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
}
