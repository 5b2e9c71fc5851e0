package dataflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
)

// JDBCSink writes a table of a database.
type JDBCSink struct {
	JDBC `koanf:",squash"`
	// Table is the table to write; it is created when it does not exist.
	Table string `koanf:"table" required:"true" doc:"table to write; created when it does not exist"`
	// Mode says what becomes of existing data. In Go the default is
	// SaveModeErrorIfExists; in configuration files it is overwrite.
	Mode SaveMode `koanf:"mode" default:"overwrite" enum:"overwrite,append,errorifexists,error,default,ignore" doc:"what becomes of existing data"`
	// Truncate empties the table on overwrite and keeps its definition.
	Truncate bool `koanf:"truncate" default:"false" doc:"on overwrite, empty the table and keep its definition"`
	// BatchSize is how many rows go with one round trip; 0 is Spark's 1000.
	BatchSize int `koanf:"batch_size" min:"0" doc:"rows a round trip; by default 1000"`
}

var _ Sink = JDBCSink{}

// Write implements [Sink]. It is not atomic: Spark writes each partition in a
// transaction of its own. So an append that fails when partitions were being
// written returns [ErrOutcomeUnknown] with Spark's error: some of the rows may be
// in the table, and a second append would write them again.
func (s JDBCSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	more := map[string]string{"dbtable": s.Table}
	if s.Truncate {
		more["truncate"] = "true"
	}
	if s.BatchSize > 0 {
		more["batchsize"] = strconv.Itoa(s.BatchSize)
	}
	err := Writer{Format: "jdbc", Mode: s.Mode, Options: s.options(more)}.Save(ctx, spark, df, "")
	if err != nil && s.Mode == SaveModeAppend && !errors.Is(err, ErrOutcomeUnknown) && partitionsBegan(ctx, err) {
		return fmt.Errorf("append to %s: %w: some rows may be in the table: %w", s.Table, ErrOutcomeUnknown, err)
	}
	return err
}

// partitionsBegan reports whether a write over JDBC failed in the job that writes
// its partitions, and not before, when Spark looked at the query and the table or
// ran the stages of the query. The stack of the error says so; a server that
// keeps it to itself is taken at the class of the exception.
func partitionsBegan(ctx context.Context, err error) bool {
	var failed *component.SparkError
	if !errors.As(err, &failed) {
		return false
	}
	causes, _ := failed.Causes(ctx)
	told := false
	for _, cause := range causes {
		told = told || len(cause.Stack) > 0
		if slices.ContainsFunc(cause.Stack, writesPartitions) {
			return true
		}
	}
	return !told && failed.JavaClass == "org.apache.spark.SparkException"
}

// writesPartitions reports whether a frame is one of the job that writes.
func writesPartitions(frame string) bool {
	return strings.HasPrefix(frame, "org.apache.spark.rdd.RDD.foreachPartition(") ||
		strings.HasPrefix(frame, "org.apache.spark.sql.execution.datasources.jdbc.JdbcUtils$.savePartition(")
}

// Lineage implements [Describer]: a table of another database, with the URL
// before it as far as that can hold no credentials.
func (s JDBCSink) Lineage() Lineage {
	all := s.options(map[string]string{"dbtable": s.Table})
	l := writes(placeOfJDBC(option(all, "url")).table(option(all, "dbtable")), s.Mode.effect())
	l.Partial = s.Mode == SaveModeAppend
	return l
}
