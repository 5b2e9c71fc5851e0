package dataflow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/google/uuid"
)

// Merge brings the rows of a source into a table: SQL's MERGE INTO, for tables
// of formats that have it, such as Delta and Iceberg. It is a plain value.
//
//	changed, err := dataflow.Merge{
//		Into: "shop.customers", Using: df, On: "target.id = source.id",
//		When: []dataflow.MergeClause{
//			dataflow.WhenMatched("source.deleted").Delete(),
//			dataflow.WhenMatched("").UpdateAll(),
//			dataflow.WhenNotMatched("NOT source.deleted").InsertAll(),
//		},
//	}.Run(ctx, spark)
//
// Conditions and values are SQL in which columns are written as target.x and
// source.x. Values of the program belong into Args, never into that text.
type Merge struct {
	// Into is the table, a name as [Catalog] reads it.
	Into string
	// Using are the rows that are brought in, or else UsingTable names a table or
	// a view that has them.
	Using      sql.DataFrame
	UsingTable string
	// On is the condition for a row of the table and one of the source to match.
	On string
	// When says what becomes of the rows: of the clauses of one kind the first
	// whose condition holds. Only the last of a kind can be without a condition.
	When []MergeClause
	// Args are the values of markers ":name"; see [Named] for their types.
	Args map[string]any
	// TargetAlias and SourceAlias are what conditions and values call the two;
	// default "target" and "source".
	TargetAlias, SourceAlias string
	// SchemaEvolution adds columns of the source that the table lacks, by an append of
	// no rows before the merge: Delta 4.0 takes no notice of MERGE WITH SCHEMA
	// EVOLUTION. Iceberg wants a property of the table for it.
	SchemaEvolution bool
}

// mergeCleanup bounds the time for dropping the view of the source.
const mergeCleanup = 10 * time.Second

// Run merges and returns how many rows that changed, nil when the server does
// not tell: Delta does, Iceberg does not. It blocks until the table is changed,
// in one round trip, three with a DataFrame as the source: that is a temporary
// view meanwhile. SchemaEvolution costs one more. A view that cannot be dropped any more stays to the end of the
// session, and is no error.
func (m Merge) Run(ctx context.Context, spark *Session) (*MergeMetrics, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("merge into %s: %w", m.Into, err)
	}
	source := m.UsingTable
	if m.Using != nil {
		source = "sparkpipe_merge_" + strings.ReplaceAll(uuid.NewString(), "-", "")
		if err := spark.CreateTempView(ctx, m.Using, source); err != nil {
			return nil, fmt.Errorf("merge into %s: %w", m.Into, err)
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mergeCleanup)
			defer cancel()
			_, _ = spark.Catalog().DropTempView(ctx, source)
		}()
	}
	statement, err := m.sql(source)
	if err == nil {
		err = m.grow(ctx, spark)
	}
	if err != nil {
		return nil, fmt.Errorf("merge into %s: %w", m.Into, err)
	}
	result, _, err := spark.statement(ctx, statement, namedArgs(m.Args))
	if err != nil {
		return nil, fmt.Errorf("merge into %s: %w", m.Into, err)
	}
	return mergeMetrics(result), nil
}

// grow gives the table the columns that it lacks.
func (m Merge) grow(ctx context.Context, spark *Session) error {
	if !m.SchemaEvolution {
		return nil
	}
	df := m.Using
	if df == nil {
		var err error
		if df, err = (TableSource{Table: m.UsingTable}).Load(ctx, spark); err != nil {
			return err
		}
	}
	w := WriterV2{Options: map[string]string{"mergeSchema": "true"}}
	if err := w.Append(ctx, spark, df.Limit(ctx, 0), m.Into); err != nil {
		return fmt.Errorf("add columns: %w", err)
	}
	return nil
}

// Validate reports all that is missing or does not go together, with no round
// trip.
func (m Merge) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if _, err := splitName(m.Into); err != nil {
		fault("the table: %w", err)
	}
	if m.Using != nil && m.UsingTable != "" {
		fault("there are two sources, a DataFrame and the table %s", m.UsingTable)
	} else if m.Using == nil {
		if _, err := splitName(m.UsingTable); err != nil {
			fault("the source: %w", err)
		}
	}
	if strings.TrimSpace(m.On) == "" {
		fault("there is no condition for rows to match")
	}
	if target, source := m.aliases(); strings.EqualFold(target, source) {
		fault("table and source have the same alias %s", target)
	}
	if len(m.When) == 0 {
		fault("no clause says what becomes of the rows")
	}
	unconditional := map[string]bool{}
	for i, clause := range m.When {
		if err := clause.check(); err != nil {
			fault("clause %d: %w", i+1, err)
		} else if unconditional[clause.when] {
			fault("clause %d: an earlier %q has no condition, so that this one is never reached", i+1, clause.when)
		}
		unconditional[clause.when] = unconditional[clause.when] || clause.condition == ""
	}
	return errors.Join(faults...)
}

func (m Merge) aliases() (target, source string) {
	target, source = m.TargetAlias, m.SourceAlias
	if target == "" {
		target = "target"
	}
	if source == "" {
		source = "source"
	}
	return target, source
}

// sql gives the statement. What the user wrote ends with a line break: it may
// end with a comment.
func (m Merge) sql(source string) (string, error) {
	into, err := requote(m.Into)
	if err != nil {
		return "", err
	}
	using, err := requote(source)
	if err != nil {
		return "", err
	}
	evolve := ""
	if m.SchemaEvolution {
		evolve = "WITH SCHEMA EVOLUTION "
	}
	target, alias := m.aliases()
	var b strings.Builder
	fmt.Fprintf(&b, "MERGE %sINTO %s AS %s\nUSING %s AS %s\nON (%s\n)", evolve, into, QuoteName(target), using, QuoteName(alias), m.On)
	for _, clause := range m.When {
		text, err := clause.sql()
		if err != nil {
			return "", err
		}
		b.WriteString("\n" + text)
	}
	return b.String(), nil
}
