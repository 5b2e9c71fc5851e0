package dataflow_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// The frames are those of Spark 4.0.1 that wrote Parquet.
func TestOverwriteOfFilesThatFailed(t *testing.T) {
	t.Parallel()
	const files = "org.apache.spark.sql.execution.datasources."
	type frame = wire.FetchErrorDetailsResponse_StackTraceElement
	insert, job := &frame{DeclaringClass: files + "InsertIntoHadoopFsRelationCommand", MethodName: "run"}, &frame{DeclaringClass: files + "FileFormatWriter$", MethodName: "write"}
	commit := &frame{DeclaringClass: "org.apache.spark.internal.io.HadoopMapReduceCommitProtocol", MethodName: "commitJob"}
	query := &frame{DeclaringClass: "org.apache.spark.scheduler.DAGScheduler", MethodName: "failJobAndIndependentStages"}
	dynamic := dataflow.FileSink{Path: "/x", Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{"p"}, PartitionOverwrite: "dynamic"}
	static := dataflow.FileSink{Path: "/x", Mode: dataflow.SaveModeOverwrite}
	for name, tt := range map[string]struct {
		sink  dataflow.Sink
		class string
		stack []*frame
		lost  bool
		want  string
	}{
		"the rows":               {dataflow.ParquetSink{FileSink: static}, "java.lang.RuntimeException", []*frame{query, job, insert}, true, "nothing of the new is there"},
		"the end":                {dataflow.CSVSink{FileSink: static}, "java.io.IOException", []*frame{commit, job, insert}, true, "some of the new files may be there"},
		"a stage before":         {dataflow.ParquetSink{FileSink: static}, "java.lang.RuntimeException", []*frame{query}, false, ""},
		"before the job":         {dataflow.ParquetSink{FileSink: static}, "java.io.IOException", []*frame{insert}, false, ""},
		"partitions":             {dataflow.ORCSink{FileSink: dynamic}, "java.lang.RuntimeException", []*frame{query, job, insert}, false, ""},
		"the end, of partitions": {dataflow.ORCSink{FileSink: dynamic}, "java.io.IOException", []*frame{commit, job, insert}, false, "some may be replaced already"},
		"no stacks":              {dataflow.JSONSink{FileSink: static}, "org.apache.spark.SparkException", nil, false, "the old files may be gone"},
		"no stacks, analysis":    {dataflow.JSONSink{FileSink: static}, "org.apache.spark.sql.AnalysisException", nil, false, ""},
		"append":                 {dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: "/x", Mode: dataflow.SaveModeAppend}}, "java.lang.RuntimeException", []*frame{job, insert}, false, ""},
		"delta":                  {dataflow.DeltaSink{Path: "/x", Mode: dataflow.TableModeOverwrite}, "java.lang.RuntimeException", []*frame{job, insert}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			b.server.SetDetails("e", &wire.FetchErrorDetailsResponse{
				RootErrorIdx: new(int32), Errors: []*wire.FetchErrorDetailsResponse_Error{{ErrorTypeHierarchy: []string{tt.class}, StackTrace: tt.stack}},
			})
			b.server.OnExecute(func(*fakeconnect.Operation) error {
				return fakeconnect.Failure{JavaClass: tt.class, Message: "it failed", ErrorID: "e"}.Error()
			})
			err := tt.sink.Write(t.Context(), b.spark, b.frame(t))
			require.ErrorContains(t, err, "it failed")
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, tt.lost, errors.Is(err, dataflow.ErrTargetLost))
			if tt.want == "" {
				require.NotContains(t, err.Error(), "overwrite /x")
			}
		})
	}
}

func TestOverwriteOfFilesThatWasCancelled(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sink := dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: "/x", Mode: dataflow.SaveModeOverwrite}}
	err := sink.Write(ctx, b.spark, b.frame(t))
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), "may be gone", "it was not sent")
	ctx, cancel = context.WithCancel(t.Context())
	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		cancel()
		return op.Wait()
	})
	err = sink.Write(ctx, b.spark, b.frame(t))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "the old files may be gone")
}
