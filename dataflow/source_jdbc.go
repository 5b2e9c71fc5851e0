package dataflow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// JDBCSource reads a table of a database, or the result of a query that the
// database runs.
//
// One connection reads all of it, unless the read is split: into ranges of a
// column, or by conditions. Each part is a query of its own, so a table that
// changes meanwhile can be seen at different times.
type JDBCSource struct {
	JDBC `koanf:",squash"`
	// Table is the table to read; either Table or Query is set.
	Table string `koanf:"table" doc:"table to read"`
	// Query is run by the database.
	Query string `koanf:"query" doc:"SQL that the database runs, instead of a table"`
	// FetchSize is how many rows come with one round trip; 0 leaves it to the
	// driver. That of PostgreSQL then brings all rows of a partition at once.
	FetchSize int `koanf:"fetch_size" min:"0" doc:"rows a round trip; by default the driver's"`
	// PartitionColumn, LowerBound, UpperBound and NumPartitions split the read of
	// a Table into parallel ranges. The bounds choose the ranges; they leave no row
	// out, and rows without a value are in the first range. Both bounds are set, or
	// none and FindBounds.
	PartitionColumn string `koanf:"partition_column" doc:"numeric, date or timestamp column whose ranges are read in parallel"`
	LowerBound      string `koanf:"lower_bound" doc:"where the first range ends"`
	UpperBound      string `koanf:"upper_bound" doc:"where the last range begins"`
	NumPartitions   int    `koanf:"num_partitions" min:"0" doc:"number of ranges"`
	// FindBounds has Load ask the database for the least and the greatest value of
	// the column, in one query; without an index on the column that reads the whole
	// table. Without any value the read is not split.
	FindBounds bool `koanf:"find_bounds" default:"false" doc:"ask the database for both bounds before the read, which is cheap if the column has an index"`
	// Predicates split the read of a Table into one part for each of these
	// conditions in the SQL of the database. They must not overlap and must leave
	// nothing out; nobody checks that.
	Predicates []string `koanf:"predicates" doc:"conditions in the SQL of the database, one part of the read each; together they must give every row once"`
	// PrepareQuery stands before each query that reads, for example a WITH clause.
	PrepareQuery string `koanf:"prepare_query" doc:"text before each query, for example a WITH clause"`
	// SessionInitStatement is run by each connection before it reads.
	SessionInitStatement string `koanf:"session_init_statement" doc:"statement that each connection runs before it reads"`
	// CustomSchema gives types of Spark to some columns, such as "id DECIMAL(38, 0)".
	CustomSchema string `koanf:"custom_schema" doc:"types of Spark for some columns, for example \"id DECIMAL(38, 0), name STRING\""`
	// PreferTimestampNTZ reads timestamps without a time zone as TIMESTAMP_NTZ.
	PreferTimestampNTZ bool `koanf:"prefer_timestamp_ntz" default:"false" doc:"read timestamps without a time zone as TIMESTAMP_NTZ"`
	// PushDownPredicate has the database apply filters; nil is Spark's default, on.
	PushDownPredicate *bool `koanf:"push_down_predicate" doc:"have the database apply filters; by default true"`
	// The others are taken note of by catalogs over JDBC alone: Spark pushes none of
	// these down when it reads a table as this source does.
	PushDownAggregate   *bool `koanf:"push_down_aggregate" doc:"have the database aggregate, where Spark can push that down; by default true"`
	PushDownLimit       *bool `koanf:"push_down_limit" doc:"have the database apply LIMIT, where Spark can push that down; by default true"`
	PushDownOffset      *bool `koanf:"push_down_offset" doc:"have the database apply OFFSET, where Spark can push that down; by default true"`
	PushDownTableSample *bool `koanf:"push_down_table_sample" doc:"have the database apply TABLESAMPLE, where Spark can push that down; by default true"`
}

var _ Source = JDBCSource{}

// Validate checks that there is one thing to read and that a parallel read is
// complete.
func (s JDBCSource) Validate() error {
	faults := append(s.faults(), s.lostProperties()...)
	if (s.Table == "") == (s.Query == "") {
		faults = append(faults, errors.New(`set either "table" or "query"`))
	}
	split := s.PartitionColumn != "" || s.LowerBound != "" || s.UpperBound != "" || s.NumPartitions != 0 || s.FindBounds
	switch {
	case !split:
	case s.FindBounds && (s.LowerBound != "" || s.UpperBound != ""):
		faults = append(faults, errors.New(`"find_bounds" excludes lower_bound and upper_bound`))
	case s.FindBounds && (s.PartitionColumn == "" || s.NumPartitions <= 0):
		faults = append(faults, errors.New(`"find_bounds" wants partition_column and num_partitions`))
	case !s.FindBounds && (s.PartitionColumn == "" || s.LowerBound == "" || s.UpperBound == "" || s.NumPartitions <= 0):
		faults = append(faults, errors.New("a parallel read wants partition_column, lower_bound, upper_bound and num_partitions together; "+
			"find_bounds stands for both bounds"))
	}
	if split && len(s.Predicates) > 0 {
		faults = append(faults, errors.New(`"predicates" and "partition_column" split the read in two ways; set one`))
	}
	if (split || len(s.Predicates) > 0) && s.Query != "" {
		faults = append(faults, errors.New(`a parallel read wants "table"; a query in brackets with a name may stand there`))
	}
	if s.NumPartitions > math.MaxInt32 || s.FetchSize > math.MaxInt32 || s.FetchSize < 0 {
		faults = append(faults, errors.New("num_partitions or fetch_size is no number that Spark takes"))
	}
	for i, predicate := range s.Predicates {
		if strings.TrimSpace(predicate) == "" {
			faults = append(faults, fmt.Errorf("predicates[%d] is empty; 1=1 stands for all rows", i))
		}
		faults = append(faults, pieceFault(fmt.Sprintf("predicates[%d]", i), predicate)...)
	}
	all := s.options(map[string]string{"dbtable": s.Table, "query": s.Query})
	if table := option(all, "dbtable"); !isDBName(table) {
		faults = append(faults, pieceFault("table", table)...)
	}
	faults = append(faults, pieceFault("query", option(all, "query"))...)
	return errors.Join(faults...)
}

// Load implements [Source]. It costs no round trip but those of
// [Session.ConcealOptions], and two with FindBounds.
func (s JDBCSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if s.FindBounds {
		var err error
		if s, err = s.bounded(ctx, spark); err != nil {
			return nil, fmt.Errorf("read: find the bounds of %s: %w", s.PartitionColumn, err)
		}
	}
	return s.read(ctx, spark)
}

// read gives the frame of a source whose bounds are known.
func (s JDBCSource) read(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	format := "jdbc"
	read := &wire.Read_DataSource{Format: &format, Options: s.sparkOptions(s.readOptions())}
	s.conceal(spark)
	if err := spark.ConcealOptions(ctx, read.GetOptions()); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	// The field predicates of the protocol.
	var raw []byte
	for _, predicate := range s.Predicates {
		raw = protowire.AppendTag(raw, 5, protowire.BytesType)
		raw = protowire.AppendString(raw, predicate)
	}
	read.ProtoReflect().SetUnknown(raw)
	return spark.relation(&wire.Relation{RelType: &wire.Relation_Read{
		Read: &wire.Read{ReadType: &wire.Read_DataSource_{DataSource: read}},
	}})
}

// readOptions are the options that say what is read and how.
func (s JDBCSource) readOptions() map[string]string {
	o := options.Set{}
	o.Text("dbtable", s.Table)
	o.Text("query", s.Query)
	o.Number("fetchsize", int64(s.FetchSize))
	if s.PartitionColumn != "" {
		o.Text("partitionColumn", s.PartitionColumn)
		o.Text("lowerBound", s.LowerBound)
		o.Text("upperBound", s.UpperBound)
		o.Number("numPartitions", int64(s.NumPartitions))
	}
	o.Text("prepareQuery", s.PrepareQuery)
	o.Text("sessionInitStatement", s.SessionInitStatement)
	o.Text("customSchema", s.CustomSchema)
	if s.PreferTimestampNTZ {
		o["preferTimestampNTZ"] = "true"
	}
	o.Choice("pushDownPredicate", s.PushDownPredicate)
	o.Choice("pushDownAggregate", s.PushDownAggregate)
	o.Choice("pushDownLimit", s.PushDownLimit)
	o.Choice("pushDownOffset", s.PushDownOffset)
	o.Choice("pushDownTableSample", s.PushDownTableSample)
	return o
}

// Lineage implements [Describer]: tables of another database, with the URL before
// them as far as that can hold no credentials. A query that is not written as
// Spark would write it is opaque.
func (s JDBCSource) Lineage() Lineage {
	all := s.options(map[string]string{"dbtable": s.Table, "query": s.Query})
	place := placeOfJDBC(option(all, "url"))
	if query := option(all, "query"); query != "" {
		return place.query(query)
	}
	return place.readsTable(option(all, "dbtable"))
}
