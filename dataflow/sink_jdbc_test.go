package dataflow_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// The frames are those of Spark 4.0.1 that wrote to SQLite: of rows that could
// not be computed, of a column that the table lacks, of a stage before the one
// that writes, and of a connection that was refused.
func TestAppendOverJDBCThatFailedHalfWay(t *testing.T) {
	t.Parallel()
	const utils = "org.apache.spark.sql.execution.datasources.jdbc.JdbcUtils$"
	type frame = wire.FetchErrorDetailsResponse_StackTraceElement
	save, partition := &frame{DeclaringClass: utils, MethodName: "saveTable"}, &frame{DeclaringClass: utils, MethodName: "savePartition"}
	job := &frame{DeclaringClass: "org.apache.spark.rdd.RDD", MethodName: "foreachPartition"}
	task := &frame{DeclaringClass: "org.apache.spark.executor.Executor$TaskRunner", MethodName: "run"}
	create := &frame{DeclaringClass: "org.apache.spark.sql.execution.datasources.jdbc.JdbcRelationProvider", MethodName: "createRelation"}
	const sparkException = "org.apache.spark.SparkException"
	tests := map[string]struct {
		mode      dataflow.SaveMode
		class     string
		javaClass string
		stack     []*frame
		unknown   bool
	}{
		"in a task":            {dataflow.SaveModeAppend, "DIVIDE_BY_ZERO", "org.apache.spark.SparkArithmeticException", []*frame{partition, task}, true},
		"the job":              {dataflow.SaveModeAppend, "", sparkException, []*frame{job, save, create}, true},
		"overwrite":            {dataflow.SaveModeOverwrite, "", sparkException, []*frame{job, save, create}, false},
		"before the job":       {dataflow.SaveModeAppend, "COLUMN_NOT_DEFINED_IN_TABLE", "org.apache.spark.sql.AnalysisException", []*frame{save, create}, false},
		"in an earlier stage":  {dataflow.SaveModeAppend, "USER_RAISED_EXCEPTION", "org.apache.spark.SparkRuntimeException", []*frame{task}, false},
		"earlier stage, abort": {dataflow.SaveModeAppend, "", sparkException, []*frame{task}, false},
		"refused":              {dataflow.SaveModeAppend, "", "org.postgresql.util.PSQLException", []*frame{create}, false},
		"no stack, job":        {dataflow.SaveModeAppend, "", sparkException, nil, true},
		"no stack, analysis":   {dataflow.SaveModeAppend, "", "org.apache.spark.sql.AnalysisException", nil, false},
		"no stack, refused":    {dataflow.SaveModeAppend, "", "org.postgresql.util.PSQLException", nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			b.server.OnExecute(func(*fakeconnect.Operation) error {
				return fakeconnect.Failure{Class: tt.class, JavaClass: tt.javaClass, Message: "x", ErrorID: "e"}.Error()
			})
			b.server.SetDetails("e", &wire.FetchErrorDetailsResponse{
				RootErrorIdx: ptr(int32(0)),
				Errors:       []*wire.FetchErrorDetailsResponse_Error{{ErrorTypeHierarchy: []string{tt.javaClass}, StackTrace: tt.stack}},
			})
			sink := dataflow.JDBCSink{JDBC: dataflow.JDBC{URL: secrets.NewValue("jdbc:x:s3cr3t")}, Table: "db.t", Mode: tt.mode}
			err := sink.Write(t.Context(), b.spark, b.frame(t))
			var failed *component.SparkError
			require.ErrorAs(t, err, &failed)
			require.NotContains(t, err.Error(), "s3cr3t")
			require.Equal(t, tt.unknown, errors.Is(err, dataflow.ErrOutcomeUnknown), "%v", err)
			if tt.unknown {
				require.ErrorContains(t, err, "append to db.t: the command may or may not have taken effect: some rows may be in the table: save in the format jdbc: ")
			}
		})
	}
}
