package dataflow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// JDBCPublish says how the rows of a write become visible.
type JDBCPublish string

const (
	// JDBCPublishDirect has Spark write into the table, each partition in a
	// transaction of its own. It is the default, as is the empty text.
	JDBCPublishDirect JDBCPublish = "direct"
	// JDBCPublishAtomic writes to a staging table in the same schema and then takes
	// that over in one step: whoever looks sees the table of before or the new one.
	JDBCPublishAtomic JDBCPublish = "atomic"
)

// JDBCSink writes a table of a database.
//
// Spark writes each partition in a transaction of its own, hence a write that
// fails can leave a part behind; its error says so. Two settings write to a staging
// table first, whose rows one statement of the database then takes over, all or
// none: the mode upsert, and JDBCPublishAtomic. The staging table stands beside the
// table, is named sparkpipe_stage_ and twelve digits, and is dropped at the end; the
// user of the database must be allowed to make and drop tables there.
type JDBCSink struct {
	JDBC `koanf:",squash"`
	// Table is the table to write; it is created when it does not exist. It is a
	// name, with quotes as the database has them where they are needed.
	Table string `koanf:"table" required:"true" doc:"table to write; created when it does not exist"`
	// Mode says what becomes of existing data. In Go the default is
	// SaveModeErrorIfExists; in configuration files it is overwrite. SaveModeUpsert
	// wants Keys and a table that is there; PostgreSQL, MariaDB, MySQL, SQLite and H2
	// have it.
	Mode SaveMode `koanf:"mode" default:"overwrite" enum:"overwrite,append,upsert,errorifexists,error,default,ignore" doc:"what becomes of existing data"`
	// Keys are the columns of an upsert by which a row is found. The table has a
	// unique key of these columns and the rows have different keys, none of them
	// null.
	Keys []string `koanf:"keys" doc:"columns by which upsert finds a row; a unique key of the table"`
	// Publish says how the rows become visible; empty is JDBCPublishDirect.
	// JDBCPublishAtomic goes with overwrite on PostgreSQL, MariaDB and MySQL, and
	// with append on PostgreSQL and MariaDB.
	Publish JDBCPublish `koanf:"publish" enum:"direct,atomic" default:"direct" doc:"atomic writes to a staging table and takes it over in one step"`
	// Truncate empties the table on overwrite and keeps its definition. It is
	// refused for SQLite and H2, of which Spark drops the table all the same.
	Truncate bool `koanf:"truncate" default:"false" doc:"on overwrite, empty the table and keep its definition"`
	// CascadeTruncate also empties the tables that refer to it, where the database
	// can do that.
	CascadeTruncate bool `koanf:"cascade_truncate" default:"false" doc:"with truncate, also empty the tables that refer to it"`
	// BatchSize is how many rows go with one round trip; 0 is Spark's 1000.
	BatchSize int `koanf:"batch_size" min:"0" doc:"rows a round trip; by default 1000"`
	// NumPartitions is how many connections write at most; 0 is one for each
	// partition of the data, and for SQLite, which has one writer, it is 1.
	NumPartitions int `koanf:"num_partitions" min:"0" doc:"connections that write at most; by default one a partition"`
	// IsolationLevel is that of the transactions; empty is Spark's READ_UNCOMMITTED.
	IsolationLevel string `koanf:"isolation_level" enum:"NONE,READ_UNCOMMITTED,READ_COMMITTED,REPEATABLE_READ,SERIALIZABLE" doc:"isolation of the transactions; by default READ_UNCOMMITTED"`
	// CreateTableOptions is put behind a CREATE TABLE, such as "ENGINE=InnoDB".
	CreateTableOptions string `koanf:"create_table_options" doc:"text behind CREATE TABLE, for example ENGINE=InnoDB"`
	// CreateTableColumnTypes gives types to columns of a table that is created, as
	// Spark writes them: "name VARCHAR(128)".
	CreateTableColumnTypes string `koanf:"create_table_column_types" doc:"types of columns of a table that is created, for example \"name VARCHAR(128)\""`
}

var _ Sink = JDBCSink{}

// Validate reports what is missing or does not go together.
func (s JDBCSink) Validate() error {
	faults := s.faults()
	if name := s.tableName(); !isDBName(name) {
		faults = append(faults, fmt.Errorf(`"table" is %q, which is not the name of a table; quote parts with other characters as the database does`, name))
	}
	faults = append(faults, pieceFault("create_table_options", option(s.options(map[string]string{"createTableOptions": s.CreateTableOptions}), "createTableOptions"))...)
	if s.BatchSize < 0 || s.NumPartitions < 0 || s.BatchSize > math.MaxInt32 || s.NumPartitions > math.MaxInt32 {
		faults = append(faults, errors.New("batch_size or num_partitions is no number that Spark takes"))
	}
	if levels := []string{"", "NONE", "READ_UNCOMMITTED", "READ_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE"}; !slices.Contains(levels, s.IsolationLevel) {
		faults = append(faults, fmt.Errorf("isolation_level %q is none; there are %s", s.IsolationLevel, strings.Join(levels[1:], ", ")))
	}
	if s.CascadeTruncate && !s.Truncate {
		faults = append(faults, errors.New(`"cascade_truncate" wants truncate`))
	}
	if d := dialectOf(option(s.options(nil), "url")); s.Truncate && s.Mode == SaveModeOverwrite && (d == dialectSQLite || d == dialectH2) {
		faults = append(faults, fmt.Errorf("truncate: Spark does not empty a table of %s, it would drop it and its keys; leave truncate out, or empty it another way and append", d))
	}
	switch s.Publish {
	case "", JDBCPublishDirect, JDBCPublishAtomic:
	default:
		faults = append(faults, fmt.Errorf("publish %q is unknown; write direct or atomic", s.Publish))
	}
	return errors.Join(append(faults, s.stagedFaults()...)...)
}

func (s JDBCSink) tableName() string {
	return option(s.options(map[string]string{"dbtable": s.Table}), "dbtable")
}

func isDBName(text string) bool {
	_, ok := parseDBName(text)
	return ok
}

// Write implements [Sink]. Unless it is staged it is not atomic: Spark writes each
// partition in a transaction of its own. So an append that fails when partitions
// were being written returns [ErrOutcomeUnknown] with Spark's error: some of the
// rows may be in the table, and a second append would write them again.
func (s JDBCSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if err := s.Validate(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	s.conceal(spark)
	if s.staged() {
		return s.writeStaged(ctx, spark, df)
	}
	err := s.hint(spark, Writer{Format: "jdbc", Mode: s.Mode, Options: s.sparkOptions(s.writeOptions())}.Save(ctx, spark, df, ""))
	if err == nil || errors.Is(err, ErrOutcomeUnknown) || (s.Mode != SaveModeAppend && s.Mode != SaveModeOverwrite) || !partitionsBegan(ctx, err) {
		return err
	}
	if s.Mode == SaveModeOverwrite {
		return fmt.Errorf("overwrite %s: its old rows are gone and some of the new may be in it; another overwrite puts that right: %w", s.Table, err)
	}
	return fmt.Errorf("append to %s: %w: some rows may be in the table: %w", s.Table, ErrOutcomeUnknown, err)
}

// hint explains what SQLite answers to Spark 4.2, which takes a table that is not
// there for a fault unless it knows the database.
func (s JDBCSink) hint(spark *Session, err error) error {
	var failed *component.SparkError
	if !errors.As(err, &failed) || failed.JavaClass != "org.sqlite.SQLiteException" || strings.HasPrefix(spark.ServerVersion(), "4.0.") {
		return err
	}
	return fmt.Errorf("write %s: if the table is not there, make it first; Spark %s makes none in SQLite: %w", s.Table, spark.ServerVersion(), err)
}

// writeOptions are the options that say what is written and how.
func (s JDBCSink) writeOptions() map[string]string {
	o := options.Set{}
	o.Text("dbtable", s.Table)
	o.Flag("truncate", s.Truncate)
	o.Flag("cascadeTruncate", s.CascadeTruncate)
	o.Number("batchsize", int64(s.BatchSize))
	o.Number("numPartitions", int64(s.NumPartitions))
	if s.NumPartitions == 0 && dialectOf(option(s.options(nil), "url")) == dialectSQLite {
		o.Number("numPartitions", 1)
	}
	o.Text("isolationLevel", s.IsolationLevel)
	o.Text("createTableOptions", s.CreateTableOptions)
	o.Text("createTableColumnTypes", s.CreateTableColumnTypes)
	return o
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
	l.Partial = s.Mode == SaveModeAppend && s.Publish != JDBCPublishAtomic
	return l
}
