package dataflow

import (
	"context"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql"
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
// transaction of its own.
func (s JDBCSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	more := map[string]string{"dbtable": s.Table}
	if s.Truncate {
		more["truncate"] = "true"
	}
	if s.BatchSize > 0 {
		more["batchsize"] = strconv.Itoa(s.BatchSize)
	}
	return Writer{Format: "jdbc", Mode: s.Mode, Options: s.options(more)}.Save(ctx, spark, df, "")
}
