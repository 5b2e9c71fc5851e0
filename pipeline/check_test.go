package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// flowStep is a step of a flow.
func flowStep(name string, f dataflow.DataFlow, deps ...string) pipeline.Step {
	return pipeline.Step{Name: name, Component: dataflow.Component(f), DependsOn: deps}
}

// checker is a runner that opens sessions on the server.
func checker(tb testing.TB, remote string) *pipeline.SimplePipelineRunner {
	tb.Helper()
	return newRunner(tb, pipeline.RunnerOptions{OpenSession: func(ctx context.Context, _ *pipeline.Pipeline) (*dataflow.Session, error) {
		return dataflow.Connect(ctx, remote, nil)
	}})
}

// analysed is a fake server on which everything has the columns a and b.
func analysed(tb testing.TB) *fakeconnect.Server {
	tb.Helper()
	server := fakeconnect.Start(tb)
	server.OnAnalyze(func(_ *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		resp.Result = fakeconnect.StringColumns("a", "b")
		return nil
	})
	return server
}

// analyses counts the requests for a schema.
func analyses(server *fakeconnect.Server) int {
	n := 0
	for _, r := range server.Requests("AnalyzePlan") {
		if req, ok := r.Message.(*wire.AnalyzePlanRequest); ok && req.GetSchema() != nil {
			n++
		}
	}
	return n
}

// notes are the findings as texts.
func notes(report *pipeline.CheckReport) []string {
	out := []string{}
	for _, f := range report.Findings {
		out = append(out, f.Component+" "+f.Severity.String()+": "+f.Err.Error())
	}
	return out
}

func TestCheckSendsNothingThatIsNoQuery(t *testing.T) {
	t.Parallel()
	server := analysed(t)
	p := checkedEverywhere("victim", "/victim")
	report, err := checker(t, server.Remote()).Check(t.Context(), p, nil)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(destructive), 50)
	require.Len(t, report.Findings, len(p.Steps), "every one is noted: %s", notes(report))
	texts := filled("victim", "/victim")
	for _, r := range server.Requests("AnalyzePlan", "ExecutePlan") {
		data, err := proto.Marshal(r.Message)
		require.NoError(t, err)
		for _, text := range texts {
			require.False(t, bytes.Contains(data, []byte(text)), "%q was sent", text)
		}
	}
	require.Zero(t, analyses(server))
	require.Empty(t, server.Requests("ExecutePlan"))
}

func TestCheckSendsNothingThatIsRefused(t *testing.T) {
	t.Parallel()
	server := analysed(t)
	refused := 0
	for _, text := range filled("victim", "/victim") {
		query, table := jdbcSources(text)
		for _, source := range []dataflow.JDBCSource{query, table} {
			if source.Validate() == nil {
				continue
			}
			refused++
			p := &pipeline.Pipeline{Name: "p", FailFast: true, Steps: []pipeline.Step{flowStep("a", dataflow.ReadView{View: "v", Source: source})}}
			_, err := checker(t, server.Remote()).Check(t.Context(), p, nil)
			require.ErrorContains(t, err, "goes into a statement of the database as it is", text)
		}
	}
	require.GreaterOrEqual(t, refused, 20)
	require.Empty(t, server.Requests("AnalyzePlan", "ExecutePlan"))
}

// chains is a pipeline of n components in branches of ten.
func chains(n int) *pipeline.Pipeline {
	p := &pipeline.Pipeline{Name: "chains", FailFast: true}
	for i := range n {
		query := "SELECT 'x' AS a, 'y' AS b"
		if i%10 > 0 {
			query = fmt.Sprintf("SELECT a, b FROM v%d", i-1)
		}
		p.Steps = append(p.Steps, flowStep(fmt.Sprintf("c%03d", i), dataflow.SQLView{SQL: query, View: fmt.Sprintf("v%d", i)}))
		p.Steps[i].DependsOn = nil
	}
	return p
}

func TestCheckCostsOneAnalysisAComponent(t *testing.T) {
	t.Parallel()
	server := analysed(t)
	report, err := checker(t, server.Remote()).Check(t.Context(), chains(100), nil)
	require.NoError(t, err)
	require.Empty(t, notes(report))
	require.Equal(t, 100, analyses(server))
	require.Equal(t, 100, report.Analyses)
	require.Len(t, server.Requests("ExecutePlan"), 100, "and one empty view each")
	for _, c := range report.Components {
		require.True(t, c.Analysed)
		require.Len(t, c.Makes, 1)
		require.Equal(t, schema.New(schema.Required("a", schema.String()), schema.Required("b", schema.String())).Names(), c.Makes[0].Schema.Names())
	}
	for _, r := range server.Requests("ExecutePlan") {
		req, ok := r.Message.(*wire.ExecutePlanRequest)
		require.True(t, ok)
		require.NotNil(t, req.GetPlan().GetCommand().GetCreateDataframeView(), "nothing else is executed")
	}
	require.Len(t, server.Released(), 2, "the session of the check and the one it was opened from")
}

func TestCheckRunsBranchesSideBySide(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	var now, most atomic.Int32
	var together sync.WaitGroup
	together.Add(4)
	server.OnAnalyze(func(_ *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		together.Done()
		together.Wait() // four must be there at once
		resp.Result = fakeconnect.StringColumns("a")
		return nil
	})
	p := &pipeline.Pipeline{Name: "wide"}
	for i := range 4 {
		p.Steps = append(p.Steps, flowStep(fmt.Sprint(i), dataflow.SQLView{SQL: "SELECT 1 AS a", View: fmt.Sprintf("v%d", i)}))
	}
	_, err := checker(t, server.Remote()).Check(t.Context(), p, &pipeline.CheckOptions{MaxParallel: 4})
	require.NoError(t, err)
	require.EqualValues(t, 4, most.Load())
}

func TestCheckNotesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	server := analysed(t)
	p := newPipeline(t,
		works("go"),
		flowStep("insert", dataflow.SQLView{SQL: "INSERT INTO t SELECT 1"}),
		flowStep("made", dataflow.SQLView{SQL: "CREATE TABLE made AS SELECT 1 AS x"}),
		flowStep("after made", dataflow.SQLView{SQL: "SELECT * FROM made", View: "m"}, "made"),
		flowStep("json", dataflow.ReadView{Source: dataflow.JSONSource{FileSource: dataflow.FileSource{Path: "/j"}}, View: "j"}),
		flowStep("after json", dataflow.WriteView{Input: dataflow.Input{View: "j"}, Sink: dataflow.TableSink{Table: "w", Mode: dataflow.SaveModeOverwrite}}, "json"),
		flowStep("own sink", dataflow.WriteView{Input: dataflow.Input{Query: "SELECT 1 AS a"}, Sink: dataflow.SinkFunc(nil)}),
		flowStep("own source", dataflow.ReadView{Source: dataflow.SourceFunc(nil), View: "o"}),
		flowStep("own transform", dataflow.Steps{Source: dataflow.Input{Query: "SELECT 1"}, Transforms: []dataflow.Transform{dataflow.TransformFunc(nil)}, View: "p"}),
		flowStep("global", dataflow.Steps{Source: dataflow.Input{Query: "SELECT 1"}, View: "g", Global: true}),
		flowStep("after global", dataflow.SQLView{SQL: "SELECT * FROM global_temp.g", View: "h"}, "global"),
		flowStep("global by name", dataflow.Steps{Source: dataflow.Input{View: "global_temp.g"}, View: "i"}, "global"),
	)
	report, err := checker(t, server.Remote()).Check(t.Context(), p, nil)
	require.NoError(t, err)
	require.Equal(t, []string{
		"go note: not analysed: it is written in Go and is no dataflow.Checker",
		"insert note: not analysed: it is an INSERT statement",
		"made note: not analysed: it is a CREATE statement",
		`after made note: not analysed: it reads made, and component "made", which makes it, was not analysed`,
		"json note: not analysed: its schema is not declared, and Spark would read data to find it; declare schema, or allow it with --infer (CheckSessionOptions.Infer)",
		`after json note: not analysed: it reads j, and component "json", which makes it, was not analysed`,
		"own sink note: not analysed: its sink dataflow.SinkFunc is no dataflow.SinkChecker",
		"own source note: not analysed: its source dataflow.SourceFunc is no dataflow.SourceChecker",
		"own transform note: not analysed: transform 1, a dataflow.TransformFunc, is no dataflow.TransformChecker",
		`after global note: not analysed: it reads global_temp.g, which the check does not make, since all sessions would see it`,
	}, byOrder(p, notes(report)))

	report, err = checker(t, server.Remote()).Check(t.Context(), p, &pipeline.CheckOptions{Infer: true})
	require.NoError(t, err)
	require.Empty(t, report.Of("json"))
	require.Empty(t, report.Of("after json"))
}

// byOrder sorts texts that begin with the name of a step as the steps are
// declared.
func byOrder(p *pipeline.Pipeline, texts []string) []string {
	out := []string{}
	for _, step := range p.Steps {
		for _, text := range texts {
			if regexp.MustCompile("^" + regexp.QuoteMeta(step.Name) + " (error|warning|note): ").MatchString(text) {
				out = append(out, text)
			}
		}
	}
	return out
}

func TestCheckWithoutAServer(t *testing.T) {
	t.Parallel()
	runner := newRunner(t, pipeline.RunnerOptions{})
	p := newPipeline(t, flowStep("a", dataflow.SQLView{SQL: "SELECT nope", View: "v"}), off(works("b")), works("c", "b"))
	report, err := runner.Check(t.Context(), p, &pipeline.CheckOptions{Static: true})
	require.NoError(t, err)
	require.False(t, report.Checked)
	require.Equal(t, "disabled in the pipeline", report.Components[1].Off)
	require.Equal(t, `depends on "b", which does not run`, report.Components[2].Off)

	_, err = runner.Check(t.Context(), p, nil)
	require.ErrorIs(t, err, dataflow.ErrNoSession)
	report, err = runner.Check(t.Context(), newPipeline(t, works("a")), nil)
	require.NoError(t, err, "nothing needs a server")
	require.False(t, report.Checked)

	report, err = runner.Check(t.Context(), nil, nil)
	require.ErrorIs(t, err, pipeline.ErrNoPipeline)
	require.NotNil(t, report)
}

func TestCheckOfAnInvalidPipeline(t *testing.T) {
	t.Parallel()
	p := &pipeline.Pipeline{Steps: []pipeline.Step{works("a", "b"), {Name: "c"}}}
	report, err := newRunner(t, pipeline.RunnerOptions{}).Check(t.Context(), p, nil)
	var found *pipeline.CheckError
	require.ErrorAs(t, err, &found)
	require.Len(t, found.Findings, 3)
	require.ErrorIs(t, err, pipeline.ErrNoName)
	require.ErrorIs(t, err, pipeline.ErrUnknownDependency)
	require.ErrorIs(t, err, pipeline.ErrNoComponent)
	require.Equal(t, "c", report.Findings[2].Component)
	require.Empty(t, report.Components)
}

func TestCheckTellsWhenItCannotGoOn(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, flowStep("a", dataflow.SQLView{SQL: "SELECT 1", View: "v"}), flowStep("b", dataflow.SQLView{SQL: "SELECT 1", View: "w"}))
	server := fakeconnect.Start(t) // refuses analyses
	_, err := checker(t, server.Remote()).Check(t.Context(), p, nil)
	var failed *pipeline.ComponentError
	require.ErrorAs(t, err, &failed)
	var found *pipeline.CheckError
	require.False(t, errors.As(err, &found))

	ctx, cancel := context.WithCancelCause(t.Context())
	server.OnAnalyze(func(*wire.AnalyzePlanRequest, *wire.AnalyzePlanResponse) error {
		cancel(errBroken)
		<-t.Context().Done()
		return nil
	})
	_, err = checker(t, server.Remote()).Check(ctx, p, nil)
	require.ErrorIs(t, err, errBroken)
	require.ErrorIs(t, err, context.Canceled)
}

// ownFlow is a flow of a user that checks itself.
type ownFlow struct {
	check func(ctx context.Context, scope *dataflow.CheckScope) error
}

func (ownFlow) Name() string { return "own" }

func (ownFlow) Run(context.Context, *dataflow.Session, component.Runtime) error { return errBroken }

func (f ownFlow) Check(ctx context.Context, scope *dataflow.CheckScope) error {
	return f.check(ctx, scope)
}

func TestCheckOfAnOwnFlow(t *testing.T) {
	t.Parallel()
	server := analysed(t)
	p := newPipeline(t,
		flowStep("own", ownFlow{func(ctx context.Context, scope *dataflow.CheckScope) error {
			df, err := scope.SQL(ctx, "SELECT 1 AS a")
			require.NoError(t, err)
			def, err := scope.Analyze(ctx, df)
			require.NoError(t, err)
			scope.Report(dataflow.CheckWarning, errBroken)
			scope.Unknown(dataflow.Dataset{Kind: dataflow.DatasetView, Name: "dark"}, "nobody knows it")
			return scope.Register(ctx, "mine", df, def)
		}}),
		flowStep("reads", dataflow.SQLView{SQL: "SELECT * FROM mine", View: "r"}),
		flowStep("dark", dataflow.SQLView{SQL: "SELECT * FROM dark", View: "d"}),
		flowStep("panics", ownFlow{func(context.Context, *dataflow.CheckScope) error { panic("boom") }}),
	)
	report, err := checker(t, server.Remote()).Check(t.Context(), p, nil)
	var panicked *component.PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, []string{
		"own warning: broken",
		"dark note: not analysed: it reads dark, and nobody knows it",
		"panics error: check: panic: boom",
	}, notes(report))
}

func TestCheckReportAsJSON(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.OnAnalyze(func(*wire.AnalyzePlanRequest, *wire.AnalyzePlanResponse) error {
		return fakeconnect.Failure{Class: "UNRESOLVED_COLUMN.WITH_SUGGESTION", State: "42703", Message: "No `a` of ARRAY<INT>; line 1 pos 7"}.Error()
	})
	p := newPipeline(t, flowStep("a", dataflow.SQLView{SQL: "SELECT a", View: "v"}))
	p.Steps[0].Where, p.Steps[0].Path, p.Steps[0].Type = "p.yaml:3:9", "components[0].config.sql", "sql"
	report, err := checker(t, server.Remote()).Check(t.Context(), p, nil)
	require.EqualError(t, err, `the check of the pipeline "p" found:`+"\n"+
		`p.yaml:3:9: components[0].config.sql: component "a" (sql): [UNRESOLVED_COLUMN.WITH_SUGGESTION] No `+"`a`"+` of ARRAY<INT>; line 1 pos 7 (SQLSTATE 42703)`)
	report.Duration = 0
	data, err := json.Marshal(report)
	require.NoError(t, err)
	require.JSONEq(t, `{"pipeline":"p","ok":false,"spark":"4.0.1","duration_ms":0,"analyses":1,"findings":[
		{"severity":"error","component":"a","type":"sql","where":"p.yaml:3:9","path":"components[0].config.sql",
		"class":"UNRESOLVED_COLUMN.WITH_SUGGESTION","sqlstate":"42703",
		"message":"[UNRESOLVED_COLUMN.WITH_SUGGESTION] No `+"`a`"+` of ARRAY<INT>; line 1 pos 7 (SQLSTATE 42703)"}],
		"components":[{"name":"a","type":"sql","stage":1,"makes":[{"kind":"view","name":"v"}],"effect":"none","analysed":false}]}`, string(data))
}

func TestCheckIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.OnAnalyze(func(req *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		if bytes.Contains(req.GetSchema().GetPlan().GetRoot(), []byte("v7")) {
			return fakeconnect.Failure{Class: "SOME_CLASS", State: "42000", Message: "no"}.Error()
		}
		resp.Result = fakeconnect.StringColumns("a", "b")
		return nil
	})
	runner := checker(t, server.Remote())
	first, err := runner.Check(t.Context(), chains(40), nil)
	require.Error(t, err)
	require.Len(t, first.Findings, 2)
	for range 5 {
		again, _ := runner.Check(t.Context(), chains(40), nil)
		require.Equal(t, notes(first), notes(again))
		require.Equal(t, first.Analyses, again.Analyses)
	}
}
