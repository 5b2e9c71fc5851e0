package quality

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// The defaults of [ProfileOptions].
const (
	DefaultTopValues      = 10
	DefaultColumnsPerPass = 50
	DefaultAccuracy       = 1000
)

// DefaultQuantiles are those of [ProfileOptions].
func DefaultQuantiles() []float64 { return []float64{0.05, 0.25, 0.5, 0.75, 0.95} }

// ProfileOptions say what a profile tells. Nil and the zero value are the defaults.
type ProfileOptions struct {
	// Subject names the rows in the profile; default empty.
	Subject string
	// Columns are the columns to look at, by their names; default all.
	Columns []string
	// TopValues is how many of the most frequent values are told; default
	// [DefaultTopValues], below 0 none.
	TopValues int
	// Quantiles are shares from 0 to 1; default [DefaultQuantiles].
	Quantiles []float64
	// Accuracy bounds the error of quantiles: they are off by at most one part in so
	// many of the rows. Default [DefaultAccuracy].
	Accuracy int
	// ColumnsPerPass is how many columns one query looks at. The rows are read once
	// for so many columns; more of them make a query that Spark plans for longer.
	// Default [DefaultColumnsPerPass].
	ColumnsPerPass int

	_ struct{}
}

func (o *ProfileOptions) withDefaults() (ProfileOptions, error) {
	out := ProfileOptions{}
	if o != nil {
		out = *o
	}
	out.TopValues = min(cmp.Or(out.TopValues, DefaultTopValues), 1000)
	out.Accuracy = cmp.Or(out.Accuracy, DefaultAccuracy)
	out.ColumnsPerPass = cmp.Or(out.ColumnsPerPass, DefaultColumnsPerPass)
	if len(out.Quantiles) == 0 {
		out.Quantiles = DefaultQuantiles()
	}
	var faults []error
	for _, q := range out.Quantiles {
		if !(q >= 0 && q <= 1) { // NaN is none
			faults = append(faults, fmt.Errorf("the quantile %v is no share from 0 to 1", q))
		}
	}
	if out.Accuracy < 1 {
		faults = append(faults, fmt.Errorf("an accuracy of %d is not above 0", out.Accuracy))
	}
	if out.ColumnsPerPass < 1 {
		faults = append(faults, fmt.Errorf("%d columns a pass are not above 0", out.ColumnsPerPass))
	}
	return out, errors.Join(faults...)
}

// Profile tells what is in the columns of some rows. It holds values of the rows:
// the smallest and the largest, and the most frequent ones.
type Profile struct {
	// Subject names the rows.
	Subject string
	// Rows is how many there are.
	Rows int64
	// Passes counts the queries that it took.
	Passes int
	// Columns are in the order of the rows.
	Columns []ColumnProfile
}

// ColumnProfile tells what is in a column. What makes no sense for its type is nil
// or empty.
type ColumnProfile struct {
	// Name is the column's, Type as in SQL.
	Name, Type string
	// Nulls is how many rows have no value.
	Nulls int64
	// NaNs is how many are no number, in FLOAT and DOUBLE columns. Smallest, largest,
	// mean and quantiles leave them out.
	NaNs *int64
	// Distinct is about how many different values there are, null not counted: off
	// by 5 % usually.
	Distinct *int64
	// Min and Max are the smallest and the largest value, of texts the first 200
	// characters.
	Min, Max any
	// Mean and StdDev are those of the numbers, the latter that of a sample.
	Mean, StdDev *float64
	// Quantiles are approximate.
	Quantiles []Quantile
	// Length tells of the lengths of texts in characters, and of the sizes of arrays
	// and maps. Empty is how many have none.
	Length *LengthProfile
	// Top are the most frequent values, the most frequent first; see [ProfileOf].
	Top []TopValue
	// Note says why something is missing, or is empty.
	Note string

	typ schema.DataType
	// all reports whether Top are all values.
	all bool
}

// Quantile is a value that a share of the values do not exceed.
type Quantile struct {
	Share float64
	Value any
}

// LengthProfile tells of the lengths of values.
type LengthProfile struct {
	Min, Max, Empty int64
	Mean            float64
}

// TopValue is a frequent value, as Spark writes it, of texts the first 200
// characters, and in about how many rows it is.
type TopValue struct {
	Value string
	Count int64
}

// ProfileOf looks at all rows of a DataFrame and tells what is in its columns. It
// blocks for one round trip for the schema and one query for every
// [ProfileOptions.ColumnsPerPass] columns.
//
// Frequent values come with the same query where the server has the function
// approx_top_k, which is from Spark 4.1 on; they are exact in columns of up to 750
// values. Elsewhere one more query counts the values of the columns that have up to
// 1,000 of them, exactly, and the others have none. Maps, variants and types that
// are not known have neither frequent nor distinct values.
func ProfileOf(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, opts *ProfileOptions) (*Profile, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	p := &profiler{ProfileOptions: o, spark: spark, df: df, out: &Profile{Subject: o.Subject}}
	if err := p.run(ctx); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return p.out, nil
}

// profiler makes one profile.
type profiler struct {
	ProfileOptions
	spark *dataflow.Session
	df    sql.DataFrame
	out   *Profile
	// sketches reports whether the server has approx_top_k.
	sketches bool
}

func (p *profiler) run(ctx context.Context) error {
	def, err := dataflow.SchemaOf(ctx, p.df)
	if err != nil {
		return err
	}
	if p.out.Columns, err = p.choose(def); err != nil {
		return err
	}
	if p.TopValues > 0 {
		if p.sketches, err = p.spark.Catalog().FunctionExists(ctx, "approx_top_k"); err != nil {
			return err
		}
	}
	columns := make([]*ColumnProfile, 0, len(p.out.Columns))
	for i := range p.out.Columns {
		if p.out.Columns[i].Note == "" {
			columns = append(columns, &p.out.Columns[i])
		}
	}
	first := true
	for chunk := range slices.Chunk(columns, p.ColumnsPerPass) {
		if err := p.pass(ctx, chunk); err != nil {
			return err
		}
		first = false
	}
	if first {
		if err := p.pass(ctx, nil); err != nil {
			return err
		}
	}
	if p.TopValues > 0 && !p.sketches {
		return p.countValues(ctx, columns)
	}
	return nil
}

// choose gives the columns to look at. Of those that share a name none can be
// asked for.
func (p *profiler) choose(def schema.Definition) ([]ColumnProfile, error) {
	wanted := map[string]bool{}
	for _, name := range p.Columns {
		if _, err := pick(def.Fields, name); err != nil {
			return nil, err
		}
		wanted[strings.ToLower(name)] = true
	}
	times := map[string]int{}
	for _, f := range def.Fields {
		times[strings.ToLower(f.Name)]++
	}
	var out []ColumnProfile
	for _, f := range def.Fields {
		key := strings.ToLower(f.Name)
		if len(wanted) > 0 && !wanted[key] {
			continue
		}
		c := ColumnProfile{Name: f.Name, Type: f.Type.String(), typ: f.Type}
		if times[key] > 1 {
			c.Note = notLookedAt + ": several columns have this name"
		}
		out = append(out, c)
	}
	return out, nil
}
