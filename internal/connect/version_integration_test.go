package connect_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// hazardsAt are the hazards of the version that the server gives.
func hazardsAt(t *testing.T, remote string) connect.Hazards {
	t.Helper()
	conn, err := connect.Open(t.Context(), remote, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	return conn.Hazards()
}

// TestRealServersAreOfTheirVersions proves that CI has tested both.
func TestRealServersAreOfTheirVersions(t *testing.T) {
	t.Parallel()
	for _, server := range sparktest.Remotes() {
		if server.Remote == "" {
			continue // Each tells of it
		}
		conn, err := connect.Open(t.Context(), server.Remote, nil)
		require.NoError(t, err)
		t.Logf("%s names Spark %s", server.Env, conn.Version())
		if strings.EqualFold(os.Getenv("CI"), "true") {
			require.Equal(t, server.Version, conn.Version())
		}
		require.NoError(t, conn.Close(t.Context()))
	}
}

const (
	// oneRow is there at once, slowRow after two seconds, and slowRows after
	// twenty.
	oneRow   = "SELECT 1 AS a"
	slowRow  = "SELECT CAST(coalesce(length(java_method('java.lang.Thread', 'sleep', 2000L)), 1) AS INT) AS a FROM range(1)"
	slowRows = "SELECT CAST(coalesce(length(java_method('java.lang.Thread', 'sleep', 20L)), 1) AS INT) AS a FROM range(0, 1000, 1, 1)"
)

// TestRealCopiesOfAnExecution sends an append twice under one id, and counts
// what was written.
func TestRealCopiesOfAnExecution(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		hazards := hazardsAt(t, remote)
		b := newBare(t, remote)
		b.sql(t, "SET spark.connect.progress.reportInterval=50ms") // to see early that the job runs
		early, late := "", "INVALID_HANDLE.OPERATION_ABANDONED"
		if hazards.DuplicateExecuteRefused {
			early = "INVALID_HANDLE.OPERATION_ALREADY_EXISTS"
		}
		again := int64(0)
		if hazards.LateExecuteAccepted {
			late, again = "", 1
		}
		tests := map[string]struct {
			query string
			// between happens to the first copy, on its way or ended, before the second.
			between func(t *testing.T, operation string, running chan struct{}, first chan answers) answers
			first   string // how the first ends
			copy    string // query of the second
			second  string // how it ends
			rows    int64
		}{
			"while the first runs": {slowRow, func(_ *testing.T, _ string, running chan struct{}, _ chan answers) answers {
				<-running
				return answers{}
			}, "", slowRow, early, 1},
			"another plan while the first runs": {slowRow, func(_ *testing.T, _ string, running chan struct{}, _ chan answers) answers {
				<-running
				return answers{}
			}, "", oneRow, "INVALID_HANDLE.OPERATION_ALREADY_EXISTS", 1},
			"after the end": {oneRow, func(_ *testing.T, _ string, _ chan struct{}, first chan answers) answers {
				return <-first
			}, "", oneRow, early, 1},
			"after the release": {oneRow, func(t *testing.T, operation string, _ chan struct{}, first chan answers) answers {
				defer b.release(t, operation)
				return <-first
			}, "", oneRow, late, 1 + again},
			"after an interrupt and the release": {slowRows, func(t *testing.T, operation string, running chan struct{}, first chan answers) answers {
				<-running
				b.interrupt(t, operation)
				defer b.release(t, operation)
				return <-first
			}, "OPERATION_CANCELED", oneRow, late, again},
			"after a failure and the release": {"SELECT CAST(1 / (id - id) AS INT) AS a FROM range(1)", func(t *testing.T, operation string, _ chan struct{}, first chan answers) answers {
				defer b.release(t, operation)
				return <-first
			}, "DIVIDE_BY_ZERO", oneRow, late, again},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				table, operation := b.table(t), uuid.NewString()
				running, done := b.start(t, operation, appendPlan(t, tt.query, table))
				first := tt.between(t, operation, running, done)
				require.Equal(t, tt.first, first.class(), "%v", first.err)
				second := b.execute(t, operation, appendPlan(t, tt.copy, table))
				require.Equal(t, tt.second, second.class(), "%v", second.err)
				if first.all == nil && first.err == nil { // it was running
					end := (<-done).class()
					require.Contains(t, []string{"", "INVALID_CURSOR.DISCONNECTED"}, end, "the copy takes the stream over, or is refused")
				}
				require.Equal(t, tt.rows, b.query(t, sqlRelation("SELECT a FROM "+table)).rows())
			})
		}
	})
}

// TestRealAnswersToReattach is alike on all versions.
func TestRealAnswersToReattach(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := newBare(t, remote)
		operation := uuid.NewString()
		plan := rootPlan(t, sqlRelation("SELECT * FROM range(3)"))
		require.EqualValues(t, 3, b.execute(t, operation, plan).rows())
		require.EqualValues(t, 3, b.reattach(t, operation).rows(), "not released: everything again")
		b.release(t, operation)
		require.Equal(t, "INVALID_HANDLE.OPERATION_NOT_FOUND", b.reattach(t, operation).class(), "released")
		require.Equal(t, "INVALID_HANDLE.OPERATION_NOT_FOUND", b.reattach(t, uuid.NewString()).class(), "unknown")
		b.release(t, uuid.NewString()) // is no error

		unknown := newBare(t, remote)
		require.Equal(t, "INVALID_HANDLE.SESSION_NOT_FOUND", unknown.reattach(t, operation).class())

		// A server that was restarted does not know the session, and says so only
		// if it is told which one is meant.
		other := uuid.NewString()
		unknown.observed, b.observed = &other, &other
		require.Equal(t, "INVALID_HANDLE.SESSION_CHANGED", unknown.execute(t, uuid.NewString(), plan).class())
		require.Equal(t, "INVALID_HANDLE.SESSION_CHANGED", b.execute(t, uuid.NewString(), plan).class())
		require.Equal(t, "INVALID_HANDLE.SESSION_CHANGED", b.reattach(t, operation).class())
		b.observed = nil

		// The release may fail for want of jars and does its work all the same.
		_ = b.call(t, "ReleaseSession", &wire.ReleaseSessionRequest{SessionId: b.id, UserContext: b.user()}, &wire.ReleaseSessionResponse{})
		require.Equal(t, "INVALID_HANDLE.SESSION_CLOSED", b.reattach(t, operation).class())
		require.Equal(t, "INVALID_HANDLE.SESSION_CLOSED", b.execute(t, uuid.NewString(), plan).class())
	})
}

func TestRealAnalyzeOfACommand(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := newBare(t, remote)
		table := b.table(t)
		plan := rootPlan(t, sqlRelation("INSERT INTO "+table+" VALUES (1)"))
		req := &wire.AnalyzePlanRequest{
			SessionId: b.id, UserContext: b.user(),
			Analyze: &wire.AnalyzePlanRequest_Schema_{Schema: &wire.AnalyzePlanRequest_Schema{Plan: plan}},
		}
		require.NoError(t, b.call(t, "AnalyzePlan", req, &wire.AnalyzePlanResponse{}))
		ran := b.query(t, sqlRelation("SELECT a FROM "+table)).rows() == 1
		require.Equal(t, hazardsAt(t, remote).AnalyzeRunsCommands, ran)
	})
}

func TestRealLocalRelationOfSeveralBatches(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int32}}, nil)
		var data bytes.Buffer
		w := ipc.NewWriter(&data, ipc.WithSchema(schema))
		for _, rows := range [][]int32{{1, 2}, {3, 4, 5}, {6}} {
			numbers := array.NewInt32Builder(memory.DefaultAllocator)
			numbers.AppendValues(rows, nil)
			require.NoError(t, w.Write(array.NewRecord(schema, []arrow.Array{numbers.NewArray()}, int64(len(rows)))))
		}
		require.NoError(t, w.Close())
		local := &wire.Relation{RelType: &wire.Relation_LocalRelation{LocalRelation: &wire.LocalRelation{Data: data.Bytes()}}}
		want := int64(6)
		if hazardsAt(t, remote).LosesLaterBatches {
			want = 2
		}
		require.Equal(t, want, newBare(t, remote).query(t, local).rows())
	})
}

// observed is a query whose rows are counted on their way.
func observed(t *testing.T, query string) []byte {
	t.Helper()
	input, err := proto.Marshal(sqlRelation(query))
	require.NoError(t, err)
	count, err := proto.Marshal(&wire.Expression{ExprType: &wire.Expression_ExpressionString_{
		ExpressionString: &wire.Expression_ExpressionString{Expression: "count(1) AS n"},
	}})
	require.NoError(t, err)
	relation, err := proto.Marshal(&wire.Relation{RelType: &wire.Relation_CollectMetrics{
		CollectMetrics: &wire.CollectMetrics{Input: input, Name: uuid.NewString(), Metrics: [][]byte{count}},
	}})
	require.NoError(t, err)
	return relation
}

func TestRealObservedMetrics(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		format := "noop"
		got := newBare(t, remote).execute(t, uuid.NewString(), &wire.Plan{OpType: &wire.Plan_Command{Command: &wire.Command{
			CommandType: &wire.Command_WriteOperation{WriteOperation: &wire.WriteOperation{
				Input: observed(t, "SELECT id FROM range(0)"), Source: &format, Mode: wire.WriteOperation_SAVE_MODE_OVERWRITE,
			}},
		}}})
		require.NoError(t, got.err)
		values := got.observedValues()
		if !hazardsAt(t, remote).ObservedMetricsMayBeMissing || len(values) > 0 {
			require.Len(t, values, 1, "of no rows there are values too")
			require.Zero(t, values[0].GetLong())
		}
	})
}

func TestRealObservationThatIsOptimizedAway(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := newBare(t, remote)
		got := b.query(t, &wire.Relation{RelType: &wire.Relation_Limit{Limit: &wire.Limit{
			Input: observed(t, "SELECT id FROM range(10)"), Limit: 0,
		}}})
		require.NoError(t, got.err)
		require.Empty(t, got.observedValues())
	})
}

func TestRealTypesOfSQLArguments(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		text := &wire.DataType{Kind: &wire.DataType_String_{String_: &wire.DataType_String{}}}
		empty, err := proto.Marshal(&wire.Expression{ExprType: &wire.Expression_Literal_{Literal: &wire.Expression_Literal{
			LiteralType: &wire.Expression_Literal_Array_{Array: &wire.Expression_Literal_Array{ElementType: text}},
		}}})
		require.NoError(t, err)
		b := newBare(t, remote)
		ofType := func(expression, name string) bool {
			query := "SELECT 1 WHERE typeof(" + expression + ") = '" + name + "'"
			got := b.query(t, &wire.Relation{RelType: &wire.Relation_Sql{Sql: &wire.SQL{
				Query: query, NamedArguments: map[string][]byte{"x": empty},
			}}})
			require.NoError(t, got.err)
			return got.rows() == 1
		}
		lost := hazardsAt(t, remote).SQLArgumentsLoseTypes
		require.Equal(t, lost, ofType(":x", "array<void>"))
		require.Equal(t, !lost, ofType(":x", "array<string>"))
		require.True(t, ofType("CAST(:x AS ARRAY<STRING>)", "array<string>"), "a cast helps everywhere")
	})
}
