package dataflow

import (
	"context"
	"maps"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// readOptions are the options with which Spark's JDBC source reads or writes. A
// statement of ours goes without those of the user; the rest is the connection.
var readOptions = map[string]bool{
	"dbtable": true, "query": true, "preparequery": true, "sessioninitstatement": true, "fetchsize": true,
	"partitioncolumn": true, "lowerbound": true, "upperbound": true, "numpartitions": true, "customschema": true,
	"prefertimestampntz": true, "batchsize": true, "truncate": true, "cascadetruncate": true, "isolationlevel": true,
	"createtableoptions": true, "createtablecolumntypes": true, "pushdownpredicate": true, "pushdownaggregate": true,
	"pushdownlimit": true, "pushdownoffset": true, "pushdowntablesample": true,
}

// ask reads the result of a query of our own, in one partition.
func (j JDBC) ask(ctx context.Context, spark *Session, query string, more map[string]string) (sql.DataFrame, error) {
	j.conceal(spark)
	all := j.sparkOptions(nil)
	maps.DeleteFunc(all, func(key, _ string) bool { return readOptions[strings.ToLower(key)] })
	all["query"] = query
	maps.Copy(all, more)
	return Reader{Format: "jdbc", Options: all}.Load(ctx, spark)
}

// run has the database run a statement, and blocks until it has.
//
// Spark has no command for that. But the one task that reads a query runs the
// session_init_statement first, once, on the connection that it has opened, and
// only there: not when Spark looks at the columns. The connection commits each
// statement by itself, since without a fetch size Spark leaves that as it is; so
// the statement should be one, or a block that the database takes whole. A cluster
// whose task is lost runs it again, hence a statement must bear that. The read is
// a command to the server and so never sent twice.
func (j JDBC) run(ctx context.Context, spark *Session, statement string) error {
	df, err := j.ask(ctx, spark, "SELECT 1 AS done", map[string]string{"sessionInitStatement": statement})
	if err != nil {
		return err
	}
	return Writer{Format: "noop", Mode: SaveModeOverwrite}.Save(ctx, spark, df, "")
}
