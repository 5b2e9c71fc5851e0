package dataflow

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
)

// CheckSessionOptions are the settings of [NewCheckSession]. Nil and the zero
// value are the defaults.
type CheckSessionOptions struct {
	// Inherit makes the temporary views of the given session, its current database
	// and its properties known to the check. Without it only the properties are.
	Inherit bool
	// Infer lets Spark read data where a source tells its schema in no other way:
	// JSON and CSV files without a schema. Default no.
	Infer bool
	// Sample, if it is positive, runs the queries on that many rows of each source
	// and throws the result away, instead of analysing them; it reads data and
	// writes none. Default 0, nothing is run.
	Sample int

	_ struct{}
}

// CheckSession checks components one by one, in the order in which they would
// run: what one makes, the next may read. It has a session of its own on the
// server, so that it never touches the views of another. It is safe for
// concurrent use, but a component must not be checked before those whose data it
// reads.
//
// Nothing is executed. The queries of components and the conditions of filters
// are analysed if they are provably queries; other statements are not sent,
// because servers up to Spark 4.0 run what they are asked to analyse. What the
// components make is known by its columns, as empty views of the session. With
// [CheckSessionOptions.Sample] the queries are run, and only queries.
type CheckSession struct {
	spark *Session // of its own
	outer *Session // the given one
	opts  CheckSessionOptions
	conf  map[string]string
	// catalog and database are the current ones; empty when they are not known.
	catalog, database string
	analyses          atomic.Int64

	mu sync.Mutex
	// made is what the components make, by key.
	made map[string]*madeData
	// targets are the tables that were looked up.
	targets map[string]*target
	// databases says which of them are there.
	databases map[string]bool
	// doubts are the components that may have done anything.
	doubts []doubt

	importing sync.Mutex
	// views are the temporary views of the outer session that are not known yet.
	views map[string]bool
}

// madeData is something that a component makes.
type madeData struct {
	by  string
	def schema.Definition
	df  sql.DataFrame // the data, of a sample; else nil
	// why says why the columns are not known, or is empty.
	why string
	// format, header and partitions are those of files.
	format     string
	header     bool
	partitions []string
	registered bool
	// bases are the tables and files behind a view.
	bases []string
}

// doubt is a component of which nobody knows what it does.
type doubt struct{ name, verb string }

// NewCheckSession opens a session for checks on the server of a session. It
// blocks for a few round trips. The caller closes it.
func NewCheckSession(ctx context.Context, spark *Session, opts *CheckSessionOptions) (*CheckSession, error) {
	own, err := spark.NewSession(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("open a session for the check: %w", err)
	}
	c := &CheckSession{
		spark: own, outer: spark, made: map[string]*madeData{}, views: map[string]bool{}, targets: map[string]*target{}, databases: map[string]bool{},
	}
	if opts != nil {
		c.opts = *opts
	}
	if err := c.inherit(ctx); err != nil {
		_ = own.Close(context.WithoutCancel(ctx)) // the first error is the one to tell
		return nil, fmt.Errorf("open a session for the check: %w", err)
	}
	return c, nil
}

// Close releases the session of the check on the server. It works twice.
func (c *CheckSession) Close(ctx context.Context) error { return c.spark.Close(ctx) }

// Analyses returns how many analyses the server was asked for.
func (c *CheckSession) Analyses() int { return int(c.analyses.Load()) }

// inherit gives the session what the outer one has.
func (c *CheckSession) inherit(ctx context.Context) error {
	wanted, err := c.outer.Conf().All(ctx, "")
	if err != nil {
		return err
	}
	have, err := c.spark.Conf().All(ctx, "")
	if err != nil {
		return err
	}
	c.conf = wanted
	changed := maps.Clone(wanted)
	maps.DeleteFunc(changed, func(key, value string) bool {
		own, ok := have[key]
		return ok && own == value || !strings.HasPrefix(key, "spark.sql.") && !strings.HasPrefix(key, "spark.hadoop.") && strings.HasPrefix(key, "spark.")
	})
	if len(changed) > 0 {
		if err := c.spark.Conf().Set(ctx, changed); err != nil {
			return err
		}
	}
	c.catalog, c.database = cmp.Or(wanted["spark.sql.defaultCatalog"], ownCatalog), "default"
	if c.catalog != ownCatalog {
		c.database = ""
	}
	if !c.opts.Inherit {
		return nil
	}
	return c.inheritCatalog(ctx)
}

// ownCatalog is the name of Spark's own catalog.
const ownCatalog = "spark_catalog"

func (c *CheckSession) inheritCatalog(ctx context.Context) error {
	outer, own := c.outer.Catalog(), c.spark.Catalog()
	var err error
	if c.catalog, err = outer.CurrentCatalog(ctx); err != nil {
		return err
	}
	if c.database, err = outer.CurrentDatabase(ctx); err != nil {
		return err
	}
	if err := own.SetCurrentCatalog(ctx, c.catalog); err != nil {
		return err
	}
	if c.database != "" {
		if err := own.SetCurrentDatabase(ctx, c.database); err != nil {
			return err
		}
	}
	// The database of the global views lists the local ones too, and no tables.
	views, err := outer.ListTables(ctx, cmp.Or(c.conf["spark.sql.globalTempDatabase"], "global_temp"), "")
	if err != nil {
		return err
	}
	for _, view := range views {
		if view.Temporary && len(view.Namespace) == 0 {
			c.views[strings.ToLower(view.Name)] = true
		}
	}
	return nil
}

// Check checks one component, called by the name that it has in its pipeline.
// What it finds is in the result; the error says that the check could not go on,
// since the server does not answer or ctx has ended.
func (c *CheckSession) Check(ctx context.Context, name string, part component.PipelineComponent) (CheckResult, error) {
	flow := any(part)
	if f, ok := part.(*flowComponent); ok {
		flow = f.flow
	}
	scope := &CheckScope{checks: c, name: name, lineage: safeLineage(part), defs: map[sql.DataFrame]schema.Definition{}}
	scope.bases = c.basesOf(scope.lineage)
	checker, ok := flow.(Checker)
	err := notAnalysed("it is written in Go and is no dataflow.Checker")
	if ok {
		err = guarded(func() error { return checker.Check(ctx, scope) })
	} else {
		c.doubt(name, "")
	}
	if err != nil && cannotCheck(ctx, err) {
		return CheckResult{}, err
	}
	scope.end(err)
	for i := range scope.result.Outputs {
		scope.result.Outputs[i].Dataset = scope.result.Outputs[i].Dataset.shown()
	}
	return scope.result, nil
}

// guarded makes an error of a panic of users' code.
func guarded(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("check: %w", component.NewPanicError(value))
		}
	}()
	return f()
}

// safeLineage is the lineage of a component; code that panics says nothing.
func safeLineage(part component.PipelineComponent) Lineage {
	lineage := Lineage{Opaque: true}
	_ = guarded(func() error {
		lineage = LineageOf(part)
		return nil
	})
	return lineage
}

// doubt remembers a component that may do anything.
func (c *CheckSession) doubt(name, verb string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doubts = append(c.doubts, doubt{name, verb})
}

// maker names the last component that may have made what was not found; verbs
// bounds that to statements, none of them means any component.
func (c *CheckSession) maker(verbs ...string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range slices.Backward(c.doubts) {
		if len(verbs) == 0 || slices.Contains(verbs, d.verb) {
			return d.name
		}
	}
	return ""
}
