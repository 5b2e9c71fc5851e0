package dataflow

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// JDBCSource reads a table of a database, or the result of a query that the
// database runs.
type JDBCSource struct {
	JDBC `koanf:",squash"`
	// Table is the table to read; either Table or Query is set.
	Table string `koanf:"table" doc:"table to read"`
	// Query is run by the database.
	Query string `koanf:"query" doc:"SQL that the database runs, instead of a table"`
	// FetchSize is how many rows come with one round trip; 0 leaves it to the
	// driver.
	FetchSize int `koanf:"fetch_size" min:"0" doc:"rows a round trip; by default the driver's"`
	// PartitionColumn, LowerBound, UpperBound and NumPartitions split the read of
	// a Table into parallel ranges. All four are set or none. The bounds choose
	// the ranges; they leave no row out.
	PartitionColumn string `koanf:"partition_column" doc:"numeric or date column whose ranges are read in parallel"`
	LowerBound      string `koanf:"lower_bound" doc:"where the first range ends"`
	UpperBound      string `koanf:"upper_bound" doc:"where the last range begins"`
	NumPartitions   int    `koanf:"num_partitions" min:"0" doc:"number of ranges"`
}

var _ Source = JDBCSource{}

// Validate checks that there is one thing to read and that a parallel read is
// complete.
func (s JDBCSource) Validate() error {
	var faults []error
	if (s.Table == "") == (s.Query == "") {
		faults = append(faults, errors.New(`set either "table" or "query"`))
	}
	set := 0
	for _, isSet := range []bool{s.PartitionColumn != "", s.LowerBound != "", s.UpperBound != "", s.NumPartitions > 0} {
		if isSet {
			set++
		}
	}
	if set != 0 && set != 4 {
		faults = append(faults, errors.New("a parallel read wants partition_column, lower_bound, upper_bound and num_partitions together"))
	}
	if set != 0 && s.Query != "" {
		faults = append(faults, errors.New(`a parallel read wants "table"; a query in brackets with a name may stand there`))
	}
	return errors.Join(faults...)
}

// Load implements [Source].
func (s JDBCSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	more := map[string]string{}
	if s.Table != "" {
		more["dbtable"] = s.Table
	} else {
		more["query"] = s.Query
	}
	if s.FetchSize > 0 {
		more["fetchsize"] = strconv.Itoa(s.FetchSize)
	}
	if s.PartitionColumn != "" {
		more["partitionColumn"], more["numPartitions"] = s.PartitionColumn, strconv.Itoa(s.NumPartitions)
		more["lowerBound"], more["upperBound"] = s.LowerBound, s.UpperBound
	}
	return Reader{Format: "jdbc", Options: s.options(more)}.Load(ctx, spark)
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
