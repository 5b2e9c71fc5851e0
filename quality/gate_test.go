package quality_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/quality"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// badServer is a server on which rows are always bad, and whose observed metrics are
// not to be relied on.
type badServer struct {
	*fakeconnect.Server
	mu     sync.Mutex
	random *rand.Rand
	late   []*wire.ExecutePlanResponse_ObservedMetrics
	// bad is how many of ten rows are.
	bad int64
	// staged and released count the rows that are kept.
	staged, released int
}

func startBad(t *testing.T, seed uint64, bad int64) *badServer {
	t.Helper()
	s := &badServer{Server: fakeconnect.Start(t), random: rand.New(rand.NewPCG(seed, 7)), bad: bad}
	s.OnAnalyze(func(_ *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		resp.Result = fakeconnect.StringColumns("a")
		return nil
	})
	s.OnExecute(s.execute)
	return s
}

func (s *badServer) execute(op *fakeconnect.Operation) error {
	plan, err := op.PlanJSON()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.metrics(op, plan); err != nil {
		return err
	}
	command := op.Request.GetPlan().GetCommand()
	switch {
	case command.GetCheckpointCommand() != nil:
		s.staged++
		return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_CheckpointCommandResult{
			CheckpointCommandResult: &wire.CheckpointCommandResult{Relation: &wire.CachedRemoteRelation{RelationId: "kept"}},
		}})
	case command.GetRemoveCachedRemoteRelationCommand() != nil:
		s.released++
	case command == nil && strings.Contains(plan, `"aggregate"`):
		return sendCounts(op, aliases(plan), s.bad)
	}
	return nil
}

// aliases are the names of the aggregates of a query.
func aliases(plan string) []string {
	var tree any
	if json.Unmarshal([]byte(plan), &tree) != nil {
		return nil
	}
	var names []string
	var walk func(node any, inside bool)
	walk = func(node any, inside bool) {
		switch n := node.(type) {
		case []any:
			for _, item := range n {
				walk(item, inside)
			}
		case map[string]any:
			if alias, ok := n["alias"].(map[string]any); ok && inside {
				list, _ := alias["name"].([]any)
				names = append(names, fmt.Sprint(list[0]))
				return
			}
			for key, item := range n {
				walk(item, key == "aggregateExpressions" || inside && key != "input")
			}
		}
	}
	walk(tree, false)
	return names
}

// sendCounts sends a row of numbers: ten rows, and so many of whatever else.
func sendCounts(op *fakeconnect.Operation, names []string, bad int64) error {
	fields := make([]arrow.Field, len(names))
	for i, name := range names {
		fields[i] = arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int64}
	}
	schema := arrow.NewSchema(fields, nil)
	rows := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rows.Release()
	for i, name := range names {
		value := bad
		if name == "rows" {
			value = 10
		}
		rows.Field(i).(*array.Int64Builder).Append(value)
	}
	record := rows.NewRecord()
	defer record.Release()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(schema))
	if err := errors.Join(w.Write(record), w.Close()); err != nil {
		return err
	}
	return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_ArrowBatch_{
		ArrowBatch: &wire.ExecutePlanResponse_ArrowBatch{RowCount: 1, Data: buf.Bytes()},
	}})
}

var observed = regexp.MustCompile(`"collectMetrics":\s*\{`)

// metrics sends what came too late for the operation before, and of those of this
// one none, an empty row, a part, or keeps them for later.
func (s *badServer) metrics(op *fakeconnect.Operation, plan string) error {
	late := s.late
	s.late = nil
	for _, m := range late {
		if err := op.Send(&wire.ExecutePlanResponse{ObservedMetrics: []*wire.ExecutePlanResponse_ObservedMetrics{m}}); err != nil {
			return err
		}
	}
	if !observed.MatchString(plan) || op.Request.GetPlan().GetCommand() == nil {
		return nil
	}
	for _, name := range metricNames(plan) {
		m := &wire.ExecutePlanResponse_ObservedMetrics{Name: name}
		good := int64(0)
		switch s.random.IntN(5) {
		case 0: // suppressed
			continue
		case 1: // an empty row
		case 2: // a part, and it says that all is well
			m.Keys, m.Values = []string{"rows"}, []*wire.Expression_Literal{{LiteralType: &wire.Expression_Literal_Long{Long: 10}}}
		case 3: // nulls
			m.Keys = []string{"rows", "m1", "bad", "aside"}
			for range m.Keys {
				m.Values = append(m.Values, &wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Null{}})
			}
		case 4: // late, and they say that all is well
			m.Keys = []string{"rows", "m1"}
			for range m.Keys {
				m.Values = append(m.Values, &wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Long{Long: good}})
			}
			s.late = append(s.late, m)
			continue
		}
		if err := op.Send(&wire.ExecutePlanResponse{ObservedMetrics: []*wire.ExecutePlanResponse_ObservedMetrics{m}}); err != nil {
			return err
		}
	}
	return nil
}

// metricNames are the names of the observations of a plan.
func metricNames(plan string) []string {
	var tree any
	if json.Unmarshal([]byte(plan), &tree) != nil {
		return nil
	}
	var names []string
	var walk func(node any)
	walk = func(node any) {
		switch n := node.(type) {
		case []any:
			for _, item := range n {
				walk(item)
			}
		case map[string]any:
			if collect, ok := n["collectMetrics"].(map[string]any); ok {
				names = append(names, fmt.Sprint(collect["name"]))
			}
			for _, item := range n {
				walk(item)
			}
		}
	}
	walk(tree)
	return names
}

// TestNoFalsePass runs a thousand components with bad rows on a server that keeps
// the metrics back, sends them late, empty or in part: none may pass.
func TestNoFalsePass(t *testing.T) {
	t.Parallel()
	s := startBad(t, 1, 3)
	spark, err := dataflow.Connect(t.Context(), s.Remote(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = spark.Close(context.WithoutCancel(t.Context())) })
	written := 0
	sink := dataflow.SinkFunc(func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
		written++
		return dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, df, "")
	})
	flow := dataflow.WriteView{Input: dataflow.Input{View: "v"}, Sink: sink}
	const runs = 1000
	for i := range runs {
		publish := []quality.Publish{quality.PublishAfterChecks, quality.PublishWithChecks}[i%2]
		var reported *quality.Report
		g, err := quality.NewGate(quality.Suite{Rules: []quality.Rule{{Check: quality.NotNull{Columns: []string{"a"}}}}}, &quality.GateOptions{
			Publish: publish,
			Reporter: quality.ReporterFunc(func(_ context.Context, r *quality.Report) error {
				reported = r
				return nil
			}),
		})
		require.NoError(t, err)
		before := written
		err = flow.Run(t.Context(), spark, runtimeOf(g, "r", "c"))
		var failed *quality.Error
		require.ErrorAs(t, err, &failed, "run %d", i)
		require.NotNil(t, reported)
		require.Equal(t, quality.StatusFailed, reported.Results[0].Status)
		require.Equal(t, int64(3), reported.Results[0].Bad)
		require.Equal(t, publish == quality.PublishWithChecks, reported.Published)
		require.Equal(t, publish == quality.PublishWithChecks, written > before)
		require.Equal(t, 1, reported.Passes, "the fallback is told")
	}
	require.Equal(t, s.staged, s.released, "nothing is left")
	require.Equal(t, runs/2, s.staged)
}

// TestAFallbackThatFailsIsNoPass proves that what nobody knows has failed.
func TestAFallbackThatFailsIsNoPass(t *testing.T) {
	t.Parallel()
	s := startBad(t, 2, 0)
	s.OnExecute(func(op *fakeconnect.Operation) error {
		if op.Request.GetPlan().GetCommand() == nil {
			return fakeconnect.Failure{Class: "X", State: "57000", Message: "no"}.Error()
		}
		return s.execute(op)
	})
	spark, err := dataflow.Connect(t.Context(), s.Remote(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = spark.Close(context.WithoutCancel(t.Context())) })
	flow := dataflow.WriteView{Input: dataflow.Input{View: "v"}, Sink: dataflow.SinkFunc(func(context.Context, *dataflow.Session, sql.DataFrame) error {
		t.Error("published")
		return nil
	})}
	g, err := quality.NewGate(quality.Suite{Rules: []quality.Rule{{Check: quality.NotNull{Columns: []string{"a"}}}}}, nil)
	require.NoError(t, err)
	require.ErrorContains(t, flow.Run(t.Context(), spark, runtimeOf(g, "r", "c")), "nothing was published")
	require.Equal(t, s.staged, s.released)
}

func TestGateRefusals(t *testing.T) {
	t.Parallel()
	aside := quality.Rule{Check: quality.NotNull{Columns: []string{"a"}}, Action: quality.ActionQuarantine}
	fail := quality.Rule{Check: quality.NotNull{Columns: []string{"a"}}}
	tests := map[string]struct {
		rule quality.Rule
		opts quality.GateOptions
		want string
	}{
		"no target":        {aside, quality.GateOptions{}, "say with quarantine where its rows go"},
		"no rule for it":   {fail, quality.GateOptions{Quarantine: quality.Quarantine{Path: "p"}}, "no rule has the action quarantine"},
		"two targets":      {aside, quality.GateOptions{Quarantine: quality.Quarantine{Path: "p", Table: "t"}}, "exclude each other"},
		"format only":      {aside, quality.GateOptions{Quarantine: quality.Quarantine{Format: "orc"}}, "set path or table"},
		"csv":              {aside, quality.GateOptions{Quarantine: quality.Quarantine{Path: "p", Format: "csv"}}, "has no arrays"},
		"jdbc":             {aside, quality.GateOptions{Quarantine: quality.Quarantine{Path: "p", Format: "jdbc"}}, "cannot replace the rows of one run"},
		"table of parquet": {aside, quality.GateOptions{Quarantine: quality.Quarantine{Table: "t", Format: "parquet"}}, "a Delta table can"},
		"publish":          {fail, quality.GateOptions{Publish: "later"}, `publish is "later"`},
		"stage":            {fail, quality.GateOptions{Publish: quality.PublishWithChecks, Stage: true}, "does not go with it"},
		"staging":          {fail, quality.GateOptions{Staging: "a'; DROP"}, "quotes"},
		"two stagings":     {fail, quality.GateOptions{Staging: "a", StorageLevel: dataflow.StorageLevelDiskOnly}, "storage_level"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := quality.NewGate(quality.Suite{Rules: []quality.Rule{test.rule}}, &test.opts)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestAGateWithoutRulesLetsThrough(t *testing.T) {
	t.Parallel()
	g, err := quality.NewGate(quality.Suite{}, nil)
	require.NoError(t, err)
	delivered := false
	end := dataflow.End{Deliver: func(context.Context, sql.DataFrame) error {
		delivered = true
		return nil
	}}
	require.NoError(t, g.Pass(t.Context(), nil, component.Runtime{}, nil, end))
	require.True(t, delivered)
	require.True(t, g.Passed())
}

func TestACancelledAttemptLeavesNothing(t *testing.T) {
	t.Parallel()
	s := startBad(t, 3, 0)
	spark, err := dataflow.Connect(t.Context(), s.Remote(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = spark.Close(context.WithoutCancel(t.Context())) })
	ctx, cancel := context.WithCancel(t.Context())
	flow := dataflow.WriteView{Input: dataflow.Input{View: "v"}, Sink: dataflow.SinkFunc(func(ctx context.Context, _ *dataflow.Session, _ sql.DataFrame) error {
		cancel()
		return ctx.Err()
	})}
	g, err := quality.NewGate(quality.Suite{Rules: []quality.Rule{{Check: quality.NotNull{Columns: []string{"a"}}}}}, nil)
	require.NoError(t, err)
	require.ErrorIs(t, flow.Run(ctx, spark, runtimeOf(g, "r", "c")), context.Canceled)
	require.Equal(t, []int{1, 1}, []int{s.staged, s.released})
}

// TestDoubtOfStagingIsNoneOfTheComponent: who repeats an attempt must not take the
// good end of staging for that of the component.
func TestDoubtOfStagingIsNoneOfTheComponent(t *testing.T) {
	t.Parallel()
	s := startBad(t, 4, 0)
	s.OnExecute(func(op *fakeconnect.Operation) error {
		if op.Request.GetPlan().GetCommand().GetWriteOperation() == nil {
			return s.execute(op)
		}
		s.Abandon()
		return op.Wait()
	})
	spark, err := dataflow.Connect(t.Context(), s.Remote(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = spark.Close(context.WithoutCancel(t.Context())) })
	write := func(opts *quality.GateOptions, action quality.Action) error {
		g, err := quality.NewGate(quality.Suite{Rules: []quality.Rule{{Check: quality.NotNull{Columns: []string{"a"}}, Action: action}}}, opts)
		require.NoError(t, err)
		flow := dataflow.WriteView{Input: dataflow.Input{View: "v"}, Sink: dataflow.SinkFunc(func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error {
			return dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, df, "")
		})}
		return flow.Run(t.Context(), spark, runtimeOf(g, "r", "c"))
	}
	require.ErrorIs(t, write(nil, quality.ActionFail), dataflow.ErrOutcomeUnknown, "the write of the component")
	for name, opts := range map[string]*quality.GateOptions{
		"stage the rows": {Staging: "/stage"}, "quarantine: write": {Quarantine: quality.Quarantine{Path: "/side"}},
	} {
		action := quality.ActionFail
		if !opts.Quarantine.IsZero() {
			action = quality.ActionQuarantine
		}
		err := write(opts, action)
		require.ErrorContains(t, err, name)
		require.NotErrorIs(t, err, dataflow.ErrOutcomeUnknown)
		require.True(t, resilience.Retryable(err))
	}
}
